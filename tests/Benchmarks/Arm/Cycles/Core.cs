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

    /// <summary>The cores there are rates for: those of the vendors' optimisation guides.</summary>
    public static IReadOnlyList<Core> Known { get; } =
    [
        new("cortex-a55", 1, 1),
        new("cortex-a510", 2, 1),
        new("neoverse-n1", 2, 2),
        new("cortex-a710", 2, 2),
        new("cortex-x2", 2, 2),
        new("apple-a14", 3, 3),
    ];

    /// <summary>Cycles of one run of each block: the mean over a hundred runs, one after the other.</summary>
    public IReadOnlyList<double> CyclesOf(IReadOnlyList<IReadOnlyList<string>> blocks)
    {
        var text = new StringBuilder();
        for (var i = 0; i < blocks.Count; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"# LLVM-MCA-BEGIN block{i}\n").AppendJoin('\n', blocks[i]).Append(CultureInfo.InvariantCulture, $"\n# LLVM-MCA-END block{i}\n");
        }

        var printed = Tool.Run("llvm-mca", ["-mtriple=aarch64", "-mcpu=" + Name, "-mattr=+dotprod,+fullfp16,+lse,+i8mm,+bf16,+rcpc", $"-iterations={Rounds}"], text.ToString());
        return
        [
            .. printed.Split('\n')
                .Where(line => line.StartsWith("Total Cycles:", StringComparison.Ordinal))
                .Select(line => double.Parse(line["Total Cycles:".Length..], CultureInfo.InvariantCulture) / Rounds),
        ];
    }
}
