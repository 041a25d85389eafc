using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace CompiledBert.Training.Models;

/// <summary>A BERT that can be trained: the computation of <see cref="BertGraph"/> over parameters of the same names and layouts.</summary>
public sealed class TorchBert : IDisposable
{
    private readonly Dictionary<string, Parameter> _parameters = new(StringComparer.Ordinal);

    /// <summary>Makes the model from its weights.</summary>
    /// <param name="shape">The architecture.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="weights">The weights by <see cref="WeightNames"/>; matrices [in, out].</param>
    public TorchBert(BertShape shape, BertTask task, IReadOnlyDictionary<string, TensorData> weights)
    {
        (Shape, Task) = (shape, task);
        foreach (var (name, data) in weights.OrderBy(w => w.Key, StringComparer.Ordinal))
        {
            _parameters.Add(name, new Parameter(tensor(data.ToFloats(), [.. data.Dims])));
        }
    }

    /// <summary>The architecture.</summary>
    public BertShape Shape { get; }

    /// <summary>What it is for.</summary>
    public BertTask Task { get; }

    /// <summary>The parameters by name, sorted.</summary>
    public IReadOnlyDictionary<string, Parameter> Parameters => _parameters;

    /// <summary>The weights as they are now, in memory.</summary>
    public Dictionary<string, TensorData> Weights() => _parameters.ToDictionary(
        p => p.Key,
        p => TensorData.FromFloats([.. p.Value.shape], p.Value.detach().data<float>().ToArray()),
        StringComparer.Ordinal);

    /// <summary>Logits [B, labels], and the results of the embeddings and of every layer [B, T, width].</summary>
    /// <param name="batch">The sequences.</param>
    public (Tensor Logits, IReadOnlyList<Tensor> Hidden) Forward(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var bias = (1 - batch.Mask).view(batch.Count, 1, 1, batch.Tokens) * BertGraph.MaskedScore;
        var hidden = new List<Tensor> { Embeddings(batch) };
        for (var i = 0; i < Shape.Layers.Count; i++)
        {
            hidden.Add(Layer(WeightNames.Layer(i), Shape.Layers[i], hidden[^1], bias));
        }

        var pooled = Task.Pooling == Pooling.Cls ? hidden[^1].select(1, 0) : Mean(hidden[^1], batch);
        if (Task.HasPooler)
        {
            pooled = Linear(WeightNames.Pooler, pooled).tanh();
        }

        return (Linear(WeightNames.Classifier, pooled), hidden);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var parameter in _parameters.Values)
        {
            parameter.Dispose();
        }
    }

    private Tensor Embeddings(Batch batch)
    {
        var sum = Rows(WeightNames.Words, batch.Ids);
        if (Shape.IsFactored)
        {
            sum = sum.matmul(_parameters[WeightNames.Projection]);
        }

        if (Task.Segments > 0)
        {
            sum += Rows(WeightNames.Segments, batch.Segments);
        }

        return Normalised(WeightNames.EmbeddingNorm, sum + _parameters[WeightNames.Positions].slice(0, 0, batch.Tokens, 1));
    }

    private Tensor Rows(string table, Tensor ids) => _parameters[table].index_select(0, ids.flatten()).view(ids.shape[0], ids.shape[1], -1);

    private Tensor Layer(string name, LayerShape layer, Tensor x, Tensor bias)
    {
        Tensor Heads(string part) => Linear(name + part, x).view(x.shape[0], x.shape[1], layer.Heads, layer.HeadSize).transpose(1, 2);
        var scores = (Heads(WeightNames.Query).matmul(Heads(WeightNames.Key).transpose(2, 3)) * (1 / MathF.Sqrt(layer.HeadSize))) + bias;
        var context = nn.functional.softmax(scores, 3).matmul(Heads(WeightNames.Value)).transpose(1, 2).reshape(x.shape[0], x.shape[1], layer.Heads * layer.HeadSize);
        var attended = Normalised(name + WeightNames.AttentionNorm, Linear(name + WeightNames.AttentionOutput, context) + x);
        var inner = Linear(name + WeightNames.Inner, attended);
        var active = Shape.Activation == Activation.Relu ? inner.relu() : nn.functional.gelu(inner);
        return Normalised(name + WeightNames.OutputNorm, Linear(name + WeightNames.Output, active) + attended);
    }

    private static Tensor Mean(Tensor hidden, Batch batch)
    {
        var mask = batch.Mask.view(batch.Count, batch.Tokens, 1);
        return (hidden * mask).sum(1) / mask.sum(1);
    }

    private Tensor Normalised(string name, Tensor x)
    {
        var (scale, bias) = (_parameters[name + ".weight"], _parameters[name + ".bias"]);
        return Shape.Norm == Norm.LayerNorm ? nn.functional.layer_norm(x, [Shape.Width], scale, bias, Task.Epsilon) : (x * scale) + bias;
    }

    private Tensor Linear(string name, Tensor x) => x.matmul(_parameters[name + ".weight"]) + _parameters[name + ".bias"];
}
