using System.Globalization;
using System.Text;
using CompiledBert.Compiler.Onnx;

namespace CompiledBert.Parity.Operators;

/// <summary>
/// docs/operators.md: which operators there are, and the tests of each that pass. Written by this test where CBERT_UPDATE is set, held by it elsewhere.
/// </summary>
public sealed class OperatorTableTests
{
    [NodeFact]
    public void The_table_of_operators_is_current() => GeneratedFile.Check("docs/operators.md", Write());

    private static string Write()
    {
        var text = new StringBuilder();
        var results = NodeResults.All.Values.ToList();
        var passed = results.Count(r => r.Failure is null);
        Line("# Operators");
        Line("");
        Line("Written by the test run (`CBERT_UPDATE=1 dotnet test tests/Parity -c Release --filter OperatorTable`), not by hand.");
        Line("");
        Line("*Tests* are ONNX's own of single operators, up to opset 17, as Debian's package `libonnx-testdata` installs them. Each goes through the evaluator and");
        Line("through the compiler and the emitted code, with the tolerance of ONNX's runner. Operands that decide shapes, which these tests pass as inputs, are made");
        Line("constants, as they are in models. A test with several operators counts for each of them. What does not pass stands with its reason in");
        Line("[NodeTests.txt](../tests/Parity/Operators/NodeTests.txt). Operators without tests there are tested against ONNX Runtime or against scalar references.");
        Line("");
        Line(Invariant($"**{passed} of {results.Count} tests pass** ({results.Count(r => r.IsFixed)} of them with operands made constants)."));
        foreach (var domain in OperatorTable.Instance.Supported.GroupBy(o => o.Domain))
        {
            Line("");
            Line(domain.Key.Length == 0 ? "## ONNX's own domain" : $"## {domain.Key}");
            Line("");
            if (domain.Key.Length > 0)
            {
                Line(string.Join(", ", domain.Select(o => o.Name)) + ".");
                continue;
            }

            Line("| operator | tests | pass |");
            Line("|---|---:|---:|");
            foreach (var op in domain)
            {
                var own = results.Where(r => r.Test.Operators.Contains(op)).ToList();
                Line(own.Count == 0 ? $"| {op.Name} | | |" : Invariant($"| {op.Name} | {own.Count} | {own.Count(r => r.Failure is null)} |"));
            }
        }

        return text.ToString();

        void Line(string line) => text.Append(line).Append('\n');
        static string Invariant(FormattableString line) => line.ToString(CultureInfo.InvariantCulture);
    }
}
