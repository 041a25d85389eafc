using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// A mask that replaces scores becomes one that is added to them, as in the other exporters' files.
/// <code>
/// Softmax(Select(m, −∞, s))        → Softmax(s + Select(m, −∞, 0))
/// Softmax(Select(m, s, −3.4e38))   → Softmax(s + Select(m, 0, −3.4e38))
/// </code>
/// Only for numbers so large that adding a score to them gives them back: the bits stay the same.
/// </summary>
public sealed class MaskAddition : RewritePass
{
    private const double Huge = -1e30;

    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is not Select || !node.Output.Type.IsFloat() || node.Output.Users.Count == 0
            || rewriter.Graph.IsOutput(node.Output) || node.Output.Users.Any(u => u.Operator is not Softmax))
        {
            return;
        }

        var (condition, a, b) = (node.In(0), node.In(1), node.In(2));
        var zero = Rewriter.Scalar(node.Output.Type, 0);
        Value? mask = null;
        var scores = a;
        if (a.IsScalar(out var number) && number <= Huge)
        {
            scores = b;
            mask = rewriter.Add(node, new Select(), condition, Rewriter.Scalar(a.Type, number), zero);
        }
        else if (b.IsScalar(out number) && number <= Huge)
        {
            mask = rewriter.Add(node, new Select(), condition, zero, Rewriter.Scalar(b.Type, number));
        }

        if (mask is not null && scores.Shape == node.Output.Shape)
        {
            rewriter.Replace(node, rewriter.Add(node, new Binary(BinaryKind.Add), scores, mask));
        }
    }
}
