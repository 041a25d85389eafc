using System.Globalization;
using System.Text;
using System.Text.Json;
using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;
using Xunit.Abstractions;

namespace CompiledBert.Parity;

/// <summary>
/// All small models of the shared folder, verified through the emitted code; docs/models.md says what came of it. Written by this test where CBERT_UPDATE is
/// set, held by it elsewhere.
/// </summary>
public sealed class ZooTableTests(ITestOutputHelper log)
{
    /// <summary>Models whose outputs differ from the reference by more than their tolerance, and why that is no error.</summary>
    private static readonly Dictionary<string, string> Differing = new(StringComparer.Ordinal)
    {
        ["llama-matmulnbits4-acc4"] =
            "activations are rounded to 8 bits inside, and some stand between two steps: "
                + "ONNX Runtime gives this output too once last bits of the embeddings change",
    };

    private static readonly (string Start, string Group)[] Exporters =
    [
        ("torch.onnx.export dynamo=True", "torch dynamo"), ("torch.onnx", "torch legacy"),
        ("python -m transformers.onnx", "transformers.onnx"), ("optimum", "optimum"),
        ("tf2onnx", "tf2onnx"), ("onnxs", "onnxsim, onnxslim"), ("onnxruntime.transformers", "ORT optimiser"), ("ORT", "ORT optimiser"), ("", "ORT quantiser"),
    ];

    [SharedModelFact("zoo/INDEX.md")]
    public void Every_model_agrees_or_is_refused_by_name_and_the_table_is_current()
    {
        var models = Directory.GetDirectories(Path.Combine(RepositoryFiles.SharedModels!, "zoo")).Order(StringComparer.Ordinal).Select(Verify).ToList();
        foreach (var model in models)
        {
            log.WriteLine($"{model.Name}: {model.Verdict}");
            Assert.True(
                model.Verdict == "agrees" || model.Verdict.EndsWith(DiagnosticTable.RuntimeControlFlow.Code, StringComparison.Ordinal)
                    || Differing.ContainsKey(model.Name),
                $"{model.Name}: {model.Verdict}");
        }

        GeneratedFile.Check("docs/models.md", Write(models));
    }

    private static ZooModel Verify(string folder)
    {
        using var meta = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "meta.json")));
        string Text(string name) => meta.RootElement.GetProperty(name).GetString()!;
        var verification = Verifier.Verify(Path.Combine(folder, "model.onnx"), ["*"]);
        var verdict = verification.Refusal is { } refusal ? "refused: " + refusal.Diagnostic.Code : verification.Agrees ? "agrees" : "differs";
        var exporter = Exporters.First(e => Text("exporter").StartsWith(e.Start, StringComparison.Ordinal)).Group;
        var precision = Text("precision").Split(['(', ','])[0].Split(" block")[0].Replace(" weights", "", StringComparison.Ordinal).Trim();
        return new ZooModel(Path.GetFileName(folder), Text("family"), exporter, precision, verdict);
    }

    private static string Write(List<ZooModel> models)
    {
        var text = new StringBuilder();
        Line("# Models");
        Line("");
        Line("Written by the test run (`CBERT_UPDATE=1 dotnet test tests/Parity -c Release --filter ZooTable`), not by hand.");
        Line("");
        Line("Small models with random weights, of every family, from every exporter, each held against the outputs of the framework it came from (quantised ones:");
        Line("of ONNX Runtime with its optimisations off) at the tolerance that its makers gave it. A cell counts the models that agree, by precision.");
        Line("");
        Line(string.Create(
            CultureInfo.InvariantCulture, $"**{models.Count(m => m.Verdict == "agrees")} of {models.Count} models agree**; the others stand below."));
        Line("");
        var groups = Exporters.Select(e => e.Group).Distinct().ToList();
        Line("| family | " + string.Join(" | ", groups) + " |");
        Line("|---|" + string.Concat(groups.Select(_ => "---|")));
        foreach (var family in models.GroupBy(m => m.Family).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            Line($"| {family.Key} | {string.Join(" | ", groups.Select(g => Cell(family.Where(m => m.Exporter == g))))} |");
        }

        Line("");
        Line("| model | what came of it | |");
        Line("|---|---|---|");
        foreach (var model in models.Where(m => m.Verdict != "agrees"))
        {
            var reason = model.Verdict == "differs" ? Differing.GetValueOrDefault(model.Name, "") : "chooses at run time what to compute";
            Line($"| {model.Name} | {model.Verdict} | {reason} |");
        }

        return text.ToString();

        void Line(string line) => text.Append(line.TrimEnd()).Append('\n');
    }

    private static string Cell(IEnumerable<ZooModel> models) => string.Join(", ", models
        .Where(m => m.Verdict == "agrees")
        .GroupBy(m => m.Precision)
        .OrderBy(g => g.Key, StringComparer.Ordinal)
        .Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Key} {g.Count()}")));

    private sealed record ZooModel(string Name, string Family, string Exporter, string Precision, string Verdict);
}
