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
        foreach (var weight in new[] { 0.501f, 256f, -256f })
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

    [Theory]
    [InlineData(0, 255, 0, 1)]
    [InlineData(0, 255, 131, 0.017f)]
    [InlineData(-128, 127, -6, 0.25f)]
    public void Fixed_scales_and_zero_points_and_unsigned_weights_keep_their_meaning(float low, float high, float zero, float scale)
    {
        var random = new Random(5);
        float[] x = [.. Enumerable.Range(0, 3 * 16).Select(_ => (float)(random.NextDouble() * 600) - 300)];
        var inputs = new Dictionary<string, CompiledBert.Compiler.Evaluation.Tensor> { ["x"] = CompiledBert.Compiler.Evaluation.Tensor.Of([3, 16], x) };
        ModelGraph Make()
        {
            var graph = new ModelGraph();
            var operand = graph.AddInput("x", DataType.Float32, new Shape(3, 16));
            Value Add(Operator op, params Value[] operands) => graph.Add("v", op, operands, ["v"]);
            var whole = Add(
                new Binary(BinaryKind.Min),
                Add(new Binary(BinaryKind.Max), Add(new Unary(UnaryKind.Round), operand), ModelGraph.Constant(low)), ModelGraph.Constant(high));
            var centred = zero == 0 ? whole : Add(new Binary(BinaryKind.Add), whole, ModelGraph.Constant(-zero));
            var scaled = Add(new Binary(BinaryKind.Mul), centred, ModelGraph.Constant(scale));

            // Stored as 0 … 255 around 100, a step for each column, and a factor that a pass has folded in.
            float[] weights = [.. Enumerable.Range(0, 16 * 5).Select(i => ((i * 37 % 256) - 100) * (0.003f * ((i % 5) + 1)) * 0.7f)];
            graph.Outputs.Add(("y", Add(new Linear(), scaled, ModelGraph.Constant("w", TensorData.FromFloats([16, 5], weights)))));
            return graph;
        }

        var before = CompiledBert.Compiler.Evaluation.GraphEvaluator.Run(Make(), inputs)["y"].Floats;
        var graph = Make();
        IntegerRecognition.Run(graph);
        var after = CompiledBert.Compiler.Evaluation.GraphEvaluator.Run(graph, inputs)["y"].Floats;

        Assert.Contains(graph.Nodes, n => n.Operator is IntegerLinear);
        var largest = before.Max(MathF.Abs);
        Assert.All(before.Zip(after), pair => Assert.InRange(MathF.Abs(pair.First - pair.Second), 0, 3e-6f * largest));
    }

    [Fact]
    public void Whole_numbers_may_be_moved_before_they_are_centred_and_after()
    {
        static ModelGraph Make()
        {
            var graph = new ModelGraph();
            Value Add(Operator op, params Value[] operands) => graph.Add("v", op, operands, ["v"]);
            var rounded = Add(new Unary(UnaryKind.Round), graph.AddInput("x", DataType.Float32, new Shape(2, 3, 4)));
            var whole = Add(new Binary(BinaryKind.Min), Add(new Binary(BinaryKind.Max), rounded, ModelGraph.Constant(0f)), ModelGraph.Constant(255f));
            var centred = Add(new Binary(BinaryKind.Add), Add(new Transpose(1, 0, 2), whole), ModelGraph.Constant(-135f));
            var rows = Add(new Slice(0, 1, 1, 2), Add(new Reshape(new Shape(3, 8)), centred));
            float[] weights = [.. Enumerable.Range(0, 8 * 5).Select(i => (i * 37 % 256) - 100f)];
            graph.Outputs.Add(("y", Add(new Linear(), rows, ModelGraph.Constant("w", TensorData.FromFloats([8, 5], weights)))));
            return graph;
        }

        float[] x = [.. Enumerable.Range(0, 24).Select(i => (i * 29 % 300) - 20.3f)];
        var inputs = new Dictionary<string, CompiledBert.Compiler.Evaluation.Tensor> { ["x"] = CompiledBert.Compiler.Evaluation.Tensor.Of([2, 3, 4], x) };
        var graph = Make();
        IntegerRecognition.Run(graph);

        Assert.Contains(graph.Nodes, n => n.Operator is IntegerLinear);
        Assert.Equal(
            CompiledBert.Compiler.Evaluation.GraphEvaluator.Run(Make(), inputs)["y"].Floats,
            CompiledBert.Compiler.Evaluation.GraphEvaluator.Run(graph, inputs)["y"].Floats);
    }

    [Fact]
    public void Floats_have_no_step_and_stored_integers_have_theirs()
    {
        var random = new Random(3);
        Assert.Null(StoredIntegers.StepOf([.. Enumerable.Range(0, 64).Select(_ => (float)random.NextDouble())]));
        Assert.Null(StoredIntegers.StepOf([.. Enumerable.Range(0, 64).Select(i => i == 40 ? float.NaN : i * 0.1f)]));
        for (var trial = 0; trial < 200; trial++)
        {
            var step = (float)Math.Exp(random.NextDouble() * 8 - 9);
            float[] column = [.. Enumerable.Range(0, 33).Select(i => (i == 7 ? 1 : random.Next(-128, 128)) * step)];
            Assert.Equal(step, StoredIntegers.StepOf(column));
        }
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
