using CompiledBert.Compiler;

namespace CompiledBert.Generator.Tests;

/// <summary>Small plans written by hand.</summary>
internal static class SamplePlans
{
    public static IReadOnlyDictionary<string, Func<ModelPlan>> All { get; } = new Dictionary<string, Func<ModelPlan>>
    {
        ["everything"] = Everything,
        ["signature only"] = () => Everything() with { IsStub = true, Steps = [], Buffers = [], Namespace = "", Symbols = [], IsPublic = false },
    };

    private static Dim B => Dim.Of(new Symbol("B"));

    private static Dim T => Dim.Of(new Symbol("T"));

    /// <summary>Uses every kind of line there is; it need not compute anything.</summary>
    private static ModelPlan Everything() => new()
    {
        Name = "Everything",
        Namespace = "App.Models",
        IsPublic = true,
        Source = "odd \"name\"\\\n\u2028\ud800 π.onnx",
        SourceNodes = 123,
        Threads = 2,
        IsRagged = true,
        Symbols = [new("B", SymbolRole.Batch, null), new("T", SymbolRole.Tokens, 512), new("S", SymbolRole.Other, 7)],
        Inputs = [new("input_ids", "inputIds", DataType.Int64, [B, T]), new("scalar", "scalar", DataType.Float32, [])],
        Outputs = [new("out]put, \"0\"", "output", DataType.Float32, [B, (2 * T) - 1, Dim.Of(8)])],
        Checks = [new(0, -30, 30)],
        Limits = [new(B + T, 40), new(3, T)],
        Weights = new(1234567890123, "00ff"),
        Buffers =
        [
            new("in0", DataType.Int64, B * T, BufferKind.Input, 0),
            new("out0", DataType.Float32, (8 * B * T) + 1, BufferKind.Output, 0),
            new("a3", DataType.Bool, 8 * B * T * T, BufferKind.Arena, 2),
            new("w1", DataType.Float32, 640, BufferKind.Weights, 64),
        ],
        Steps =
        [
            new NestStep
            {
                Title = "layer 3 · norm",
                Origins = ["/encoder/Add", "with \"quotes\""],
                Ragged = RaggedMode.AllTokens,
                Scratch = [new("row", DataType.Float32, 384), new("more", DataType.Bool, T)],
                Body =
                [
                    new Loop("m", B * T, LoopKind.Parallel,
                    [
                        new Accumulator("sum", DataType.Float32, "sum"),
                        new Let("T2", DataType.Int64, "dim", [(T + 1).ToString()]),
                        new Loop("n", 384, LoopKind.Lanes,
                        [
                            new Load("x", DataType.Float32, new("w1", T - 5, [new("m", 384), new("n", 1), new("T2", (-2 * T) + 1)])),
                            new Let("y", DataType.Float32, "fma", ["x", "-0.5", "inf"]),
                            new Accumulate("sum", "y"),
                            new Store(new("out0", -1 * T, [new("n", 1)]), "y"),
                        ]),
                        new Store(new("out0", 0, []), "sum"),
                    ]),
                ],
            },
            new LinearStep
            {
                Title = "QKV 384→1152",
                Origins = [],
                Ragged = RaggedMode.AllSequences,
                Rows = B * T,
                K = 384,
                N = 1152,
                X = new("a3", 0, 384),
                Weights = "w1",
                Bias = "w1",
                Y = new("out0", 5 * T, T + 1),
                Tile = [new Let("g", DataType.Float32, "geluerf", ["acc"])],
                TileResult = "g",
                Row = [new Loop("m", B * T, LoopKind.Parallel, [new Loop("n", 3, LoopKind.Serial, [])])],
                RowScratch = [new("r", DataType.Float32, 3)],
            },
            new LinearStep
            {
                Title = "integers", Origins = [], Rows = 1, K = 1, N = 1,
                X = new("in0", 0, 0), Weights = "w1", IsInteger = true, Shift = "a3", Y = new("a3", 0, 0),
            },
            new LinearStep
            {
                Title = "integers", Origins = [], Rows = 1, K = 1, N = 1,
                X = new("in0", 0, 0), Weights = "w1", IsInteger = true, Y = new("a3", 0, 0),
            },
            new LinearStep { Title = "", Origins = [], Rows = 1, K = 1, N = 1, X = new("in0", 0, 0), Weights = "w1", Y = new("a3", 0, 0) },
            new AttentionStep
            {
                Title = "attention",
                Origins = ["a"],
                IsSafe = true,
                Batch = B,
                Heads = 12,
                HeadsPerKeyHead = 3,
                Queries = T,
                Keys = T + 1,
                HeadSize = 32,
                ValueSize = 16,
                Q = new("a3", 0, T, 32, 384),
                K = new("a3", 384, T, 32, 384),
                V = new("a3", T, T, 32, 384),
                Y = new("out0", 0, T, 32, 384),
                Score = [new Let("t", DataType.Float32, "mul", ["s", "0.5"])],
                ScoreResult = "t",
            },
            new MatMulStep
            {
                Title = "product",
                Origins = ["a"],
                BatchExtents = [B, 12],
                M = T,
                N = T,
                K = 32,
                A = new("a3", 0, [1, T], T, 1),
                B = new("a3", 1, [1, T], 1, T),
                Y = new("out0", 0, [1, T], T, 1),
            },
            new MatMulStep
            {
                Title = "product without batch",
                Origins = ["a"],
                BatchExtents = [],
                M = 1,
                N = 1,
                K = 1,
                A = new("a3", 0, [], T, 1),
                B = new("a3", 1, [], 1, T),
                Y = new("out0", 0, [], T, 1),
            },
        ],
    };
}
