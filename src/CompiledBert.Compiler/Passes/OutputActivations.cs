using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Heads;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Whether the outputs of a graph are logits or probabilities: by the softmax or sigmoid that makes them, seen through what only
/// moves, picks, converts or bounds elements.
/// <code>
/// Softmax(x) → Cast → Squeeze → output      is a softmax
/// Softmax(x) → Slice of one label → output  is as good as a sigmoid: log(p / (1 − p)) is its logit
/// </code>
/// </summary>
internal static class OutputActivations
{
    /// <summary>The activation of a graph's first output.</summary>
    public static OutputActivation Of(ModelGraph graph) => Of(graph.Outputs[0].Value);

    private static OutputActivation Of(Value output)
    {
        var width = output.Shape.Rank == 0 ? Dim.One : output.Shape[^1];
        for (var value = output; value.Producer is { } node;)
        {
            switch (node.Operator)
            {
                case Unary { Kind: UnaryKind.Sigmoid }:
                    return OutputActivation.Sigmoid;
                case Softmax softmax:
                    return node.Output.Shape[softmax.Axis] == width
                        ? OutputActivation.Softmax
                        : width == Dim.One ? OutputActivation.Sigmoid : OutputActivation.None;
                case Unary { Kind: UnaryKind.Identity } or Cast or Reshape or Transpose or Expand or Slice or Gather:
                    value = node.In(0);
                    break;
                case Binary { Kind: BinaryKind.Min or BinaryKind.Max } when node.In(0).IsConstant || node.In(1).IsConstant:
                    value = node.In(0).IsConstant ? node.In(1) : node.In(0);
                    break;
                default:
                    return OutputActivation.None;
            }
        }

        return OutputActivation.None;
    }
}
