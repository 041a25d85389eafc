namespace CompiledBert.Compiler.Schedule;

/// <summary>
/// Moves what sums of integers are multiplied with, a scale of their row and one of their column, and the bias from the program behind a product into the
/// product itself: the kernel has the sums in registers there.
/// </summary>
internal static class Dequantization
{
    /// <summary>The step with its scales; itself where it is no product of integers, or its program begins in another way.</summary>
    public static Step Of(Step step)
    {
        // Kernels read scales by whole panels.
        if (step is not LinearStep { IsInteger: true, Scales: null } linear || linear.N % 16 != 0)
        {
            return step;
        }

        return linear.Row.Count > 0 ? (linear.Tile.Count == 0 ? OfRow(linear) : linear) : OfTile(linear);
    }

    private static LinearStep OfTile(LinearStep step)
    {
        var reads = Programs.CountReads(step.Tile);
        if (reads.GetValueOrDefault("acc") != 1 || Chain.Find(step.Tile, step.Tile, "acc", "m", "n", reads, step.TileResult) is not { } chain)
        {
            return step;
        }

        return step with
        {
            Scales = chain.Scales,
            Tile = chain.Remove(step.Tile, "acc"),
            TileResult = step.TileResult == chain.Result ? "acc" : step.TileResult,
        };
    }

    private static LinearStep OfRow(LinearStep step)
    {
        // The program's first and only look at the sums.
        var all = Programs.Flatten(step.Row).ToList();
        if (all.OfType<Load>().Where(l => l.From.Buffer == step.Y.Buffer).ToArray() is not [var sum]
            || step.Row is not [Loop { Body: var row, Variable: var m }]
            || row.OfType<Loop>().FirstOrDefault(l => l.Body.Contains(sum)) is not { } columns
            || !columns.Extent.Is(step.N)
            || !IsElementOfY(sum.From, m, columns.Variable, step)
            || all.Take(all.IndexOf(sum)).OfType<Store>().Any(s => s.To.Buffer == step.Y.Buffer))
        {
            return step;
        }

        var reads = Programs.CountReads(step.Row);
        if (reads.GetValueOrDefault(sum.Id) != 1
            || Chain.Find([.. row.TakeWhile(s => s != columns), .. columns.Body], columns.Body, sum.Id, m, columns.Variable, reads, "") is not { } chain)
        {
            return step;
        }

        return step with { Scales = chain.Scales, Row = chain.Remove(step.Row, sum.Id) };
    }

    private static bool IsElementOfY(Access access, string row, string column, LinearStep step) =>
        access.Offset.Equals(step.Y.Offset) && access.Terms.Count == 2
        && access.Terms.Any(t => t.Variable == row && t.Stride.Equals(step.Y.RowStride)) && access.Terms.Any(t => t.Variable == column && t.Stride.Is(1));

    /// <summary>The operations that give a sum its scales and its bias.</summary>
    private sealed record Chain(ColumnScales Scales, IReadOnlyList<Statement> Statements, string Result)
    {
        /// <summary>Finds them; null where they are not all there, in this order.</summary>
        public static Chain? Find(
            IReadOnlyList<Statement> known, IReadOnlyList<Statement> block, string sum, string row, string column,
            IReadOnlyDictionary<string, int> reads, string result)
        {
            Load? Operand(Let let, string value) =>
                known.OfType<Load>().FirstOrDefault(l => l.Type == DataType.Float32 && let.Args.Contains(l.Id) && l.Id != value);
            Let? Reader(string value, string op) => block.OfType<Let>().FirstOrDefault(l => l.Op == op && l.Args.Contains(value));
            bool IsAlone(string value) => value != result && reads.GetValueOrDefault(value) == 1;

            if (Reader(sum, "mul") is not { } ofRow || Operand(ofRow, sum) is not { } rows || !Programs.IsElement(rows.From, row) || !IsAlone(ofRow.Id)
                || Reader(ofRow.Id, "mul") is not { } ofColumn || Operand(ofColumn, ofRow.Id) is not { } columns || !Programs.IsElement(columns.From, column))
            {
                return null;
            }

            var statements = new List<Statement> { ofRow, ofColumn };
            statements.AddRange(new[] { rows, columns }.Where(l => reads[l.Id] == 1));
            if (IsAlone(ofColumn.Id) && Reader(ofColumn.Id, "add") is { } added
                && Operand(added, ofColumn.Id) is { } bias && Programs.IsElement(bias.From, column))
            {
                statements.Add(added);
                statements.AddRange(reads[bias.Id] == 1 ? [bias] : []);
                return new Chain(new ColumnScales(rows.From.Buffer, columns.From.Buffer, bias.From.Buffer), statements, added.Id);
            }

            return new Chain(new ColumnScales(rows.From.Buffer, columns.From.Buffer, null), statements, ofColumn.Id);
        }

        /// <summary>The program without them, in which a name stands for their result.</summary>
        public IReadOnlyList<Statement> Remove(IReadOnlyList<Statement> program, string name) =>
        [
            .. program.Where(s => !Statements.Contains(s))
                .Select(s => s is Loop loop ? loop with { Body = Remove(loop.Body, name) } : Programs.Rename(s, Result, name)),
        ];
    }
}
