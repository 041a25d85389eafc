using System.Runtime.InteropServices;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Tests.Emission;

/// <summary>The emitted tiny model, as the tests call it.</summary>
public interface ITinyModel : IDisposable
{
    /// <summary>Threads of a call.</summary>
    int Threads { get; set; }

    /// <summary>One sequence.</summary>
    void Run(
        ReadOnlySpan<long> inputIds, ReadOnlySpan<long> attentionMask, Span<float> hidden, Span<float> pooled, CancellationToken cancellationToken = default);

    /// <summary>A rectangle.</summary>
    void Run(
        int batch, ReadOnlySpan<long> inputIds, ReadOnlySpan<long> attentionMask,
        Span<float> hidden, Span<float> pooled, CancellationToken cancellationToken = default);

    /// <summary>Sequences of any lengths.</summary>
    void RunBatch(
        ReadOnlySpan<int> lengths, ReadOnlySpan<long> inputIds, ReadOnlySpan<long> attentionMask,
        Span<float> hidden, Span<float> pooled, CancellationToken cancellationToken = default);
}

/// <summary>A model small enough to write by hand that has all a plan can have: gathers, a linear, attention, a mean over a sequence.</summary>
internal static class TinyModel
{
    public const int Vocabulary = 30;
    public const int MaxTokens = 40;
    public const int Hidden = 24;

    private static readonly Dim B = Dim.Of(new Symbol("B"));
    private static readonly Dim T = Dim.Of(new Symbol("T"));

    /// <summary>An adapter of the emitted class to <see cref="ITinyModel"/>.</summary>
    public const string Adapter = """
        #nullable enable
        using System;
        using System.IO;
        namespace Tests;
        internal sealed class TinyAdapter(Tiny model) : CompiledBert.Generator.Tests.Emission.ITinyModel
        {
            internal static CompiledBert.Generator.Tests.Emission.ITinyModel Load() => new TinyAdapter(Tiny.Load());
            internal static CompiledBert.Generator.Tests.Emission.ITinyModel LoadPath(string path) => new TinyAdapter(Tiny.Load(path, threads: 2));
            internal static CompiledBert.Generator.Tests.Emission.ITinyModel LoadStream(Stream stream) => new TinyAdapter(Tiny.Load(stream));
            internal static int[] Lengths() => [Tiny.HiddenLength(2, 3), Tiny.PooledLength(5), Tiny.MaxTokens];
            public int Threads { get => model.Threads; set => model.Threads = value; }
            public void Dispose() => model.Dispose();
            public void Run(ReadOnlySpan<long> ids, ReadOnlySpan<long> mask, Span<float> hidden, Span<float> pooled, System.Threading.CancellationToken cancellationToken) => model.Run(ids, mask, hidden, pooled, cancellationToken);
            public void Run(int batch, ReadOnlySpan<long> ids, ReadOnlySpan<long> mask, Span<float> hidden, Span<float> pooled, System.Threading.CancellationToken cancellationToken) => model.Run(batch, ids, mask, hidden, pooled, cancellationToken);
            public void RunBatch(ReadOnlySpan<int> lengths, ReadOnlySpan<long> ids, ReadOnlySpan<long> mask, Span<float> hidden, Span<float> pooled, System.Threading.CancellationToken cancellationToken) => model.RunBatch(lengths, ids, mask, hidden, pooled, cancellationToken);
        }
        """;

    /// <summary>The plan and its weights.</summary>
    public static (ModelPlan Plan, byte[] Weights) Create()
    {
        var content = new List<byte>();
        var buffers = new List<PlanBuffer>
        {
            new("in0", DataType.Int64, B * T, BufferKind.Input, 0),
            new("in1", DataType.Int64, B * T, BufferKind.Input, 1),
            new("out0", DataType.Float32, Hidden * B * T, BufferKind.Output, 0),
            new("out1", DataType.Float32, Hidden * B, BufferKind.Output, 1),
            new("a0", DataType.Float32, Hidden * B * T, BufferKind.Arena, 0),
            new("a1", DataType.Float32, 3 * Hidden * B * T, BufferKind.Arena, 1),
            new("a2", DataType.Float32, Hidden * B * T, BufferKind.Arena, 2),
            new("a3", DataType.Float32, B * T, BufferKind.Arena, 3),
            new("a4", DataType.Float32, 2 * B * T * T, BufferKind.Arena, 1),
        };
        var random = new Random(5);
        void Weights(string id, int elements)
        {
            buffers.Add(new(id, DataType.Float32, elements, BufferKind.Weights, 64 + content.Count));
            content.AddRange(MemoryMarshal.AsBytes<float>(Enumerable.Range(0, elements).Select(_ => (random.NextSingle() - 0.5f) / 2).ToArray()));
        }

        Weights("w0", Vocabulary * Hidden);
        Weights("w1", MaxTokens * Hidden);
        Weights("w2", 5 * 16 * Hidden);
        Weights("w3", 5 * 16);
        Weights("w4", 2 * 16 * Hidden);
        var (blob, info) = ModelAssembly.Weights(CollectionsMarshal.AsSpan(content));
        return (new ModelPlan
        {
            Name = "Tiny",
            Namespace = "Tests",
            IsPublic = true,
            Source = "tiny <&> model.onnx",
            SourceNodes = 42,
            IsRagged = true,
            Symbols = [new("B", SymbolRole.Batch, null), new("T", SymbolRole.Tokens, MaxTokens)],
            Inputs = [new("input_ids", "inputIds", DataType.Int64, [B, T]), new("attention_mask", "attentionMask", DataType.Int64, [B, T])],
            Outputs = [new("hidden", "hidden", DataType.Float32, [B, T, Hidden]), new("pooled", "pooled", DataType.Float32, [B, Hidden])],
            Checks = [new(0, -Vocabulary, Vocabulary)],
            Weights = info,
            Buffers = buffers,
            Steps = [.. Steps()],
        }, blob);
    }

    private static IEnumerable<Step> Steps()
    {
        yield return new NestStep
        {
            Title = "embeddings",
            Origins = ["/embeddings/Gather", "/embeddings/Add"],
            Body =
            [
                new Loop("b", B, LoopKind.Parallel,
                [
                    new Loop("t", T, LoopKind.Parallel,
                    [
                        new Load("id", DataType.Int64, At("in0", ("b", T), ("t", 1))),
                        new Let("rows", DataType.Int64, "dim", ["30"]),
                        new Let("row", DataType.Int64, "index", ["id", "rows"]),
                        new Loop("n", Hidden, LoopKind.Lanes,
                            [F("x", "w0", ("row", Hidden), ("n", 1)), F("p", "w1", ("t", Hidden), ("n", 1)), Op("y", "add", "x", "p"),
                                new Store(At("a0", ("b", Hidden * T), ("t", Hidden), ("n", 1)), "y")]),
                    ]),
                ]),
            ],
        };
        yield return new NestStep
        {
            Title = "mask",
            Origins = ["/Sub", "/Mul"],
            Ragged = RaggedMode.AllTokens,
            Body = [new Loop("i", B * T, LoopKind.Lanes,
                [new Load("m", DataType.Int64, At("in1", ("i", 1))), Op("f", "cast", "m"), Op("g", "sub", "1", "f"), Op("h", "mul", "g", "-10000"),
                    new Store(At("a3", ("i", 1)), "h")])],
        };
        yield return new LinearStep
        {
            Title = "layer 0 · QKV 24→72",
            Origins = ["/layer.0/MatMul"],
            Ragged = RaggedMode.AllTokens,
            Rows = B * T,
            K = Hidden,
            N = 3 * Hidden,
            X = new("a0", 0, Hidden),
            Weights = "w2",
            Bias = "w3",
            Y = new("a1", 0, 3 * Hidden),
        };
        yield return new AttentionStep
        {
            Title = "layer 0 · attention",
            Origins = ["/layer.0/Softmax"],
            Batch = B,
            Heads = 2,
            Queries = T,
            Keys = T,
            HeadSize = 12,
            ValueSize = 12,
            Q = new("a1", 0, 3 * Hidden * T, 12, 3 * Hidden),
            K = new("a1", Hidden, 3 * Hidden * T, 12, 3 * Hidden),
            V = new("a1", 2 * Hidden, 3 * Hidden * T, 12, 3 * Hidden),
            Y = new("a2", 0, Hidden * T, 12, Hidden),
            Score = [F("mask", "a3", ("b", T), ("k", 1)), Op("scaled", "mul", "s", "0.288675135"), Op("masked", "add", "scaled", "mask")],
            ScoreResult = "masked",
        };
        yield return new LinearStep
        {
            Title = "layer 0 · output 24→24, residual, GELU",
            Origins = ["/layer.0/output/MatMul", "/layer.0/Gelu"],
            Ragged = RaggedMode.AllTokens,
            Rows = B * T,
            K = Hidden,
            N = Hidden,
            X = new("a2", 0, Hidden),
            Weights = "w4",
            Y = new("out0", 0, Hidden),
            Tile = [Op("g", "geluerf", "acc")],
            TileResult = "g",
            Row =
            [
                new Loop("m", B * T, LoopKind.Parallel,
                [
                    new Accumulator("sum", DataType.Float32, "sum"),
                    new Loop("n", Hidden, LoopKind.Lanes,
                        [F("y", "out0", ("m", Hidden), ("n", 1)), F("r", "a0", ("m", Hidden), ("n", 1)), Op("z", "add", "y", "r"),
                            new Store(At("row", ("n", 1)), "z"), new Accumulate("sum", "z")]),
                    Op("mean", "div", "sum", "24"),
                    new Loop("n", Hidden, LoopKind.Lanes,
                        [F("u", "row", ("n", 1)), Op("d", "sub", "u", "mean"), new Store(At("out0", ("m", Hidden), ("n", 1)), "d")]),
                ]),
            ],
            RowScratch = [new("row", DataType.Float32, Hidden)],
        };
        yield return new NestStep
        {
            Title = "pooling",
            Origins = ["/ReduceMean"],
            Body =
            [
                new Loop("b", B, LoopKind.Parallel,
                [
                    new Loop("n", Hidden, LoopKind.Lanes,
                    [
                        new Accumulator("sum", DataType.Float32, "sum"),
                        new Loop("t", T, LoopKind.Serial, [F("x", "out0", ("b", Hidden * T), ("t", Hidden), ("n", 1)), new Accumulate("sum", "x")]),
                        new Let("tokens", DataType.Int64, "dim", ["T"]),
                        Op("count", "cast", "tokens"),
                        Op("mean", "div", "sum", "count"),
                        new Store(At("out1", ("b", Hidden), ("n", 1)), "mean"),
                    ]),
                ]),
            ],
        };
        yield return new NestStep
        {
            Title = "norm of the pooled",
            Origins = ["/Tanh"],
            Ragged = RaggedMode.AllSequences,
            Body = [new Loop("b", B, LoopKind.Parallel,
                [new Loop("n", Hidden, LoopKind.Lanes, [F("x", "out1", ("b", Hidden), ("n", 1)), Op("y", "tanh", "x"),
                    new Store(At("out1", ("b", Hidden), ("n", 1)), "y")])])],
        };
        yield return new NestStep
        {
            Title = "what a slot of squares is for",
            Origins = [],
            Body =
            [
                new Loop("b", B, LoopKind.Parallel,
                [
                    new Loop("q", T, LoopKind.Serial,
                        [new Loop("k", 2 * T, LoopKind.Lanes, [F("x", "out1", ("b", Hidden)),
                            new Store(At("a4", ("b", 2 * T * T), ("q", 2 * T), ("k", 1)), "x")])]),
                    new Loop("n", Hidden, LoopKind.Lanes,
                        [F("y", "a4", ("b", 2 * T * T)), F("z", "out1", ("b", Hidden), ("n", 1)), Op("s", "add", "y", "z"),
                            new Store(At("out1", ("b", Hidden), ("n", 1)), "s")]),
                ]),
            ],
        };
    }

    private static Access At(string buffer, params (string Variable, Dim Stride)[] terms) =>
        new(buffer, 0, [.. terms.Select(t => new AccessTerm(t.Variable, t.Stride))]);

    private static Load F(string id, string buffer, params (string Variable, Dim Stride)[] terms) => new(id, DataType.Float32, At(buffer, terms));

    private static Let Op(string id, string op, params string[] args) => new(id, DataType.Float32, op, args);
}
