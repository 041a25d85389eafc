using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// A convolution of one tap in groups is a matrix product for each group of channels, over rows of tokens.
/// <code>
/// Conv1d(x [B,G·I,T], w [G·O,I,1])  → Transpose(Reshape(MatMul(x as [B,G,T,I], wᵀ [G,I,O])))
/// </code>
/// </summary>
public sealed class GroupedConvolution : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Operator is not Conv1d { Groups: > 1, Stride: 1, PadBefore: 0, PadAfter: 0 } conv
            || node.In(1) is not { IsConstant: true, Type: DataType.Float32 } w || !w.Shape[2].Is(1) || w.Shape[1].Is(1))
        {
            return;
        }

        var groups = Dim.Of(conv.Groups);
        var (inputs, outputs) = (w.Shape[1], Dim.Of(w.Shape[0].Value / conv.Groups));
        var (batch, tokens) = (node.In(0).Shape[0], node.In(0).Shape[2]);
        var rows = rewriter.Add(node, new Transpose(0, 2, 1), node.In(0));
        var grouped = rewriter.Add(node, new Transpose(0, 2, 1, 3), rewriter.Reshaped(node, rows, new Shape(batch, tokens, groups, inputs)));
        var weights = rewriter.Add(node, new Transpose(0, 2, 1), rewriter.Reshaped(node, w, new Shape(groups, outputs, inputs)));
        var product = rewriter.Add(node, new Transpose(0, 2, 1, 3), rewriter.Add(node, new MatMul(), grouped, weights));
        var result = rewriter.Reshaped(node, product, new Shape(batch, tokens, groups * outputs));
        if (node.Inputs.Count > 2 && node.Inputs[2] is { } bias)
        {
            result = rewriter.Add(node, new Binary(BinaryKind.Add), result, bias);
        }

        rewriter.Replace(node, rewriter.Add(node, new Transpose(0, 2, 1), result));
    }
}
