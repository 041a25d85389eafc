using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Graphs;

/// <summary>
/// A shape as a graph of the compiler's: what is costed before training and what is written to a file after it are made here, so that they
/// cannot differ. Inputs <c>input_ids</c>, <c>attention_mask</c> and, with segments, <c>token_type_ids</c> of [B, T]; one output of [B,
/// outputs], or [B, T, outputs] where nothing is pooled.
/// </summary>
public sealed class BertGraph
{
    private readonly BertShape _shape;
    private readonly BertTask _task;
    private readonly IBertWeights _weights;
    private readonly string _output;
    private readonly ModelGraph _graph;
    private readonly Dim _batch;
    private readonly Dim _tokens;

    private BertGraph(BertShape shape, BertTask task, IBertWeights weights, string output)
    {
        _shape = shape;
        _task = task;
        _weights = weights;
        _output = output;
        var (batch, tokens) = (new Symbol("batch"), new Symbol("tokens"));
        (_batch, _tokens) = (Dim.Of(batch), Dim.Of(tokens));
        _graph = new ModelGraph { WeightsUnknown = weights.AreUnknown };
        _graph.Symbols.AddRange([batch, tokens]);
        _graph.Limits.Add((_tokens, task.Positions));
    }

    /// <summary>Makes the graph.</summary>
    /// <param name="shape">The architecture.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="weights">Its weights.</param>
    /// <param name="output">The output's name.</param>
    public static ModelGraph Of(BertShape shape, BertTask task, IBertWeights weights, string output = "logits")
    {
        var builder = new BertGraph(shape, task, weights, output);
        builder.Build();
        builder._graph.SourceNodeCount = builder._graph.Nodes.Count;
        return builder._graph;
    }

    private void Build()
    {
        var sequence = new Shape(_batch, _tokens);
        var ids = _graph.AddInput("input_ids", DataType.Int64, sequence);
        var mask = _graph.AddInput("attention_mask", DataType.Int64, sequence);
        var segments = _task.Segments > 0 ? _graph.AddInput("token_type_ids", DataType.Int64, sequence) : null;

        var kept = Add("mask.float", new Cast(DataType.Float32, IsWhole: true), mask);
        var masked = Add("mask.inverted", new Binary(BinaryKind.Sub),
            ModelGraph.Constant(1f), Add("mask.rows", new Reshape(new Shape(_batch, 1, 1, _tokens)), kept));
        var bias = Add("mask.bias", new Binary(BinaryKind.Mul), masked, ModelGraph.Constant(MaskedScore));

        var hidden = Embeddings(ids, segments);
        for (var i = 0; i < _shape.Layers.Count; i++)
        {
            hidden = Layer(WeightNames.Layer(i), _shape.Layers[i], hidden, bias);
        }

        var pooled = _task.Pooling switch { Pooling.Cls => First(hidden), Pooling.Mean => Mean(hidden, kept), _ => hidden };
        if (_task.HasPooler)
        {
            pooled = Add("pooler.activation", new Unary(UnaryKind.Tanh), Linear(WeightNames.Pooler, pooled, _shape.Width, _shape.Width));
        }

        _graph.Outputs.Add((_output, Linear(WeightNames.Classifier, pooled, _shape.Width, _task.Outputs)));
        _graph.Tidy();
    }

    /// <summary>What is added to the score of a token that the mask leaves out.</summary>
    public const float MaskedScore = -10_000;

    private Value Embeddings(Value ids, Value? segments)
    {
        var sum = Add("embeddings.words", new Gather(0), Matrix(WeightNames.Words, _shape.Vocabulary, _shape.Embedding), ids);
        if (_shape.IsFactored)
        {
            sum = Add("embeddings.projected", new Linear(), sum, Matrix(WeightNames.Projection, _shape.Embedding, _shape.Width));
        }

        if (segments is not null)
        {
            var ofSegments = Add("embeddings.segments", new Gather(0), Matrix(WeightNames.Segments, _task.Segments, _shape.Width), segments);
            sum = Add("embeddings.sum", new Binary(BinaryKind.Add), sum, ofSegments);
        }

        var positions = Add("embeddings.positions", new Slice(0, Dim.Zero, 1, _tokens), Matrix(WeightNames.Positions, _task.Positions, _shape.Width));
        return Normalised(WeightNames.EmbeddingNorm, Add("embeddings.all", new Binary(BinaryKind.Add), sum, positions));
    }

    private Value Layer(string name, LayerShape layer, Value x, Value bias)
    {
        var width = layer.Heads * layer.HeadSize;
        var split = new Shape(_batch, _tokens, layer.Heads, layer.HeadSize);
        Value Heads(string part, params int[] order) =>
            Add(name + part + ".heads", new Transpose(order), Add(name + part + ".split", new Reshape(split), Linear(name + part, x, _shape.Width, width)));

        var scores = Add(name + "scores", new MatMul(), Heads(WeightNames.Query, 0, 2, 1, 3), Heads(WeightNames.Key, 0, 2, 3, 1));
        var scaled = Add(name + "scaled", new Binary(BinaryKind.Mul), scores, ModelGraph.Constant(1 / MathF.Sqrt(layer.HeadSize)));
        var shares = Add(name + "shares", new Softmax(3), Add(name + "masked", new Binary(BinaryKind.Add), scaled, bias));
        var context = Add(name + "context", new Transpose(0, 2, 1, 3), Add(name + "values", new MatMul(), shares, Heads(WeightNames.Value, 0, 2, 1, 3)));
        var merged = Add(name + "merged", new Reshape(new Shape(_batch, _tokens, width)), context);
        var attended = Residual(name + WeightNames.AttentionNorm, Linear(name + WeightNames.AttentionOutput, merged, width, _shape.Width), x);

        var inner = Linear(name + WeightNames.Inner, attended, _shape.Width, layer.Inner);
        var active = Add(name + "activation", new Unary(_shape.Activation == Activation.Relu ? UnaryKind.Relu : UnaryKind.GeluErf), inner);
        return Residual(name + WeightNames.OutputNorm, Linear(name + WeightNames.Output, active, layer.Inner, _shape.Width), attended);
    }

    private Value Residual(string norm, Value x, Value skipped) => Normalised(norm, Add(norm + ".residual", new Binary(BinaryKind.Add), x, skipped));

    private Value Normalised(string name, Value x)
    {
        var (scale, bias) = (Vector(name + ".weight", _shape.Width), Vector(name + ".bias", _shape.Width));
        return _shape.Norm == Norm.LayerNorm
            ? Add(name, new LayerNorm(_task.Epsilon), x, scale, bias)
            : Add(name, new Binary(BinaryKind.Add), Add(name + ".scaled", new Binary(BinaryKind.Mul), x, scale), bias);
    }

    private Value First(Value hidden) =>
        Add("pooled", new Reshape(new Shape(_batch, _shape.Width)), Add("first", new Slice(1, Dim.Zero, 1, Dim.One), hidden));

    private Value Mean(Value hidden, Value kept)
    {
        var weights = Add("pooling.mask", new Reshape(new Shape(_batch, _tokens, 1)), kept);
        var sum = Add("pooling.sum", new Reduce(ReduceKind.Sum, 1), Add("pooling.kept", new Binary(BinaryKind.Mul), hidden, weights));
        var count = Add("pooling.count", new Reduce(ReduceKind.Sum, 1), weights);
        var mean = Add("pooling.mean", new Binary(BinaryKind.Div), sum, count);
        return Add("pooled", new Reshape(new Shape(_batch, _shape.Width)), mean);
    }

    private Value Linear(string name, Value x, int from, int to) =>
        Add(name, new Linear(), x, Matrix(name + ".weight", from, to), Vector(name + ".bias", to));

    private Value Matrix(string name, int rows, int columns) => ModelGraph.Constant(name, _weights.Of(name, rows, columns));

    private Value Vector(string name, int length) => ModelGraph.Constant(name, _weights.Of(name, length));

    private Value Add(string name, Operator op, params Value[] inputs) => _graph.Add(name, op, inputs, [name]);
}
