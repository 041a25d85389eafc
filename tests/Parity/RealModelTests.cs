using CompiledBert.Cli.Sessions;
using CompiledBert.Parity.Fixtures;

namespace CompiledBert.Parity;

/// <summary>What holds of every model at real size, against ONNX Runtime on the same file.</summary>
public abstract class RealModelTests
{
    /// <summary>One pair at a time stays loaded: large models are not kept longer than their tests run.</summary>
    private static (string Path, ModelPair Pair)? s_loaded;

    private protected static ModelPair Load(string model, double share)
    {
        if (s_loaded is { } loaded)
        {
            if (loaded.Path == model)
            {
                return loaded.Pair;
            }

            loaded.Pair.Dispose();
            s_loaded = null;
        }

        s_loaded = (model, new ModelPair(RepositoryFiles.Shared(model)!, share));
        return s_loaded.Value.Pair;
    }

    private protected static void AssertSingles(ModelPair pair, IEnumerable<int> lengths)
    {
        foreach (var tokens in lengths)
        {
            pair.AssertParity(TokenInputs.Sequence(pair.Plan, tokens, tokens), $"{tokens} tokens");
            pair.AssertParity(TokenInputs.Sequence(pair.Plan, tokens, tokens + 1, i => i % 3 != 1), $"{tokens} tokens, zeros within the mask");
        }
    }

    private protected static void AssertMasks(ModelPair pair)
    {
        pair.AssertParity(TokenInputs.Sequence(pair.Plan, 33, 1, _ => false), "a mask of zeros");
        pair.AssertParity(TokenInputs.Sequence(pair.Plan, 33, 1, i => i is < 10 or > 20), "zeros in the middle of the mask");
        pair.AssertParity(TokenInputs.Sequence(pair.Plan, 33, 1, i => i < 5), "padding behind");
        pair.AssertParity(TokenInputs.Sequence(pair.Plan, 33, 1, i => i > 25), "padding in front");
    }

    private protected static void AssertRectangles(ModelPair pair)
    {
        foreach (var (batch, tokens) in new[] { (2, 7), (3, 33), (5, 16), (8, 2) })
        {
            var sequences = Enumerable.Range(0, batch)
                .Select(b => TokenInputs.Sequence(
                    pair.Plan, tokens, (100 * tokens) + b, i => b switch { 0 => true, 1 => false, _ => i < tokens - b || i % 2 == 0 }))
                .ToList();
            var rectangle = pair.AssertParity(TokenInputs.Stack(sequences), $"{batch} x {tokens}");
            AssertSameBits(sequences.Select(pair.Session.Run).ToList(), rectangle, $"{batch} x {tokens}");
        }
    }

    private protected static void AssertRagged(ModelPair pair, IReadOnlyList<int> lengths)
    {
        var sequences = lengths.Select((tokens, s) => TokenInputs.Sequence(
            pair.Plan, tokens, 1000 + s, s % 3 == 1 ? i => i % 4 != 2 : s % 7 == 6 ? _ => false : null)).ToList();
        var alone = sequences.Select(sequence => pair.AssertParity(sequence, $"{sequence[0].Count} tokens")).ToList();
        foreach (var threads in new[] { 1, 2, 3 })
        {
            pair.Session.Model.Threads = threads;
            var batch = pair.Session.PrepareBatch(lengths, TokenInputs.Concatenate(sequences));
            batch.Invoke();
            AssertSameBits(alone, batch.Outputs, $"ragged, {threads} threads");
        }

        pair.Session.Model.Threads = 1;
    }

    private protected static void AssertThreads(ModelPair pair, IEnumerable<int> lengths)
    {
        foreach (var tokens in lengths)
        {
            var call = pair.Session.Prepare(TokenInputs.Sequence(pair.Plan, tokens, tokens, i => i % 5 != 3));
            call.Invoke();
            var alone = call.Outputs.Select(o => o.Bytes.ToArray()).ToList();
            foreach (var threads in new[] { 2, 3 })
            {
                pair.Session.Model.Threads = threads;
                call.Invoke();
                Assert.True(alone.Zip(call.Outputs).All(o => o.First.AsSpan().SequenceEqual(o.Second.Bytes)), $"{tokens} tokens on {threads} threads");
            }

            pair.Session.Model.Threads = 1;
        }
    }

    private static void AssertSameBits(List<IReadOnlyList<HostTensor>> alone, IReadOnlyList<HostTensor> together, string what)
    {
        for (var output = 0; output < together.Count; output++)
        {
            var at = 0;
            for (var s = 0; s < alone.Count; s++)
            {
                var bytes = alone[s][output].Bytes;
                Assert.True(
                    bytes.SequenceEqual(together[output].Bytes.Slice(at, bytes.Length)),
                    $"{what}: output {output} of sequence {s} has other bits than alone");
                at += bytes.Length;
            }
        }
    }
}

/// <summary>all-MiniLM-L6-v2.</summary>
public sealed class MiniLmTests : RealModelTests
{
    private const string Model = "real/all-MiniLM-L6-v2.onnx";

    private static ModelPair Pair => Load(Model, 1e-5);

    [SharedModelTheory(Model)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(33)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(511)]
    [InlineData(512)]
    public void A_sequence_agrees_with_onnx_runtime(int tokens) => AssertSingles(Pair, [tokens]);

    [SharedModelFact(Model)]
    public void Masks_agree_with_onnx_runtime() => AssertMasks(Pair);

    [SharedModelFact(Model)]
    public void A_rectangle_agrees_and_has_the_bits_of_its_sequences() => AssertRectangles(Pair);

    [SharedModelFact(Model)]
    public void A_ragged_batch_has_the_bits_of_its_sequences() => AssertRagged(Pair, [1, 128, 7, 33, 2, 64, 16, 511, 5, 5]);

    [SharedModelFact(Model)]
    public void A_batch_of_many_short_sequences_has_their_bits() => AssertRagged(Pair, [.. Enumerable.Range(0, 30).Select(i => 1 + 7 * i % 33)]);

    [SharedModelFact(Model)]
    public void Any_number_of_threads_gives_the_same_bits() => AssertThreads(Pair, [1, 7, 33, 128]);
}

/// <summary>A graph of 12 layers, 2 to 500 tokens, weights in a file beside it.</summary>
public sealed class TwelveLayerTests : RealModelTests
{
    private const string Model = "big/minilm-l12-384-legacy-op17.onnx";

    private static ModelPair Pair => Load(Model, 1e-4);

    [SharedModelTheory(Model)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(33)]
    [InlineData(64)]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(500)]
    public void A_sequence_agrees_with_onnx_runtime(int tokens) => AssertSingles(Pair, [tokens]);

    [SharedModelFact(Model)]
    public void Masks_agree_with_onnx_runtime() => AssertMasks(Pair);

    [SharedModelFact(Model)]
    public void A_rectangle_agrees_and_has_the_bits_of_its_sequences() => AssertRectangles(Pair);

    [SharedModelFact(Model)]
    public void A_ragged_batch_has_the_bits_of_its_sequences() => AssertRagged(Pair, [2, 128, 7, 33, 64]);
}

/// <summary>A classifier whose output reads the first token alone.</summary>
public sealed class SentimentTests : RealModelTests
{
    private const string Model = "demo/sentiment/sentiment.onnx";

    // Made-up words give logits near zero, which are differences of much larger sums.
    private static ModelPair Pair => Load(Model, 1e-4);

    [SharedModelFact(Model)]
    public void Sequences_agree_with_onnx_runtime() => AssertSingles(Pair, [2, 7, 16, 33, 64, 128]);

    [SharedModelFact(Model)]
    public void Masks_agree_with_onnx_runtime() => AssertMasks(Pair);

    [SharedModelFact(Model)]
    public void A_rectangle_agrees_and_has_the_bits_of_its_sequences() => AssertRectangles(Pair);

    [SharedModelFact(Model)]
    public void A_ragged_batch_has_the_bits_of_its_sequences() => AssertRagged(Pair, [2, 64, 7, 33, 16, 3, 9]);
}
