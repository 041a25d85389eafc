using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Tests.Fusion;

/// <summary>A BERT in canonical form with made-up weights, small enough to interpret.</summary>
internal sealed class TinyBert
{
    private readonly Random _random = new(7);
    private readonly bool _isGuarded;

    public const int Hidden = 24;
    public const int Heads = 3;
    public const int Inner = 40;
    public const int Vocabulary = 50;
    public const int Positions = 16;

    public ModelGraph Graph { get; } = new() { SourceNodeCount = 100 };

    /// <summary>Makes one.</summary>
    /// <param name="layers">Its layers.</param>
    /// <param name="preNorm">Whether norms come first.</param>
    /// <param name="isGuarded">Whether the mask is of −∞, with a guard against rows without tokens.</param>
    public TinyBert(int layers, bool preNorm = false, bool isGuarded = false)
    {
        _isGuarded = isGuarded;
        var (batch, tokens) = (new Symbol("B"), new Symbol("T"));
        Graph.Symbols.AddRange([batch, tokens]);
        var shape = new Shape(Dim.Of(batch), Dim.Of(tokens));
        var ids = Graph.AddInput("input_ids", DataType.Int64, shape);
        var mask = Graph.AddInput("attention_mask", DataType.Int64, shape);

        var words = Add("words", new Gather(0), Weight(Vocabulary, Hidden), ids);
        var positions = Add("positions", new Slice(0, Dim.Zero, 1, Dim.Of(tokens)), Weight(Positions, Hidden));
        Graph.Limits.Add((Dim.Of(tokens), Positions));
        var hidden = Norm(Add("embeddings", new Binary(BinaryKind.Add), words, positions));

        var expanded = Add("mask4", new Reshape(new Shape(Dim.Of(batch), 1, 1, Dim.Of(tokens))), mask);
        var inverted = Add("inverted", new Binary(BinaryKind.Sub), ModelGraph.Constant(1f), Add("maskf", new Cast(DataType.Float32), expanded));
        var bias = isGuarded
            ? Add("bias", new Select(), Add("maskb", new Cast(DataType.Bool), expanded), ModelGraph.Constant(0f), ModelGraph.Constant(float.NegativeInfinity))
            : Add("bias", new Binary(BinaryKind.Mul), inverted, ModelGraph.Constant(-10000f));
        for (var layer = 0; layer < layers; layer++)
        {
            hidden = preNorm ? PreNorm(hidden, bias, batch, tokens) : PostNorm(hidden, bias, batch, tokens);
        }

        Graph.Outputs.Add(("last_hidden_state", hidden));
        Graph.Tidy();
        GraphVerifier.Verify(Graph, nameof(TinyBert));
    }

    public Value Add(string name, Operator op, params Value[] inputs) => Graph.Add(name, op, inputs, [name]);

    public Value Weight(params long[] dims)
    {
        var values = new float[dims.Aggregate(1L, (a, b) => a * b)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = ((float)_random.NextDouble() - 0.5f) * 0.8f;
        }

        return ModelGraph.Constant("w", TensorData.FromFloats(dims, values));
    }

    private Value Norm(Value x) => Add("norm", new LayerNorm(1e-5f), x, Weight(Hidden), Weight(Hidden));

    private Value Linear(Value x, long k, long n) => Add("linear", new Linear(), x, Weight(k, n), Weight(n));

    private Value PostNorm(Value x, Value bias, Symbol batch, Symbol tokens)
    {
        var attended = Norm(Add("residual", new Binary(BinaryKind.Add), Linear(Attention(x, bias, batch, tokens), Hidden, Hidden), x));
        return Norm(Add("residual", new Binary(BinaryKind.Add), FeedForward(attended), attended));
    }

    private Value PreNorm(Value x, Value bias, Symbol batch, Symbol tokens)
    {
        var attended = Add("residual", new Binary(BinaryKind.Add), Linear(Attention(Norm(x), bias, batch, tokens), Hidden, Hidden), x);
        return Add("residual", new Binary(BinaryKind.Add), attended, FeedForward(Norm(attended)));
    }

    private Value FeedForward(Value x) => Linear(Add("gelu", new Unary(UnaryKind.GeluErf), Linear(x, Hidden, Inner)), Inner, Hidden);

    private Value Attention(Value x, Value bias, Symbol batch, Symbol tokens)
    {
        const int size = Hidden / Heads;
        var qkv = Linear(x, Hidden, 3 * Hidden);
        var split = new Shape(Dim.Of(batch), Dim.Of(tokens), Heads, size);
        Value Part(int i, params int[] order) =>
            Add("heads", new Transpose(order), Add("split", new Reshape(split), Add("slice", new Slice(2, Dim.Of(i * Hidden), 1, Hidden), qkv)));
        var scores = Add("scores", new MatMul(), Part(0, 0, 2, 1, 3), Part(1, 0, 2, 3, 1));
        var scaled = Add("scaled", new Binary(BinaryKind.Mul), scores, ModelGraph.Constant(1 / MathF.Sqrt(size)));
        var p = Add("softmax", new Softmax(3), Add("masked", new Binary(BinaryKind.Add), scaled, bias));
        p = _isGuarded ? Add("guarded", new Select(), Add("isnan", new Unary(UnaryKind.IsNaN), p), ModelGraph.Constant(0f), p) : p;
        var context = Add("context", new Transpose(0, 2, 1, 3), Add("values", new MatMul(), p, Part(2, 0, 2, 1, 3)));
        return Add("merged", new Reshape(new Shape(Dim.Of(batch), Dim.Of(tokens), Hidden)), context);
    }
}
