using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>A program on scores that multiplies them by a number and adds one of each key, the same for all queries: what a product does as it ends.</summary>
/// <param name="Factor">The literal that scores are multiplied by; null for none.</param>
/// <param name="Program">Statements that compute what is added to a key's scores.</param>
/// <param name="Bias">Its result; null where nothing is added.</param>
internal sealed record AffineScores(string? Factor, IReadOnlyList<Statement> Program, string? Bias)
{
    /// <summary>The program as such; null where it is another.</summary>
    /// <param name="step">The step, whose program may have been renamed.</param>
    /// <param name="program">The program on the score <c>s</c> of the query <c>q</c> and the key <c>k</c>.</param>
    /// <param name="result">Its result.</param>
    public static AffineScores? Of(AttentionStep step, IReadOnlyList<Statement> program, string result)
    {
        var rest = program.ToList();

        // The one statement that reads a value, which is no longer among the rest.
        Let? ReaderOf(string value)
        {
            var readers = rest.Where(statement => LanesAnalysis.Reads(statement).Contains(value)).ToArray();
            return readers is [Let let] && let.Args.Count(arg => arg == value) == 1 && rest.Remove(let) ? let : null;
        }

        var (scaled, factor, bias) = ("s", (string?)null, (string?)null);
        if (scaled != result && ReaderOf(scaled) is { } first)
        {
            string[] others = [.. first.Args.Where(arg => arg != scaled)];
            switch (first.Op, others)
            {
                case ("mul", [var number]) when Literal.Is(number):
                    (scaled, factor) = (first.Id, number);
                    break;
                case ("fma", [var number, var added]) when Literal.Is(number) && first.Args[2] == added:
                    (scaled, factor, bias) = (first.Id, number, added);
                    break;
                case ("add", [var added]):
                    (scaled, bias) = (first.Id, added);
                    break;
                default:
                    return null;
            }
        }

        if (scaled != result && bias is null && ReaderOf(scaled) is { Op: "add" } second)
        {
            (scaled, bias) = (second.Id, second.Args.Single(arg => arg != scaled));
        }

        var variables = rest.SelectMany(LanesAnalysis.Reads).ToArray();
        var dependsOnHead = variables.Contains("h") && step.HeadsPerKeyHead > 1;
        return scaled != result || (bias is not null && Literal.Is(bias)) || variables.Contains("q") || variables.Contains("s") || dependsOnHead
            ? null
            : new(factor, rest, bias);
    }
}
