using CompiledBert.Compiler.Targets;

namespace CompiledBert.Compiler.Cost;

/// <summary>
/// Cycles and bytes of a plan on a core, from the plan and the core's figures alone. Deterministic, and fast enough to be asked for thousands of plans.
/// </summary>
/// <remarks>
/// Products cost what their register tiles do: multiply-adds, loads and instructions over what the core does of each a cycle, whichever takes longest.
/// Loop programs cost the same of their vector loops; where the core issues in order, the longest chain of operations if that is longer, since nothing
/// overtakes. One thread; jumps are taken to be predicted, and first-level caches to be hit. Weights come from memory where they do not fit the last cache.
/// </remarks>
public static class CostModel
{
    /// <summary>The cost of one call.</summary>
    /// <param name="plan">The plan; a stub costs nothing.</param>
    /// <param name="core">The core.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="tokens">Tokens of each sequence.</param>
    public static PlanCost Estimate(ModelPlan plan, Core core, long batch, long tokens)
    {
        var roles = plan.Symbols.ToDictionary(s => s.Name, s => s.Role, StringComparer.Ordinal);
        return Estimate(plan, core, symbol => roles.GetValueOrDefault(symbol.Name, SymbolRole.Tokens) == SymbolRole.Batch ? batch : tokens);
    }

    /// <summary>The cost of one call.</summary>
    /// <param name="plan">The plan; a stub costs nothing.</param>
    /// <param name="core">The core.</param>
    /// <param name="lengthOf">The length that each symbol stands for.</param>
    public static PlanCost Estimate(ModelPlan plan, Core core, Func<Symbol, long> lengthOf)
    {
        var traffic = new Traffic(plan, core, lengthOf);
        var programs = new ProgramCost(core, lengthOf);
        return new PlanCost(core, [.. plan.Steps.Select(step => Of(step, core, lengthOf, programs, traffic))]);
    }

    private static StepCost Of(Step step, Core core, Func<Symbol, long> lengthOf, ProgramCost programs, Traffic traffic)
    {
        var (bytes, memoryCycles) = traffic.Of(step);
        double? cycles = step switch
        {
            NestStep nest => programs.Of(nest.Body),
            LinearStep linear => Linear(linear, core, lengthOf, programs),
            AttentionStep attention => new AttentionCost(core, lengthOf, programs).Of(attention),
            MatMulStep product => Product(product, core, lengthOf),
            _ => null,
        };
        return new StepCost(step, cycles * core.Corrections.Of(step), memoryCycles, bytes);
    }

    private static double? Linear(LinearStep step, Core core, Func<Symbol, long> lengthOf, ProgramCost programs)
    {
        var rows = step.Rows.Evaluate(lengthOf);
        var products = step.IsInteger
            ? new TileCost(core).IntegerProduct(rows, step.N, step.K, step.Scales is not null, step.Scales?.Bias is not null)
            : new TileCost(core).Product(rows, step.N, step.K);

        // A tile's work runs over its columns, row by row.
        double? tile = 0;
        if (step.Tile.Count > 0)
        {
            var width = TileCost.ColumnsOf(core);
            IReadOnlyList<Statement> body = [new Load("acc", DataType.Float32, Here), .. step.Tile, new Store(Here, step.TileResult)];
            tile = programs.Of([new Loop("n", Dim.Of(Math.Min(width, step.N)), LoopKind.Lanes, body)]) * rows * ((step.N + width - 1) / width);
        }

        return products + tile + programs.Of(step.Row);
    }

    private static readonly Access Here = new("tile", Dim.Zero, [new AccessTerm("n", Dim.One)]);

    private static double Product(MatMulStep step, Core core, Func<Symbol, long> lengthOf)
    {
        var tiles = new TileCost(core);
        var batches = step.BatchExtents.Aggregate(1L, (product, extent) => product * extent.Evaluate(lengthOf));
        var (m, n, k) = (step.M.Evaluate(lengthOf), step.N.Evaluate(lengthOf), step.K.Evaluate(lengthOf));
        return batches * (tiles.Product(m, n, k) + tiles.Packing(n * k));
    }
}
