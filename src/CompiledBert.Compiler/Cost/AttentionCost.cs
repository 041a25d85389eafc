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
        if (step.IsInteger && keys <= AttentionStep.MostIntegerKeys)
        {
            return heads * OfIntegers(step, queries, keys, tiles);
        }

        var packing = tiles.Packing(keys * (step.HeadSize + step.ValueSize));
        var products = tiles.Product(queries, keys, step.HeadSize) + tiles.Product(queries, step.ValueSize, keys);
        var row = Scores(step.Score, "s", step.ScoreResult, keys) + Elementwise(step.Probability, "p", step.ProbabilityResult, keys)
            + Exponentials(keys) + Scaling(step.ValueSize);
        return heads * (packing + products + (queries * row));
    }

    private double? OfIntegers(AttentionStep step, long queries, long keys, TileCost tiles)
    {
        // What is the same for all queries the product adds as it ends.
        var isWithProduct = !Programs.Flatten(step.Score).OfType<Load>().Any(l => l.From.Terms.Any(t => t.Variable == "q"));
        var products = tiles.IntegerProduct(queries, keys, step.HeadSize, isWithProduct, isWithProduct)
            + tiles.IntegerProduct(queries, step.ValueSize, keys, hasScales: true);
        var packing = tiles.Packing(((keys * (step.HeadSize + step.ValueSize)) + (tiles.ReadsRows ? 0 : queries * step.HeadSize)) / 4);
        var rounding = (keys * Rounding(step.HeadSize)) + (keys * Rounding(step.ValueSize)) + (queries * Rounding(step.HeadSize));

        // Elsewhere a key's scale and a query's.
        IReadOnlyList<Statement> scaled =
            [new Let("t", DataType.Float32, "mul", ["whole", "step"]), new Let("s", DataType.Float32, "mul", ["t", "step"]), .. step.Score];
        var row = (isWithProduct ? Scores([], "s", "s", keys) : Scores(scaled, "whole", step.ScoreResult, keys)) + Wholes(keys);
        return products + packing + rounding + (queries * row);
    }

    /// <summary>The largest size of a row's elements, and each as a whole number of its share.</summary>
    private double? Rounding(long size) => programs.Of(
    [
        new Accumulator("top", DataType.Float32, "max"),
        new Loop("k", Dim.Of(size), LoopKind.Lanes,
            [new Load("x", DataType.Float32, Score), new Let("a", DataType.Float32, "abs", ["x"]), new Accumulate("top", "a")]),
        new Let("step", DataType.Float32, "mul", ["top", "0.0078740157"]),
        new Let("scale", DataType.Float32, "div", ["127", "top"]),
        new Loop("k", Dim.Of(size), LoopKind.Lanes,
        [
            new Load("x", DataType.Float32, Score),
            new Let("r", DataType.Float32, "roundmul", ["x", "scale"]),
            new Let("i", DataType.Int8, "cast", ["r"]),
            new Store(Score, "i"),
        ]),
    ]);

    /// <summary>Softmax in whole numbers.</summary>
    private double? Wholes(long keys) => Powers(
        keys,
        [
            new Let("e", DataType.Float32, "exp2rounded", ["d"]),
            new Let("w", DataType.Float32, "roundmul", ["e", "power"]),
            new Let("i", DataType.Int8, "cast", ["w"]),
        ],
        "i",
        "w");

    private double? Elementwise(IReadOnlyList<Statement> program, string predefined, string result, long keys) => program.Count == 0
        ? 0
        : programs.Of([new Loop("k", Dim.Of(keys), LoopKind.Lanes, [new Load(predefined, DataType.Float32, Score), .. program, new Store(Score, result)])]);

    /// <summary>The program on scores, and their largest.</summary>
    private double? Scores(IReadOnlyList<Statement> program, string predefined, string result, long keys) => programs.Of(
    [
        new Accumulator("top", DataType.Float32, "max"),
        new Loop("k", Dim.Of(keys), LoopKind.Lanes,
        [
            new Load(predefined, DataType.Float32, Score),
            .. program,
            .. program.Count > 0 ? [new Store(Score, result)] : Array.Empty<Statement>(),
            new Accumulate("top", result),
        ]),
    ]);

    private double? Exponentials(long keys) => Powers(keys, [new Let("e", DataType.Float32, "expshare", ["d"])], "e", "e");

    /// <summary>What becomes of a score's distance <c>d</c> from the largest, stored, and the sum.</summary>
    private double? Powers(long keys, IReadOnlyList<Statement> program, string stored, string summed) => programs.Of(
    [
        new Accumulator("sum", DataType.Float32, "sum"),
        new Loop("k", Dim.Of(keys), LoopKind.Lanes,
        [
            new Load("s", DataType.Float32, Score),
            new Let("d", DataType.Float32, "sub", ["s", "top"]),
            .. program,
            new Store(Score, stored),
            new Accumulate("sum", summed),
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
