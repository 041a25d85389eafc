using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Tests.Evaluation;

/// <summary>Runs one operator on literal data.</summary>
internal static class Evaluate
{
    public static Tensor Node(Operator op, params Tensor?[] inputs)
    {
        var graph = new ModelGraph();
        var given = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        var operands = new List<Value?>();
        foreach (var tensor in inputs)
        {
            if (tensor is null)
            {
                operands.Add(null);
                continue;
            }

            if (op is Linear && operands.Count > 0)
            {
                // Its weights and bias are constants by definition.
                operands.Add(ModelGraph.Constant("w", tensor.ToData()));
                continue;
            }

            var name = "x" + operands.Count;
            operands.Add(graph.AddInput(name, tensor.Type, Shape.Of(tensor.Dims)));
            given[name] = tensor;
        }

        var node = graph.AddNode(["y"], op, operands, []);
        graph.Outputs.Add(("y", node.Output));
        GraphVerifier.Verify(graph, "test");
        return GraphEvaluator.Run(graph, given)["y"];
    }

    public static Tensor F(long[] dims, params float[] values) => Tensor.Of(dims, values);

    public static Tensor F(params float[] values) => Tensor.Of([values.Length], values);

    public static Tensor I(long[] dims, params long[] values) => Tensor.Of(dims, values);

    public static Tensor I(params long[] values) => Tensor.Of([values.Length], values);

    public static Tensor B(params long[] values) => Tensor.Of(DataType.Bool, [values.Length], values);

    public static void Same(Tensor expected, Tensor actual, float tolerance = 0)
    {
        Assert.Equal(expected.Dims, actual.Dims);
        if (!expected.IsFloat)
        {
            Assert.Equal(expected.Integers, actual.Integers);
            return;
        }

        for (var i = 0; i < expected.Count; i++)
        {
            var (e, a) = (expected.Floats[i], actual.Floats[i]);
            Assert.True(e.Equals(a) || e == a || MathF.Abs(e - a) <= tolerance * MathF.Max(1, MathF.Abs(e)), $"element {i}: {a} instead of {e}");
        }
    }
}
