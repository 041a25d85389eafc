using System.Globalization;
using System.Text;

namespace CompiledBert.Benchmarks.Cycles;

/// <summary>A core as llvm-mca knows it.</summary>
/// <param name="Name">Its name for -mcpu.</param>
/// <param name="FmaRate">128-bit multiply-adds of floats that it issues a cycle.</param>
/// <param name="DotRate">128-bit dot products that it issues a cycle.</param>
internal sealed record Core(string Name, double FmaRate, double DotRate)
{
    private const int Rounds = 100;

    /// <summary>Multiply-adds of floats that llvm-mca issues a cycle where that is more than the core does.</summary>
    public double? FmaRateOfModel { get; init; }

    /// <summary>
    /// Whether multiply-adds of floats are counted as dot products, for a core whose multiply-adds llvm-mca has wrong and whose dot products it has as the
    /// multiply-adds should be: of the same latency, one operand added to.
    /// </summary>
    public bool CountsFmaAsDot { get; private init; }

    /// <summary>What tables call it.</summary>
    public string Title => CountsFmaAsDot ? Name + "*" : Name;

    /// <summary>The same core with multiply-adds at its own rate; null where llvm-mca has that.</summary>
    public Core? Corrected => FmaRateOfModel is null ? null : this with { FmaRateOfModel = null, CountsFmaAsDot = true };

    /// <summary>The cores there are rates for: those of the vendors' optimisation guides.</summary>
    public static IReadOnlyList<Core> Known { get; } =
    [
        new("cortex-a55", 1, 1) { FmaRateOfModel = 2 },
        new("cortex-a510", 2, 1),
        new("neoverse-n1", 2, 2),
        new("cortex-a710", 2, 2),
        new("cortex-x2", 2, 2),
        new("apple-a14", 3, 3),
    ];

    /// <summary>A core by its name; one that is not among <see cref="Known"/> has no rates.</summary>
    public static Core Of(string name) => Known.FirstOrDefault(c => c.Name == name) ?? new Core(name, 0, 0);

    /// <summary>Cycles of one run of each block: the mean over a hundred runs, one after the other.</summary>
    public IReadOnlyList<double> CyclesOf(IReadOnlyList<IReadOnlyList<string>> blocks)
    {
        var text = new StringBuilder();
        for (var i = 0; i < blocks.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"# LLVM-MCA-BEGIN block{i}\n")
                .AppendJoin('\n', blocks[i].Select(Counted))
                .Append(CultureInfo.InvariantCulture, $"\n# LLVM-MCA-END block{i}\n");
        }

        var printed = Tool.Run(
            "llvm-mca", ["-mtriple=aarch64", "-mcpu=" + Name, "-mattr=+dotprod,+fullfp16,+lse,+i8mm,+bf16,+rcpc", $"-iterations={Rounds}"], text.ToString());
        return
        [
            .. printed.Split('\n')
                .Where(line => line.StartsWith("Total Cycles:", StringComparison.Ordinal))
                .Select(line => double.Parse(line["Total Cycles:".Length..], CultureInfo.InvariantCulture) / Rounds),
        ];
    }

    /// <summary>fmla v1.4s, v2.4s, v3.s[1] as sdot v1.4s, v2.16b, v3.4b[1].</summary>
    private string Counted(string instruction)
    {
        if (!CountsFmaAsDot || !instruction.StartsWith("fmla", StringComparison.Ordinal) || !instruction.Contains(".4s", StringComparison.Ordinal))
        {
            return instruction;
        }

        var operands = instruction["fmla".Length..].Split(',');
        return $"sdot {operands[0]},{operands[1].Replace(".4s", ".16b", StringComparison.Ordinal)},"
            + operands[2].Replace(".4s", ".16b", StringComparison.Ordinal).Replace(".s[", ".4b[", StringComparison.Ordinal);
    }
}
