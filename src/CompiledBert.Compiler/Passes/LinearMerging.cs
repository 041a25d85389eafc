using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Products over the same operand become one: its rows are read once.
/// <code>
/// x ─┬─ Linear(Wq, bq)           x ── Linear([Wq Wk Wv], [bq bk bv]) ─┬─ Slice(0 … N)
///    ├─ Linear(Wk, bk)     →                                          ├─ Slice(N … 2N)
///    └─ Linear(Wv, bv)                                                └─ Slice(2N … 3N)
/// </code>
/// Where an output needs only some rows of one of them, slices were pushed in front of it before: then the operands differ and it stays apart.
/// </summary>
public sealed class LinearMerging : Pass
{
    /// <inheritdoc/>
    public override bool Run(ModelGraph graph)
    {
        var rewriter = new Rewriter(graph);
        var groups = graph.Nodes
            .Where(n => n.Operator is Linear && n.Inputs.Skip(1).All(i => i is null or { IsConstant: true }))
            .GroupBy(n => n.In(0))
            .Where(g => g.Count() > 1)
            .ToArray();
        foreach (var group in groups)
        {
            Merge([.. group.OrderBy(Role)], rewriter);
        }

        return rewriter.Changed;
    }

    /// <summary>Queries before keys before values, whatever order the exporter computed them in.</summary>
    private static int Role(Node linear)
    {
        var value = linear.Output;
        for (var depth = 0; depth < 8 && value.Users.Count == 1 && value.Users[0] is { Outputs.Count: 1 } user; depth++)
        {
            if (user.Operator is MatMul)
            {
                return ReferenceEquals(user.In(0), value) ? 0 : Feeds(user, 6) ? 1 : 2;
            }

            value = user.Output;
        }

        return 3;

        // Whether a product becomes a softmax's operand: then its right operand is the keys.
        static bool Feeds(Node product, int depth) =>
            depth > 0 && product.Outputs[0].Users.Any(u => u.Operator is Softmax || (u.Operator.IsElementwise() && Feeds(u, depth - 1)));
    }

    private static void Merge(Node[] linears, Rewriter rewriter)
    {
        var first = linears[0];
        var weights = WeightAlgebra.Beside([.. linears.Select(l => l.In(1))]);
        var operands = new List<Value?> { first.In(0), weights };
        if (linears.Any(l => l.Inputs.Count > 2 && l.Inputs[2] is not null))
        {
            var bias = linears.SelectMany(l =>
                l.Inputs.Count > 2 && l.Inputs[2] is { } b ? b.ToVector(l.Output.Shape[-1]) : new float[l.Output.Shape[-1].Value]);
            operands.Add(WeightAlgebra.Vector("bias of " + weights.Name, [.. bias]));
        }

        var merged = rewriter.Add(first, new Linear(), [.. operands]);
        var start = 0L;
        foreach (var linear in linears)
        {
            var width = linear.Output.Shape[-1].Value;
            var slice = rewriter.Add(linear, new Slice(merged.Shape.Rank - 1, start, 1, width), merged);
            rewriter.Replace(linear, slice);
            start += width;
        }

        merged.Producer!.Origins = [.. linears.SelectMany(l => l.Origins).Distinct(StringComparer.Ordinal)];
    }
}
