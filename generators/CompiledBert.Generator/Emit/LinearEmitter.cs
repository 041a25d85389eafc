using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>Writes linear steps: Y = epilogue(X·W + bias), W packed in panels.</summary>
/// <remarks>
/// Blocks of rows that fit in the second-level cache stay there while the panels of W stream past once a block. A pair of panels stays near while the
/// block's tiles pass; each tile's micro-kernel fetches its share of the next pair (behind the last pair, the next product's first), so that weights that come
/// from far overlap with arithmetic.
/// The tile's epilogue runs right after its micro-kernel; the row program after the block's last panel.
/// Steps of equal shapes and epilogues share one method, with the buffers as its parameters.
/// </remarks>
internal sealed class LinearEmitter : IStepEmitter
{
    /// <inheritdoc/>
    public void Emit(StepContext context, CodeWriter writer, VectorTarget target)
    {
        var step = (LinearStep)context.Step;
        var shared = new SharedProgram(context, step.RowScratch);
        var product = step.IsInteger ? null : new LinearLoops(context, step, target, shared);
        var integers = step.IsInteger ? new IntegerLinearLoops(context, step, target, shared) : null;
        var tile = shared.Rename(step.Tile);
        var result = shared.Value(step.TileResult);
        var rows = shared.Rename(step.Row);
        shared.Write($"Linear{LinearLoops.Text(step.K)}x{LinearLoops.Text(step.N)}{(step.IsInteger ? "Int8" : "")}", writer, text =>
        {
            Action? writeRows = rows.Count == 0
                ? null
                : () => LoopEmitter.WriteRange(text, target, context.Kernels, shared.Scope(), (Loop)rows[0], "top", "bottom");
            Action<long?>? writeTile = tile.Count == 0 ? null : whole => WriteTile(text, context.Kernels, shared.Scope(), tile, result, whole);
            product?.Write(text, writeTile is null ? null : () => writeTile(product.WholeTile), writeRows);
            integers?.Write(text, writeTile, writeRows);
        });
    }

    /// <summary>Writes the epilogue of a tile whose sums lie at <c>c</c>, rows <c>ldc</c> apart, for rows m0 … m1−1 and columns j … j1−1.</summary>
    private static void WriteTile(
        CodeWriter writer, MicroKernels kernels, LoopScope scope, IReadOnlyList<Statement> tile, string result, long? wholeTile)
    {
        AccessTerm[] column = [new("n", Dim.One)];
        IReadOnlyList<Statement> body =
        [
            new Load("acc", DataType.Float32, new Access("sum", Dim.Zero, column)),
            .. tile,
            new Store(new Access("result", Dim.Zero, column), result),
        ];
        scope.Variables["m"] = "m";
        scope.Pointers["sum"] = "((byte*)sum)";
        scope.Pointers["result"] = "((byte*)result)";
        using (writer.Block("for (long m = m0; m < m1; m++)"))
        {
            // Where all tiles are whole, n counts from the tile's first column: the loop has a constant length and needs no code for a rest.
            if (wholeTile is { } width && !UsesAsValue(tile, "n"))
            {
                writer.Line("float* sum = c + (m - m0) * ldc - j, result = y + m * ldy;");
                scope.Variables["j"] = "j";
                var loop = new Loop("n", Dim.Of(width), LoopKind.Lanes, [.. body.Select(s => Shifted(s, "n", "j"))]);
                LoopEmitter.WriteRange(writer, kernels.Target, kernels, scope, loop, "0", LinearLoops.Text(width));
            }
            else
            {
                writer.Line("float* sum = c + (m - m0) * ldc - j, result = y + m * ldy;");
                LoopEmitter.WriteRange(writer, kernels.Target, kernels, scope, new Loop("n", Dim.One, LoopKind.Lanes, body), "j", "j1");
            }
        }
    }

    private static bool UsesAsValue(IReadOnlyList<Statement> statements, string variable) =>
        statements.Any(s => s is not (Load or Store) && (s is not Let let || let.Args.Contains(variable)));

    private static Statement Shifted(Statement statement, string variable, string start) => statement switch
    {
        Load load => load with { From = Shifted(load.From, variable, start) },
        Store store => store with { To = Shifted(store.To, variable, start) },
        _ => statement,
    };

    private static Access Shifted(Access access, string variable, string start) =>
        access with { Terms = [.. access.Terms.SelectMany(t => t.Variable == variable ? [t with { Variable = start }, t] : new[] { t })] };
}
