using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Passes;

namespace CompiledBert.Compiler.Tests.Passes;

/// <summary>A graph written by hand in few words, with made-up weights, and what tests ask about it after passes.</summary>
internal sealed class Sketch
{
    public static readonly Symbol B = new("B");
    public static readonly Symbol T = new("T");
    private readonly Random _random = new(7);
    private int _names;

    public Sketch() => Graph.Symbols.AddRange([B, T]);

    public ModelGraph Graph { get; } = new();

    public static Dim Batch => Dim.Of(B);

    public static Dim Tokens => Dim.Of(T);

    /// <summary>Runs passes over a graph and asserts that it computes the same as without them; returns it for questions about its structure.</summary>
    public static ModelGraph Check(Func<Sketch, Value> build, params Pass[] passes) =>
        Check(build, graph => PassPipeline.Repeat(graph, passes));

    /// <summary>The same for all passes.</summary>
    public static ModelGraph CheckAll(Func<Sketch, Value> build) => Check(build, PassPipeline.Run);

    private static ModelGraph Check(Func<Sketch, Value> build, Func<ModelGraph, bool> run)
    {
        var (before, after) = (Made(build), Made(build));
        GraphVerifier.Verify(before, "building");
        Assert.True(run(after), "The passes do not come to an end.");
        foreach (var (batch, tokens) in new[] { (2, 5), (1, 1), (3, 2) })
        {
            var inputs = Inputs(before, batch, tokens);
            Evaluation.Evaluate.Same(GraphEvaluator.Run(before, inputs)["y"], GraphEvaluator.Run(after, inputs)["y"], 2e-5f);
        }

        return after;
    }

    public Value Input(DataType type, params Dim[] dims) => Graph.AddInput("in" + Graph.Inputs.Count, type, new Shape(dims));

    public Value X(params Dim[] dims) => Input(DataType.Float32, dims);

    public Value Weights(params long[] dims)
    {
        var values = new float[dims.Aggregate(1L, (p, d) => p * d)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (_random.NextSingle() - 0.5f) * 2;
        }

        return ModelGraph.Constant("w" + _names++, TensorData.FromFloats(dims, values));
    }

    public static Value C(float value) => ModelGraph.Constant(value);

    public Value Add(Operator op, params Value?[] inputs)
    {
        var name = op.Name + _names++;
        return Graph.Add(name, op, inputs, [name]);
    }

    public Value Add(UnaryKind kind, Value x) => Add(new Unary(kind), x);

    public Value Add(BinaryKind kind, Value a, Value b) => Add(new Binary(kind), a, b);

    public Value Plus(Value a, Value b) => Add(BinaryKind.Add, a, b);

    public Value Times(Value a, Value b) => Add(BinaryKind.Mul, a, b);

    public Value Reshape(Value x, params Dim[] dims) => Add(new Reshape(new Shape(dims)), x);

    public Value Transpose(Value x, params int[] permutation) => Add(new Transpose(permutation), x);

    public Value Expand(Value x, params Dim[] dims) => Add(new Expand(new Shape(dims)), x);

    public Value MatMul(Value a, Value b) => Add(new MatMul(), a, b);

    /// <summary>MatMul with new weights and Add with a new bias.</summary>
    public Value Dense(Value x, int outputs) => Plus(MatMul(x, Weights(x.Shape[-1].Value, outputs)), Weights(outputs));

    /// <summary>LayerNorm in nine nodes, as exporters wrote it up to opset 16.</summary>
    public Value Norm(Value x)
    {
        var axis = x.Shape.Rank - 1;
        var d = Add(BinaryKind.Sub, x, Add(new Reduce(ReduceKind.Mean, axis), x));
        var variance = Add(new Reduce(ReduceKind.Mean, axis), Add(BinaryKind.Pow, d, C(2)));
        var normed = Add(BinaryKind.Div, d, Add(UnaryKind.Sqrt, Plus(variance, C(1e-5f))));
        return Plus(Times(normed, Weights(x.Shape[-1].Value)), Weights(x.Shape[-1].Value));
    }

    private static ModelGraph Made(Func<Sketch, Value> build)
    {
        var sketch = new Sketch();
        sketch.Graph.Outputs.Add(("y", build(sketch)));
        return sketch.Graph;
    }

    private static Dictionary<string, Tensor> Inputs(ModelGraph graph, int batch, int tokens)
    {
        var random = new Random(batch + (100 * tokens));
        var inputs = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var input in graph.Inputs)
        {
            var dims = input.Shape.Select(d => d.Evaluate(s => s == B ? batch : tokens)).ToArray();
            var count = (int)dims.Aggregate(1L, (p, d) => p * d);
            Array values = input.Type.IsFloat()
                ? Enumerable.Range(0, count).Select(_ => (random.NextSingle() - 0.5f) * 4).ToArray()
                : Enumerable.Range(0, count).Select(_ => (long)random.Next(2)).ToArray();
            inputs[input.Name] = Tensor.Of(input.Type, dims, values);
        }

        return inputs;
    }
}

/// <summary>Questions about a graph.</summary>
internal static class GraphQuestions
{
    /// <summary>The operators' names in order, such as <c>Linear GeluErf Linear</c>.</summary>
    public static string Text(this ModelGraph graph) => string.Join(' ', graph.Nodes.Select(n => n.Operator.Name));

    public static int CountOf<T>(this ModelGraph graph)
        where T : Operator => graph.Nodes.Count(n => n.Operator is T);

    public static Node Only<T>(this ModelGraph graph)
        where T : Operator => graph.Nodes.Single(n => n.Operator is T);
}
