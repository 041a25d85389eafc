using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Computes what depends on constants only. Small results are computed now; a large weight that is moved or converted becomes data that is
/// derived again from the file each time it is read, so that folding a 90 MB table costs no memory; what would make something large out of
/// something small stays a node.
/// <code>
/// Transpose(W)      → Wᵀ
/// Add(1, 2)         → 3
/// Iota(0, 1, 512)   → [0, 1 … 511]
/// Linear(table, W)  → the projected table
/// </code>
/// </summary>
public sealed class ConstantFolding : RewritePass
{
    private const long EagerBytes = 1 << 20;
    private const long GrowthBytes = 1 << 24;
    private const long MostProducts = 1 << 29;

    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        if (node.Outputs.Count != 1 || !node.Output.Shape.IsConstant || node.Inputs.Any(i => i is not null and not { Constant.IsUnknown: false }))
        {
            return;
        }

        if (node.Operator is Iota iota ? !iota.Start.IsConstant : node.Inputs.Count == 0)
        {
            return;
        }

        if (node.Operator is Slice { Start.IsConstant: false })
        {
            return;
        }

        var dims = node.Output.Shape.ToConstants();
        var bytesOut = node.Output.Shape.Elements.Value * node.Output.Type.BitsOf() / 8;
        var bytesIn = node.Inputs.OfType<Value>().Sum(i => i.Constant!.ByteLength);
        if (node.Operator is Reshape)
        {
            rewriter.Replace(node, ModelGraph.Constant(node.Output.Name, node.In(0).Constant!.Reshaped(dims)));
        }
        else if (bytesIn + bytesOut <= EagerBytes || (IsTable(node) && bytesOut <= GrowthBytes)
            || (bytesOut <= EagerBytes && node.Operator is Gather or GatherNd or GatherElements or Slice))
        {
            Tensor result;
            try
            {
                result = Evaluate(node.Operator, node.Inputs, node.Output.Type);
            }
            catch (EvaluationException)
            {
                // An index out of range in what may never run: it stays what it is.
                return;
            }

            rewriter.Replace(node, ModelGraph.Constant(node.Output.Name, result.ToData()));
        }
        else if (node.Operator is Transpose && dims.Length == 2 && node.Output.Type == DataType.Float32)
        {
            rewriter.Replace(node, WeightAlgebra.Transposed(node.In(0)));
        }
        else if (bytesOut <= (2 * bytesIn) + GrowthBytes && node.Operator is Unary or Binary or Select or Cast or Transpose or Slice or Concat or Expand)
        {
            var (op, inputs, type) = (node.Operator, node.Inputs.ToArray(), node.Output.Type);
            var data = TensorData.Derived(
                type, dims, () => Evaluate(op, inputs, type).ToBytes(), Recipe.Of(op, [type, .. inputs.Select(i => i?.Constant!.Identity ?? "")]));
            rewriter.Replace(node, ModelGraph.Constant(node.Output.Name, data));
        }
    }

    /// <summary>
    /// Whether a node makes a table out of weights, such as keys of relative positions, that a model would otherwise make again in every call.
    /// </summary>
    private static bool IsTable(Node node) => node.Operator switch
    {
        LayerNorm or RmsNorm => true,
        Linear or MatMul => node.In(0).Shape[-1].Value * node.Output.Shape.Elements.Value <= MostProducts,
        _ => false,
    };

    private static Tensor Evaluate(Operator op, IReadOnlyList<Value?> inputs, DataType type)
    {
        var operands = inputs.Select(i => i is null ? null : Tensor.Of(i.Constant!)).ToArray();
        return NodeEvaluation.Evaluate(op, operands, type, symbol => throw new EvaluationException($"{symbol} is not known."))[0];
    }
}
