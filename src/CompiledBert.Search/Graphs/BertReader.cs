using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx;
using CompiledBert.Compiler.Passes;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Graphs;

/// <summary>
/// Takes a BERT out of an ONNX file, whoever exported it: the compiler brings its graph into canonical form, and in that form every BERT looks the same.
/// Names of weights in the file do not matter. It is read from the output backwards.
/// </summary>
public sealed class BertReader
{
    private readonly string _path;
    private readonly Dictionary<string, TensorData> _weights = new(StringComparer.Ordinal);
    private readonly List<LayerShape> _layers = [];
    private float _epsilon;
    private Activation? _activation;

    private BertReader(string path) => _path = path;

    /// <summary>Reads a model: a classifier of texts or of tokens, or an encoder without a head whose first output is the hidden state.</summary>
    /// <exception cref="CompileException">The file is no sound model, or no BERT as it is understood here.</exception>
    public static ReadBert Read(string path)
    {
        using var model = OnnxModel.Open(path);
        var graph = model.Import([]);
        PassPipeline.Run(graph);
        return new BertReader(path).Read(graph);
    }

    private ReadBert Read(ModelGraph graph)
    {
        var output = graph.Outputs[0].Value;
        var (outputs, hasPooler, pooling) = (0, false, Pooling.Mean);
        if (output.Shape.Rank == 2)
        {
            var classifier = Walk.Rows(output);
            outputs = (int)(classifier.Producer is { Operator: Linear } ? classifier.Shape[-1].Value : throw Refuse("the output is not made by a product"));
            if (!output.Shape[-1].Is(outputs))
            {
                throw Refuse("its first output has a number for each token, as that of a model which answers questions has");
            }

            TakeLinear(WeightNames.Classifier, classifier);
            output = classifier.Producer!.In(0);
            var before = Walk.Rows(output);
            if (before.Producer is { Operator: Unary { Kind: UnaryKind.Tanh } } tanh)
            {
                hasPooler = true;
                var pooler = Walk.Rows(tanh.In(0));
                TakeLinear(WeightNames.Pooler, pooler);
                output = pooler.Producer!.In(0);
            }

            (pooling, output) = Walk.Pooled(output) ?? throw Refuse("the vector that labels are told from is neither the first token's nor the mean");
        }
        else if (Walk.Rows(output) is { Producer.Operator: Linear } tagger)
        {
            (outputs, pooling) = ((int)tagger.Shape[-1].Value, Pooling.None);
            TakeLinear(WeightNames.Classifier, tagger);
            output = tagger.Producer!.In(0);
        }

        var layers = new List<BertLayerNodes>();
        var hidden = Walk.Rows(output);
        while (BertLayerNodes.Match(hidden) is { } layer)
        {
            layers.Insert(0, layer);
            hidden = Walk.Rows(layer.Input);
        }

        for (var i = 0; i < layers.Count; i++)
        {
            Take(WeightNames.Layer(i), layers[i]);
        }

        var embeddings = EmbeddingNodes.Match(hidden) ?? throw Refuse(layers.Count == 0
            ? "its output is not that of a layer with attention, a feed-forward block and norms behind both"
            : $"what stands below layer {layers.Count} from the end is neither such a layer nor a sum of tables with a norm");
        return Finish(embeddings, outputs, hasPooler, pooling);
    }

    private ReadBert Finish(EmbeddingNodes embeddings, int outputs, bool hasPooler, Pooling pooling)
    {
        TakeMatrix(WeightNames.Words, embeddings.Words);
        TakeMatrix(WeightNames.Positions, embeddings.Positions);
        if (embeddings.Segments is { } segments)
        {
            TakeMatrix(WeightNames.Segments, segments);
        }

        if (embeddings.Projection is { } projection)
        {
            TakeMatrix(WeightNames.Projection, projection);
        }

        TakeNorm(WeightNames.EmbeddingNorm, embeddings.Norm);
        if (_layers.Count == 0)
        {
            throw Refuse("it has no layers");
        }

        var shape = new BertShape
        {
            Vocabulary = (int)embeddings.Words.Shape[0].Value,
            Embedding = (int)embeddings.Words.Shape[1].Value,
            Width = (int)embeddings.Positions.Shape[1].Value,
            Layers = _layers,
            Activation = _activation!.Value,
        };
        var task = new BertTask
        {
            Outputs = outputs, HasPooler = hasPooler, Pooling = pooling, Epsilon = _epsilon,
            Positions = (int)embeddings.Positions.Shape[0].Value, Segments = (int)(embeddings.Segments?.Shape[0].Value ?? 0),
        };
        return new ReadBert(shape, task, _weights);
    }

    private void Take(string name, BertLayerNodes layer)
    {
        foreach (var (part, heads) in new[] { (WeightNames.Query, layer.Query), (WeightNames.Key, layer.Key), (WeightNames.Value, layer.Value) })
        {
            TakeColumns(name + part, heads);
        }

        // Whatever the file scales scores by, queries are such that 1/√size is right.
        var factor = layer.Scale * MathF.Sqrt(layer.HeadSize);
        if (MathF.Abs(factor - 1) > 1e-5f)
        {
            foreach (var part in new[] { ".weight", ".bias" })
            {
                var data = _weights[name + WeightNames.Query + part];
                _weights[name + WeightNames.Query + part] = TensorData.FromFloats([.. data.Dims], [.. data.ToFloats().Select(w => w * factor)]);
            }
        }

        TakeLinear(name + WeightNames.AttentionOutput, layer.AttentionOutput);
        TakeNorm(name + WeightNames.AttentionNorm, layer.AttentionNorm);
        TakeLinear(name + WeightNames.Inner, layer.Inner);
        TakeLinear(name + WeightNames.Output, layer.Output);
        TakeNorm(name + WeightNames.OutputNorm, layer.OutputNorm);
        var activation = layer.Activation == UnaryKind.Relu ? Activation.Relu : Activation.Gelu;
        if (_activation is { } other && other != activation)
        {
            throw Refuse("its layers have different activations");
        }

        _activation = activation;
        _layers.Add(new LayerShape(layer.Heads, layer.HeadSize, (int)layer.Inner.Shape[-1].Value));
    }

    private void TakeLinear(string name, Value product) => TakeColumns(name, (product.Producer!, 0, (int)product.Shape[-1].Value));

    /// <summary>Columns of a product: queries, keys and values lie in one.</summary>
    private void TakeColumns(string name, (Node Linear, int Start, int Count) part)
    {
        var matrix = part.Linear.In(1);
        var (rows, width) = ((int)matrix.Shape[0].Value, (int)matrix.Shape[1].Value);
        var source = matrix.Constant!.ToFloats();
        var taken = new float[rows * part.Count];
        for (var row = 0; row < rows; row++)
        {
            source.AsSpan((row * width) + part.Start, part.Count).CopyTo(taken.AsSpan(row * part.Count));
        }

        _weights[name + ".weight"] = TensorData.FromFloats([rows, part.Count], taken);
        var bias = part.Linear.Inputs.Count > 2 && part.Linear.Inputs[2] is { } b ? b.Constant!.ToFloats() : new float[width];
        _weights[name + ".bias"] = TensorData.FromFloats([part.Count], Broadcast(bias, width).AsSpan(part.Start, part.Count));
    }

    private void TakeMatrix(string name, Value matrix) => _weights[name] = TensorData.FromFloats([.. matrix.Constant!.Dims], matrix.Constant.ToFloats());

    private void TakeNorm(string name, Node norm)
    {
        var width = (int)norm.Output.Shape[-1].Value;
        _epsilon = ((LayerNorm)norm.Operator).Epsilon;
        _weights[name + ".weight"] = TensorData.FromFloats([width], Broadcast(norm.In(1).Constant!.ToFloats(), width));
        _weights[name + ".bias"] = TensorData.FromFloats(
            [width], Broadcast(norm.Inputs.Count > 2 && norm.Inputs[2] is { } bias ? bias.Constant!.ToFloats() : [0], width));
    }

    private static float[] Broadcast(float[] values, int width) => values.Length == width ? values : [.. Enumerable.Repeat(values[0], width)];

    private CompileException Refuse(string why) => DiagnosticTable.NotABert.Error(_path, null, why);
}
