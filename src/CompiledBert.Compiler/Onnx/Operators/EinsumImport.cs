using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Einsum as transposes, reshapes and matrix products: two operands at a time, labels that nothing needs any more are summed.</summary>
internal static class EinsumImport
{
    public static void Import(NodeImport n)
    {
        var equation = n.Text("equation", "").Replace(" ", "", StringComparison.Ordinal);
        var sides = equation.Split("->");
        var terms = sides[0].Split(',');
        if (equation.Length == 0 || sides.Length > 2 || terms.Length != n.InputCount)
        {
            throw n.BadAttribute("equation", $"'{Diagnostic.Abbreviate(equation)}' does not fit {n.InputCount} operands");
        }

        var operands = terms.Select((term, i) => Diagonal(n, Expand(n, term, n.Data(i).Shape.Rank), n.Data(i))).ToList();
        var result = sides.Length == 2
            ? Expand(n, sides[1], operands.Max(o => o.Labels.Count(char.IsDigit)) + sides[1].Count(char.IsAsciiLetter))
            : string.Concat(operands.SelectMany(o => o.Labels).GroupBy(l => l).Where(g => char.IsDigit(g.Key) || g.Count() == 1).Select(g => g.Key).Order());
        if (result.Any(l => !operands.Any(o => o.Labels.Contains(l, StringComparison.Ordinal))) || result.Distinct().Count() != result.Length)
        {
            throw n.BadAttribute("equation", $"'{Diagnostic.Abbreviate(equation)}' makes labels out of nothing");
        }

        var (labels, value) = Sum(n, operands[0], string.Concat(operands.Skip(1).Select(o => o.Labels)) + result);
        for (var i = 1; i < operands.Count; i++)
        {
            var later = string.Concat(operands.Skip(i + 1).Select(o => o.Labels)) + result;
            (labels, value) = Multiply(n, (labels, value), operands[i], later);
        }

        n.Set(n.EmitTranspose(value, [.. result.Select(l => labels.IndexOf(l, StringComparison.Ordinal))]));
    }

    /// <summary>One label an axis; the axes of an ellipsis get digits, counted from the right so that they broadcast.</summary>
    private static string Expand(NodeImport n, string term, int rank)
    {
        var letters = term.Replace("...", "", StringComparison.Ordinal);
        var open = rank - letters.Length;
        if (!letters.All(char.IsAsciiLetter) || open < 0 || open > 9 || (open > 0 && letters.Length == term.Length))
        {
            throw n.Unsupported($"the term '{Diagnostic.Abbreviate(term)}' for {rank} axes");
        }

        return term.Replace("...", string.Concat(Enumerable.Range(0, open).Select(i => (char)('0' + open - 1 - i))), StringComparison.Ordinal);
    }

    /// <summary>Where a label stands on two axes, only elements with the same index on both count: the second axis is summed over them.</summary>
    private static (string Labels, Value Value) Diagonal(NodeImport n, string labels, Value x)
    {
        for (var axis = 0; axis < labels.Length; axis++)
        {
            for (var other = labels.LastIndexOf(labels[axis]); other > axis; other = labels.LastIndexOf(labels[axis]))
            {
                n.RequireSame(x.Shape[axis], x.Shape[other], $"lengths of '{labels[axis]}'");
                Value Positions(int along) => n.EmitReshape(n.Emit(new Iota(Dim.Zero, 1, x.Shape[along])), x.Shape.Select((d, a) => a == along ? d : Dim.One));
                var isDiagonal = n.Emit(BinaryKind.Equal, Positions(axis), Positions(other));
                var sum = n.Emit(new Reduce(ReduceKind.Sum, other), n.EmitSelect(isDiagonal, x, NodeImport.Scalar(x.Type, 0)));
                x = n.EmitReshape(sum, sum.Shape.Where((_, a) => a != other));
                labels = labels.Remove(other, 1);
            }
        }

        return (labels, x);
    }

    private static (string Labels, Value Value) Sum(NodeImport n, (string Labels, Value Value) x, string needed)
    {
        var kept = string.Concat(x.Labels.Where(l => needed.Contains(l, StringComparison.Ordinal)));
        if (kept.Length == x.Labels.Length)
        {
            return x;
        }

        int[] axes = [.. Enumerable.Range(0, x.Labels.Length).Where(i => !kept.Contains(x.Labels[i], StringComparison.Ordinal))];
        var sum = n.Emit(new Reduce(ReduceKind.Sum, axes), x.Value);
        return (kept, n.EmitReshape(sum, sum.Shape.Where((_, axis) => !axes.Contains(axis))));
    }

    private static (string Labels, Value Value) Multiply(NodeImport n, (string Labels, Value Value) a, (string Labels, Value Value) b, string needed)
    {
        a = Sum(n, a, b.Labels + needed);
        b = Sum(n, b, a.Labels + needed);
        foreach (var label in a.Labels.Intersect(b.Labels))
        {
            var (i, j) = (a.Labels.IndexOf(label, StringComparison.Ordinal), b.Labels.IndexOf(label, StringComparison.Ordinal));
            if (!a.Value.Shape[i].Is(1) && !b.Value.Shape[j].Is(1))
            {
                n.RequireSame(a.Value.Shape[i], b.Value.Shape[j], $"lengths of '{label}'");
            }
        }

        var both = a.Labels.Intersect(b.Labels).ToArray();
        var batch = string.Concat(both.Where(l => needed.Contains(l, StringComparison.Ordinal)));
        var inner = string.Concat(both.Where(l => !needed.Contains(l, StringComparison.Ordinal)));
        var rows = string.Concat(a.Labels.Except(both));
        var columns = string.Concat(b.Labels.Except(both));
        var left = Arrange(n, a, batch, rows, inner);
        var right = Arrange(n, b, batch, inner, columns);
        var product = n.EmitMatMul(left, right);
        var dims = product.Shape.Take(batch.Length)
            .Concat(rows.Select(l => a.Value.Shape[a.Labels.IndexOf(l, StringComparison.Ordinal)]))
            .Concat(columns.Select(l => b.Value.Shape[b.Labels.IndexOf(l, StringComparison.Ordinal)]));
        return (batch + rows + columns, n.EmitReshape(product, dims));
    }

    /// <summary>Batch axes apart, then one axis for each of two groups.</summary>
    private static Value Arrange(NodeImport n, (string Labels, Value Value) x, string batch, string first, string second)
    {
        var order = batch + first + second;
        var value = n.EmitTranspose(x.Value, [.. order.Select(l => x.Labels.IndexOf(l, StringComparison.Ordinal))]);
        var shape = value.Shape;
        return n.EmitReshape(
            value,
            [.. shape.Take(batch.Length), new Shape(shape.Skip(batch.Length).Take(first.Length)).Elements,
                new Shape(shape.Skip(batch.Length + first.Length)).Elements]);
    }
}
