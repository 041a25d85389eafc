using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Benchmarks;

/// <summary>Inputs as a tokenizer would give them: ids within the vocabulary, masks of ones, one segment. The same for the same model and lengths.</summary>
internal static class Workload
{
    private const int DefaultVocabulary = 1000;

    /// <summary>Inputs of so many sequences of so many tokens.</summary>
    /// <exception cref="BenchmarkException">The model takes something that is not made of sequences of tokens.</exception>
    public static IReadOnlyList<HostTensor> Make(ModelPlan plan, int batch, int tokens)
    {
        if (plan.Symbols.FirstOrDefault(s => s.Role == SymbolRole.Tokens) is { Max: { } max } && tokens > max)
        {
            throw new BenchmarkException($"{plan.Source} takes at most {max} tokens, {tokens} are asked for. Leave {tokens} out of --tokens.");
        }

        if (plan.Symbols.FirstOrDefault(s => s.Role == SymbolRole.Other) is { } other)
        {
            throw new BenchmarkException($"{plan.Source} has a length '{other.Name}' beside batch and tokens; bench knows no sensible value for it.");
        }

        return [.. plan.Inputs.Select((input, index) => Make(plan, input, index, batch, tokens))];
    }

    /// <summary>Inputs of sequences of different lengths, one after the other.</summary>
    public static IReadOnlyList<HostTensor> Concatenated(ModelPlan plan, IReadOnlyList<int> lengths)
    {
        var each = lengths.Select(length => Make(plan, 1, length)).ToList();
        return [.. plan.Inputs.Select((input, i) =>
        {
            var all = new HostTensor(input.Type, [each.Sum(e => e[i].Count)]);
            var at = 0;
            foreach (var part in each.Select(e => e[i]))
            {
                part.Bytes.CopyTo(all.Bytes[at..]);
                at += part.Bytes.Length;
            }

            return all;
        })];
    }

    private static HostTensor Make(ModelPlan plan, PlanTensor input, int index, int batch, int tokens)
    {
        var tensor = new HostTensor(input.Type, [.. input.Shape.Select(d => d.Evaluate(s => RoleOf(plan, s) == SymbolRole.Batch ? batch : tokens))]);
        var fixedLength = input.Shape.Count == 2 && input.Shape[1].IsConstant;
        if (fixedLength && input.Shape[1].Value != tokens)
        {
            throw new BenchmarkException($"{plan.Source} takes exactly {input.Shape[1].Value} tokens. Ask for --tokens {input.Shape[1].Value}.");
        }

        var check = plan.Checks.FirstOrDefault(c => c.Input == index);
        var row = (int)Math.Max(1, tensor.Dims.Count > 1 ? tensor.Dims[^1] : tensor.Count);
        var state = 88172645463325252UL;
        for (var i = 0; i < tensor.Count; i++)
        {
            var value = input.Name switch
            {
                _ when Has(input, "mask") => 1,
                _ when Has(input, "type") || Has(input, "segment") => 0,
                _ when Has(input, "position") => i % row,
                _ when input.Type.IsInteger() => Next(ref state, Math.Max(0, check?.Low ?? 0), check?.High ?? DefaultVocabulary),
                _ => 0,
            };
            Elements.SetFloat(input.Type, tensor.Bytes, i, value);
        }

        return tensor;
    }

    private static bool Has(PlanTensor input, string word) => input.Name.Contains(word, StringComparison.OrdinalIgnoreCase);

    private static SymbolRole RoleOf(ModelPlan plan, Symbol symbol) => plan.Symbols.First(s => s.Name == symbol.Name).Role;

    private static long Next(ref ulong state, long low, long high)
    {
        // Xorshift (Marsaglia 2003). The first ids of a vocabulary are padding, control and unused ones.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        var first = high - low > 2 * DefaultVocabulary ? low + DefaultVocabulary : Math.Min(high - 1, low + 5);
        return first + (long)(state % (ulong)(high - first));
    }
}

/// <summary>Something was asked for that cannot be measured; the message says what and why.</summary>
internal sealed class BenchmarkException(string message, Exception? cause = null) : Exception(message, cause);
