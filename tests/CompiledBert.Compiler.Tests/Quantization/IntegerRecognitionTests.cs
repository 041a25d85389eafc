using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Quantization;
using Xunit;

namespace CompiledBert.Compiler.Tests.Quantization;

public class IntegerRecognitionTests
{
    [Theory]
    [InlineData(0, 255, true)]
    [InlineData(-128, 127, true)]
    [InlineData(0, 300, false)]
    public void A_product_of_whole_numbers_in_range_is_one_of_integers(float low, float high, bool isRecognised)
    {
        var graph = Product(low, high, 3);
        IntegerRecognition.Run(graph);

        Assert.Equal(isRecognised, graph.Nodes.Any(n => n.Operator is IntegerLinear));
        Assert.Equal(!isRecognised, graph.Nodes.Any(n => n.Operator is Linear));
    }

    [Fact]
    public void Weights_that_are_not_whole_or_too_large_stay_what_they_are()
    {
        foreach (var weight in new[] { 0.5f, 128f, -129f })
        {
            var graph = Product(0, 255, weight);
            IntegerRecognition.Run(graph);

            Assert.DoesNotContain(graph.Nodes, n => n.Operator is IntegerLinear);
        }
    }

    [Fact]
    public void The_meaning_stays()
    {
        var random = new Random(2);
        float[] x = [.. Enumerable.Range(0, 3 * 8).Select(_ => (float)(random.NextDouble() * 400) - 100)];
        var inputs = new Dictionary<string, CompiledBert.Compiler.Evaluation.Tensor> { ["x"] = CompiledBert.Compiler.Evaluation.Tensor.Of([3, 8], x) };
        var before = CompiledBert.Compiler.Evaluation.GraphEvaluator.Run(Product(0, 255, -127), inputs);
        var graph = Product(0, 255, -127);
        IntegerRecognition.Run(graph);

        Assert.Equal(before["y"].Floats, CompiledBert.Compiler.Evaluation.GraphEvaluator.Run(graph, inputs)["y"].Floats);
    }

    /// <summary>Rounded, cut off, minus a zero point that is computed, times a matrix that holds 1 … and <paramref name="weight"/>.</summary>
    private static ModelGraph Product(float low, float high, float weight)
    {
        var graph = new ModelGraph();
        var x = graph.AddInput("x", DataType.Float32, new Shape(3, 8));
        Value Add(string name, Operator op, params Value[] operands) => graph.Add(name, op, operands, [name]);
        var largest = Add("largest", new Reduce(ReduceKind.Max, 0, 1), x);
        var zero = Add("zero", new Reshape(new Shape()), Add("rounded zero", new Unary(UnaryKind.Round), largest));
        var rounded = Add("rounded", new Unary(UnaryKind.Round), x);
        var atLeast = Add("at least", new Binary(BinaryKind.Max), rounded, ModelGraph.Constant(low));
        var atMost = Add("at most", new Binary(BinaryKind.Min), atLeast, ModelGraph.Constant(high));
        var centred = Add("centred", new Binary(BinaryKind.Sub), atMost, zero);
        float[] weights = [.. Enumerable.Range(0, 8 * 4).Select(i => i == 5 ? weight : i % 7)];
        graph.Outputs.Add(("y", Add("y", new Linear(), centred, ModelGraph.Constant("w", TensorData.FromFloats([8, 4], weights)))));
        return graph;
    }
}
