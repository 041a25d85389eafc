using CompiledBert.Compiler;
using CompiledBert.Generator.Emit;

namespace CompiledBert.Generator.Tests.Emission;

public sealed class LoopEmitterTests
{
    private static readonly Dim B = Dim.Of(new Symbol("B"));
    private static readonly Dim T = Dim.Of(new Symbol("T"));
    private static readonly Random Random = new(7);

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(33)]
    [InlineData(384)]
    public void A_norm_over_rows(long columns)
    {
        var count = columns.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var harness = new NestHarness(
            [
                new Loop("m", B * T, LoopKind.Parallel,
                [
                    new Accumulator("sum", DataType.Float32, "sum"),
                    new Loop("n", columns, LoopKind.Lanes,
                    [
                        F("x", "in0", ("m", columns), ("n", 1)),
                        F("r", "in1", ("m", columns), ("n", 1)),
                        Op("y", "add", "x", "r"),
                        new Store(At("row", ("n", 1)), "y"),
                        new Accumulate("sum", "y"),
                    ]),
                    Op("mean", "div", "sum", count),
                    new Accumulator("square", DataType.Float32, "sum"),
                    new Loop("n", columns, LoopKind.Lanes,
                        [F("y1", "row", ("n", 1)), Op("d", "sub", "y1", "mean"), Op("q", "mul", "d", "d"), new Accumulate("square", "q")]),
                    Op("variance", "div", "square", count),
                    Op("shifted", "add", "variance", "1e-12"),
                    Op("scale", "rsqrt", "shifted"),
                    new Loop("n", columns, LoopKind.Lanes,
                    [
                        F("y2", "row", ("n", 1)),
                        Op("c", "sub", "y2", "mean"),
                        Op("u", "mul", "c", "scale"),
                        F("g", "in2", ("n", 1)),
                        Op("v", "mul", "u", "g"),
                        new Store(At("out0", ("m", columns), ("n", 1)), "v"),
                    ]),
                ]),
            ],
            [Input(0, B * T * columns), Input(1, B * T * columns), Input(2, columns), Output(B * T * columns)],
            [new("row", DataType.Float32, columns)]);
        foreach (var (b, t) in new[] { (1, 1), (2, 7), (1, 33) })
        {
            harness.Check(b, t, [Floats(b * t * columns), Floats(b * t * columns), Floats(columns), new float[b * t * columns]], 1e-5);
        }
    }

    [Fact]
    public void Rows_gathered_by_ids_that_may_count_from_the_end()
    {
        var harness = new NestHarness(
            [
                new Let("limit", DataType.Int64, "dim", ["10"]),
                new Loop("b", B, LoopKind.Parallel,
                [
                    new Loop("t", T, LoopKind.Parallel,
                    [
                        new Load("id", DataType.Int64, At("in0", ("b", T), ("t", 1))),
                        new Let("i", DataType.Int64, "index", ["id", "limit"]),
                        new Loop("n", 19, LoopKind.Lanes,
                            [F("w", "in1", ("i", 19), ("n", 1)), F("p", "in1", ("t", 19), ("n", 1)), Op("s", "add", "w", "p"),
                                new Store(At("out0", ("b", 19 * T), ("t", 19), ("n", 1)), "s")]),
                    ]),
                ]),
            ],
            [Input(0, B * T, DataType.Int64), Input(1, 190), Output(19 * B * T)]);
        harness.Check(3, 7, [Enumerable.Range(0, 21).Select(_ => Random.NextInt64(-10, 10)).ToArray(), Floats(190), new float[19 * 21]]);
        foreach (var variant in Kernels.EmittedVariant.Runnable)
        {
            var error = Assert.Throws<IndexOutOfRangeException>(() => harness.Run(variant.Name, 1, 1, 1, [new long[] { 10 }, Floats(190), new float[19]]));
            Assert.Contains("the nest", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Lanes_at_the_top_are_shared_in_whole_vectors()
    {
        var harness = new NestHarness(
            [new Loop("n", 3 * B * T, LoopKind.Lanes, [F("x", "in0", ("n", 1)), Op("y", "exp", "x"), new Store(At("out0", ("n", 1)), "y")])],
            [Input(0, 3 * B * T), Output(3 * B * T)]);
        foreach (var t in new[] { 1, 7, 33, 100 })
        {
            harness.Check(1, t, [Floats(3 * t), new float[3 * t]]);
        }
    }

    [Fact]
    public void Layout_changes_and_masks_of_integers()
    {
        var harness = new NestHarness(
            [
                new Loop("t", T, LoopKind.Parallel,
                [
                    new Loop("n", 9, LoopKind.Lanes,
                    [
                        F("x", "in0", ("n", T), ("t", 1)),
                        new Load("mask", DataType.Int64, At("in1", ("n", 1))),
                        new Let("one", DataType.Int64, "sub", ["1", "mask"]),
                        Op("f", "cast", "one"),
                        Op("h", "mul", "f", "-10000.5"),
                        Op("y", "add", "x", "h"),
                        new Let("low", DataType.Bool, "less", ["y", "0"]),
                        new Let("causal", DataType.Bool, "lessorequal", ["n", "t"]),
                        new Let("both", DataType.Bool, "and", ["low", "causal"]),
                        Op("z", "select", "both", "y", "nan"),
                        new Store(At("out0", ("t", 9), ("n", 1)), "z"),
                        new Store(At("out1", ("n", T), ("t", 1)), "both"),
                    ]),
                ]),
            ],
            [Input(0, 9 * T), Input(1, 9, DataType.Int64), Output(9 * T), new("out1", DataType.Bool, 9 * T, BufferKind.Output, 1)]);
        foreach (var t in new[] { 1, 7, 33 })
        {
            harness.Check(1, t, [Floats(9 * t), Enumerable.Range(0, 9).Select(_ => Random.NextInt64(2)).ToArray(), new float[9 * t], new byte[9 * t]]);
        }
    }

    [Fact]
    public void Serial_loops_inside_lanes_with_sums_of_floats_and_integers()
    {
        var harness = new NestHarness(
            [
                new Loop("n", 21, LoopKind.Lanes,
                [
                    new Accumulator("s", DataType.Float32, "sum"),
                    new Accumulator("c", DataType.Int64, "sum"),
                    new Accumulator("best", DataType.Float32, "max"),
                    new Loop("t", T, LoopKind.Serial,
                    [
                        F("x", "in0", ("t", 21), ("n", 1)),
                        new Load("k", DataType.Int64, At("in1", ("t", 1))),
                        Op("w", "cast", "k"),
                        Op("xw", "mul", "x", "w"),
                        new Accumulate("s", "xw"),
                        new Let("i", DataType.Int64, "cast", ["x"]),
                        new Accumulate("c", "i"),
                        new Accumulate("best", "x"),
                    ]),
                    Op("cf", "cast", "c"),
                    Op("r", "add", "s", "cf"),
                    Op("r2", "mul", "r", "best"),
                    new Store(At("out0", ("n", 1)), "r2"),
                ]),
            ],
            [Input(0, 21 * T), Input(1, T, DataType.Int64), Output(21)]);
        foreach (var t in new[] { 1, 7, 33 })
        {
            harness.Check(1, t, [Floats(21 * t), Enumerable.Range(0, t).Select(_ => Random.NextInt64(3)).ToArray(), new float[21]], 1e-5);
        }
    }

    [Fact]
    public void Truth_values_in_memory_steer_lanes()
    {
        var harness = new NestHarness(
            [
                new Loop("t", T, LoopKind.Parallel,
                [
                    new Load("all", DataType.Bool, At("in1", ("t", 1))),
                    new Loop("n", 37, LoopKind.Lanes,
                    [
                        F("x", "in0", ("t", 37), ("n", 1)),
                        new Load("m", DataType.Bool, At("in1", ("n", 1))),
                        new Let("e", DataType.Bool, "xor", ["m", "all"]),
                        Op("f", "cast", "e"),
                        Op("y", "select", "e", "x", "-inf"),
                        Op("z", "max", "y", "f"),
                        new Store(At("out0", ("t", 37), ("n", 1)), "z"),
                    ]),
                ]),
            ],
            [Input(0, 37 * T), Input(1, T + 37, DataType.Bool), Output(37 * T)]);
        harness.Check(1, 7, [Floats(37 * 7), Enumerable.Range(0, 44).Select(_ => (byte)Random.Next(2)).ToArray(), new float[37 * 7]]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(10)]
    public void Programs_made_at_random(int seed)
    {
        var (body, buffers) = RandomPrograms.Create(seed);
        var harness = new NestHarness(body, buffers);
        var random = new Random(seed);
        foreach (var tokens in new[] { 1, 7, 33 })
        {
            var elements = (int)buffers[3].Elements.Evaluate(_ => tokens);
            harness.Check(1, tokens,
            [
                Enumerable.Range(0, RandomPrograms.InputElements).Select(_ => (random.NextSingle() * 8) - 4).ToArray(),
                Enumerable.Range(0, RandomPrograms.InputElements).Select(_ => random.NextInt64(-5, 6)).ToArray(),
                Enumerable.Range(0, RandomPrograms.InputElements).Select(_ => (byte)random.Next(2)).ToArray(),
                new float[elements],
                new long[elements],
                new byte[elements],
            ], 1e-5);
        }
    }

    [Theory]
    [InlineData("the name of a value that is not there", "y")]
    [InlineData("a type that does not fit", "n")]
    public void What_cannot_be_written_is_said(string what, string value)
    {
        Assert.NotEmpty(what);
        var error = Assert.Throws<FormatException>(() => new NestHarness(
            [new Loop("n", 3, LoopKind.Lanes, [F("x", "in0", ("n", 1)), Op("z", "add", "x", value), new Store(At("out0", ("n", 1)), "z")])],
            [Input(0, 3), Output(3)]));
        Assert.Contains("step 0 'the nest'", error.Message, StringComparison.Ordinal);
        Assert.IsType<EmitException>(error.InnerException);
    }

    private static float[] Floats(long count) => [.. Enumerable.Range(0, (int)count).Select(_ => (Random.NextSingle() * 8) - 4)];

    private static Access At(string buffer, params (string Variable, Dim Stride)[] terms) =>
        new(buffer, 0, [.. terms.Select(t => new AccessTerm(t.Variable, t.Stride))]);

    private static Load F(string id, string buffer, params (string Variable, Dim Stride)[] terms) => new(id, DataType.Float32, At(buffer, terms));

    private static Let Op(string id, string op, params string[] args) => new(id, DataType.Float32, op, args);

    private static PlanBuffer Input(int index, Dim elements, DataType type = DataType.Float32) => new($"in{index}", type, elements, BufferKind.Input, index);

    private static PlanBuffer Output(Dim elements) => new("out0", DataType.Float32, elements, BufferKind.Output, 0);
}
