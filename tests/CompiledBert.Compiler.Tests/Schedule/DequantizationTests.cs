using CompiledBert.Compiler.Schedule;

namespace CompiledBert.Compiler.Tests.Schedule;

public sealed class DequantizationTests
{
    private static readonly Load RowScale = new("r", DataType.Float32, new Access("a1", Dim.Zero, [new AccessTerm("m", Dim.One)]));
    private static readonly Load ColumnScale = new("c", DataType.Float32, new Access("w1", Dim.Zero, [new AccessTerm("n", Dim.One)]));
    private static readonly Load Bias = new("b", DataType.Float32, new Access("w2", Dim.Zero, [new AccessTerm("n", Dim.One)]));

    private static readonly Statement[] Chain =
    [
        RowScale, new Let("v1", DataType.Float32, "mul", ["acc", "r"]), ColumnScale, new Let("v2", DataType.Float32, "mul", ["v1", "c"]),
        Bias, new Let("v3", DataType.Float32, "add", ["v2", "b"]),
    ];

    [Fact]
    public void Scales_and_bias_of_a_tile_move_into_the_product()
    {
        var step = (LinearStep)Dequantization.Of(Linear(48) with { Tile = [.. Chain, new Let("v4", DataType.Float32, "geluerf", ["v3"])], TileResult = "v4" });
        Assert.Equal(new ColumnScales("a1", "w1", "w2"), step.Scales);
        Assert.Equal(("v4", "geluerf", "acc"), step.Tile is [Let let] ? (let.Id, let.Op, let.Args[0]) : default);

        var alone = (LinearStep)Dequantization.Of(Linear(48) with { Tile = [.. Chain.Take(4)], TileResult = "v2" });
        Assert.Equal((new ColumnScales("a1", "w1", null), 0, "acc"), (alone.Scales, alone.Tile.Count, alone.TileResult));
    }

    [Fact]
    public void Scales_and_bias_of_rows_move_into_the_product()
    {
        var sum = new Load("y", DataType.Float32, new Access("a2", Dim.Zero, [new AccessTerm("m", Dim.Of(48)), new AccessTerm("n", Dim.One)]));
        Statement[] columns = [sum, .. Chain.Skip(1).Select(s => Programs.Rename(s, "acc", "y")), new Accumulate("all", "v3"), new Store(sum.From, "v3")];
        Statement[] row = [new Accumulator("all", DataType.Float32, "sum"), RowScale, new Loop("n", Dim.Of(48), LoopKind.Lanes, columns),
            new Store(new Access("a3", Dim.Zero, [new AccessTerm("m", Dim.One)]), "all")];
        var step = (LinearStep)Dequantization.Of(Linear(48) with { Row = [new Loop("m", Dim.Of(4), LoopKind.Parallel, row)] });
        Assert.Equal(new ColumnScales("a1", "w1", "w2"), step.Scales);
        var loop = ((Loop)step.Row[0]).Body.OfType<Loop>().Single();
        Assert.DoesNotContain(RowScale, ((Loop)step.Row[0]).Body);
        Assert.Equal(("y", "y"), loop.Body is [Load { Id: "y" }, Accumulate accumulate, Store store] ? (accumulate.Value, store.Value) : default);

        // What was written before is no sum any more.
        Statement[] twice = [.. row.Take(2), new Loop("n", Dim.Of(48), LoopKind.Lanes, [new Store(sum.From, "1")]), .. row.Skip(2)];
        Assert.Null(((LinearStep)Dequantization.Of(Linear(48) with { Row = [new Loop("m", Dim.Of(4), LoopKind.Parallel, twice)] })).Scales);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(2)]
    public void Products_without_whole_panels_keep_their_program(int n) =>
        Assert.Null(((LinearStep)Dequantization.Of(Linear(n) with { Tile = Chain, TileResult = "v3" })).Scales);

    [Fact]
    public void What_is_read_elsewhere_too_stays()
    {
        var sums = Linear(48) with { Tile = [.. Chain, new Let("v4", DataType.Float32, "add", ["v3", "acc"])], TileResult = "v4" };
        Assert.Same(sums, Dequantization.Of(sums));

        var scaled = Linear(48) with { Tile = [.. Chain, new Let("v4", DataType.Float32, "add", ["v3", "v2"])], TileResult = "v4" };
        Assert.Equal(new ColumnScales("a1", "w1", null), ((LinearStep)Dequantization.Of(scaled)).Scales);
    }

    private static LinearStep Linear(int n) => new()
    {
        Title = "",
        Origins = [],
        Rows = Dim.Of(4),
        K = 16,
        N = n,
        X = new RowOperand("a0", Dim.Zero, Dim.Of(16)),
        Weights = "w0",
        IsInteger = true,
        Y = new RowOperand("a2", Dim.Zero, Dim.Of(n)),
    };
}
