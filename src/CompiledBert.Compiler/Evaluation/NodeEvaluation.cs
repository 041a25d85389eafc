using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Evaluation;

/// <summary>One node's results from its operands: which operator is computed where.</summary>
public static class NodeEvaluation
{
    /// <summary>Computes a node. <paramref name="lengthOf"/> gives what symbols stand for.</summary>
    /// <exception cref="EvaluationException">The data does not allow it, such as an index out of range.</exception>
    public static IReadOnlyList<Tensor> Evaluate(Node node, IReadOnlyList<Tensor?> inputs, Func<Symbol, long> lengthOf) =>
        Evaluate(node.Operator, inputs, node.Outputs[0].Type, lengthOf);

    /// <summary>Computes an operator whose first result is of type <paramref name="type"/>.</summary>
    internal static IReadOnlyList<Tensor> Evaluate(Operator op, IReadOnlyList<Tensor?> inputs, DataType type, Func<Symbol, long> lengthOf)
    {
        Tensor In(int i) => inputs[i] ?? throw new InvalidOperationException($"Input {i} of {op.Name} is absent.");
        Tensor? Optional(int i) => i < inputs.Count ? inputs[i] : null;
        long Length(Dim dim) => dim.Evaluate(lengthOf);
        long[] Lengths(IEnumerable<Dim> dims) => [.. dims.Select(Length)];
        return op switch
        {
            Unary unary => [UnaryEvaluation.Evaluate(unary.Kind, In(0))],
            Binary binary => [BinaryEvaluation.Evaluate(binary.Kind, In(0), In(1))],
            Select => [BinaryEvaluation.Select(In(0), In(1), In(2))],
            Cast cast => [UnaryEvaluation.Cast(cast.To, In(0))],
            Reshape reshape => [In(0).Reshaped(Lengths(reshape.To))],
            Transpose transpose => [LayoutEvaluation.Transpose(transpose.Permutation, In(0))],
            Expand expand => [LayoutEvaluation.Expand(Lengths(expand.To), In(0))],
            Slice slice => [LayoutEvaluation.Slice(slice.Axis, Length(slice.Start), slice.Step, Length(slice.Length), In(0))],
            Concat concat => [LayoutEvaluation.Concat(concat.Axis, [.. inputs.Select((_, i) => In(i))])],
            Pad pad => [LayoutEvaluation.Pad(Lengths(pad.Before), Lengths(pad.After), In(0), Optional(1))],
            Iota iota => [LayoutEvaluation.Iota(type, Length(iota.Start), iota.Step, Length(iota.Length))],
            Gather gather => [GatherEvaluation.Gather(gather.Axis, In(0), In(1))],
            GatherElements gather => [GatherEvaluation.GatherElements(gather.Axis, In(0), In(1))],
            GatherNd gather => [GatherEvaluation.GatherNd(gather.BatchDims, In(0), In(1))],
            ScatterNd scatter => [GatherEvaluation.ScatterNd(scatter.Combine, In(0), In(1), In(2))],
            Reduce reduce => [ReductionEvaluation.Reduce(reduce.Kind, reduce.Axes, In(0))],
            CumSum sum => [ReductionEvaluation.CumSum(sum.Axis, sum.Exclusive, sum.Reverse, In(0))],
            ArgExtremum arg => [ReductionEvaluation.ArgExtremum(arg.Axis, arg.Largest, arg.SelectLast, In(0))],
            MatMul => [ProductEvaluation.MatMul(In(0), In(1))],
            Linear => [ProductEvaluation.Linear(In(0), In(1), Optional(2))],
            QuantizeRows => QuantizedEvaluation.QuantizeRows(In(0)),
            IntegerLinear => [QuantizedEvaluation.IntegerLinear(In(0), In(1), Optional(2))],
            Conv1d c => [ProductEvaluation.Conv1d((int)c.Groups, (int)c.Stride, (int)c.Dilation, (int)c.PadBefore, (int)c.PadAfter, In(0), In(1), Optional(2))],
            Softmax softmax => [NormEvaluation.Softmax(softmax.Axis, In(0))],
            LayerNorm norm => [NormEvaluation.LayerNorm(norm.Epsilon, In(0), In(1), Optional(2))],
            RmsNorm norm => [NormEvaluation.RmsNorm(norm.Epsilon, In(0), In(1))],
            _ => throw new InvalidOperationException($"{op.Name} has no evaluation."),
        };
    }
}
