using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Parity.Fixtures;

/// <summary>Made-up token sequences for a model, and how to put them together.</summary>
internal static class TokenInputs
{
    /// <summary>One sequence: ids by a generator, types zero, a mask.</summary>
    /// <param name="plan">The model.</param>
    /// <param name="tokens">Its length.</param>
    /// <param name="seed">Which ids.</param>
    /// <param name="mask">The mask at a position; ones where null.</param>
    public static IReadOnlyList<HostTensor> Sequence(ModelPlan plan, int tokens, int seed, Func<int, bool>? mask = null)
    {
        var random = new Random(seed);
        return
        [
            .. plan.Inputs.Select((input, index) =>
            {
                var tensor = new HostTensor(input.Type, [1, tokens]);
                var check = plan.Checks.FirstOrDefault(c => c.Input == index);
                for (var i = 0; i < tokens; i++)
                {
                    var value = input.Name.Contains("mask", StringComparison.Ordinal) ? (mask is null || mask(i) ? 1 : 0)
                        : input.Name.Contains("type", StringComparison.Ordinal) ? 0
                        : random.NextInt64(5, check?.High ?? 1000);
                    Elements.SetInteger(input.Type, tensor.Bytes, i, value);
                }

                return tensor;
            }),
        ];
    }

    /// <summary>Sequences of one length as a rectangle.</summary>
    public static IReadOnlyList<HostTensor> Stack(IReadOnlyList<IReadOnlyList<HostTensor>> sequences) =>
        Join(sequences, tensors => [tensors.Count, .. tensors[0].Dims.Skip(1)]);

    /// <summary>Sequences of any lengths, one after the other.</summary>
    public static IReadOnlyList<HostTensor> Concatenate(IReadOnlyList<IReadOnlyList<HostTensor>> sequences) =>
        Join(sequences, tensors => [tensors.Sum(t => (long)t.Count)]);

    private static HostTensor[] Join(IReadOnlyList<IReadOnlyList<HostTensor>> sequences, Func<List<HostTensor>, long[]> dims) =>
    [
        .. Enumerable.Range(0, sequences[0].Count).Select(input =>
        {
            var parts = sequences.Select(s => s[input]).ToList();
            var whole = new HostTensor(parts[0].Type, dims(parts));
            var at = 0;
            foreach (var part in parts)
            {
                part.Bytes.CopyTo(whole.Bytes[at..]);
                at += part.Bytes.Length;
            }

            return whole;
        }),
    ];
}
