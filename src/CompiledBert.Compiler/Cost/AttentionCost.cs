using CompiledBert.Compiler.Targets;

namespace CompiledBert.Compiler.Cost;

/// <summary>Attention, a head at a time: packing keys and values, two products, scores, softmax.</summary>
internal sealed class AttentionCost(Core core, Func<Symbol, long> lengthOf, ProgramCost programs)
{
    private static readonly Access Score = new("scores", Dim.Zero, [new AccessTerm("k", Dim.One)]);

    /// <summary>Cycles of the step; null where its elementwise work is of unknown cost.</summary>
    public double? Of(AttentionStep step)
    {
        var (heads, queries, keys) = (step.Batch.Evaluate(lengthOf) * step.Heads, step.Queries.Evaluate(lengthOf), step.Keys.Evaluate(lengthOf));
        var tiles = new TileCost(core);
        var packing = tiles.Packing(keys * (step.HeadSize + step.ValueSize));
        var products = tiles.Product(queries, keys, step.HeadSize) + tiles.Product(queries, step.ValueSize, keys);
        var row = Elementwise(step.Score, "s", step.ScoreResult, keys)
            + Elementwise(step.Probability, "p", step.ProbabilityResult, keys)
            + Largest(keys) + Exponentials(keys) + Scaling(step.ValueSize);
        return heads * (packing + products + (queries * row));
    }

    private double? Elementwise(IReadOnlyList<Statement> program, string predefined, string result, long keys) => program.Count == 0
        ? 0
        : programs.Of([new Loop("k", Dim.Of(keys), LoopKind.Lanes, [new Load(predefined, DataType.Float32, Score), .. program, new Store(Score, result)])]);

    private double? Largest(long keys) => programs.Of(
    [
        new Accumulator("top", DataType.Float32, "max"),
        new Loop("k", Dim.Of(keys), LoopKind.Lanes, [new Load("s", DataType.Float32, Score), new Accumulate("top", "s")]),
    ]);

    private double? Exponentials(long keys) => programs.Of(
    [
        new Accumulator("sum", DataType.Float32, "sum"),
        new Loop("k", Dim.Of(keys), LoopKind.Lanes,
        [
            new Load("s", DataType.Float32, Score),
            new Let("d", DataType.Float32, "sub", ["s", "top"]),
            new Let("e", DataType.Float32, "exp", ["d"]),
            new Store(Score, "e"),
            new Accumulate("sum", "e"),
        ]),
    ]);

    private double? Scaling(long values) => programs.Of(
    [
        new Loop("k", Dim.Of(values), LoopKind.Lanes,
        [
            new Load("v", DataType.Float32, Score),
            new Let("y", DataType.Float32, "mul", ["v", "scale"]),
            new Store(Score, "y"),
        ]),
    ]);
}
