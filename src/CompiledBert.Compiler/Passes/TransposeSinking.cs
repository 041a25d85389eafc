using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Elementwise work happens on rows as they lie in memory: a transpose that moves the last axis goes behind it, where it meets another and both vanish.
/// <code>
/// f(Transpose(x))                 → Transpose(f(x))
/// Transpose(x) + Transpose(y)     → Transpose(x + y)           where both move alike
/// </code>
/// </summary>
public sealed class TransposeSinking : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is not (Unary or Binary) || !node.In(0).Is<Transpose>(out var transpose, out _)
            || transpose.Permutation[^1] == transpose.Permutation.Length - 1)
        {
            return;
        }

        var operands = new Value[node.Inputs.Count];
        for (var i = 0; i < operands.Length; i++)
        {
            if (!node.In(i).Is<Transpose>(out var same, out operands[i]) || !same.Permutation.SequenceEqual(transpose.Permutation)
                || node.In(i).Shape != node.Output.Shape)
            {
                return;
            }
        }

        var result = rewriter.Add(node, node.Operator, operands);
        rewriter.Replace(node, rewriter.Add(node, new Transpose(transpose.Permutation), result));
    }
}
