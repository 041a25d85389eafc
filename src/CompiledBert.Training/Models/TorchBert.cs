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
    private readonly Dictionary<string, Tensor> _weights;

    /// <summary>Makes the model from its weights.</summary>
    /// <param name="shape">The architecture.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="weights">The weights by <see cref="WeightNames"/>; matrices [in, out].</param>
    public TorchBert(BertShape shape, BertTask task, IReadOnlyDictionary<string, TensorData> weights)
    {
        (Shape, Task) = (shape, task);

        // Outside of a scope the collector may take a tensor away while native code still works on it.
        using var scope = NewDisposeScope();
        foreach (var (name, data) in weights.OrderBy(w => w.Key, StringComparer.Ordinal))
        {
            // Of the table of words a step changes a few rows: those are trained as a tensor of their own.
            var parameter = new Parameter(tensor(data.ToFloats(), [.. data.Dims]), requires_grad: name != WeightNames.Words);
            parameter.DetachFromDisposeScope();
            _parameters.Add(name, parameter);
        }

        _weights = _parameters.ToDictionary(p => p.Key, p => (Tensor)p.Value, StringComparer.Ordinal);
    }

    /// <summary>Makes a model of parts of another's parameters, which gradients go to. It has no parameters of its own.</summary>
    internal TorchBert(BertShape shape, BertTask task, Dictionary<string, Tensor> parts) => (Shape, Task, _weights) = (shape, task, parts);

    /// <summary>The architecture.</summary>
    public BertShape Shape { get; }

    /// <summary>What it is for.</summary>
    public BertTask Task { get; }

    /// <summary>The parameters by name, sorted; none where it is a part of another.</summary>
    public IReadOnlyDictionary<string, Parameter> Parameters => _parameters;

    /// <summary>The weights as they are now, in memory.</summary>
    public Dictionary<string, TensorData> Weights()
    {
        using var scope = NewDisposeScope();
        return _parameters.ToDictionary(
            p => p.Key, p => TensorData.FromFloats([.. p.Value.shape], p.Value.detach().data<float>().ToArray()),
            StringComparer.Ordinal);
    }

    /// <summary>What it computes of a batch.</summary>
    /// <param name="batch">The sequences.</param>
    /// <param name="rows">The table's rows of the batch's words, where they are trained; null for those of the table.</param>
    /// <param name="mixed">Whether products are of bfloat16.</param>
    /// <param name="everyRow">Whether the last layer computes all rows.</param>
    /// <param name="dropout">
    /// The share of elements that are left out by chance, while it is trained: of the embeddings, of what queries look at, of what a block adds,
    /// of what the head reads.
    /// </param>
    /// <param name="blend">Texts whose embeddings are mixed into those of the batch, as many and as long as those, of the same words.</param>
    public BertResults Forward(Batch batch, Tensor? rows = null, bool mixed = false, bool everyRow = false, double dropout = 0, Blend? blend = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var type = mixed ? ScalarType.BFloat16 : ScalarType.Float32;
        var mask = blend is null ? batch.Mask : batch.Mask.maximum(blend.Others.Mask);
        var bias = mask.OneMinus().view(batch.Count, 1, 1, batch.Tokens).Times(BertGraph.MaskedScore);
        rows ??= RowsOf(batch);
        var embedded = Embeddings(batch, rows, type);
        if (blend is not null)
        {
            embedded = embedded.Times(1 - blend.Share).Plus(Embeddings(blend.Others, rows, type).Times(blend.Share));
        }

        var hidden = new List<Tensor> { Dropped(embedded, dropout) };
        var scores = new List<Tensor>();
        for (var i = 0; i < Shape.Layers.Count; i++)
        {
            var isFirstOnly = i == Shape.Layers.Count - 1 && Task.Pooling == Pooling.Cls && !everyRow;
            var (result, own) = Layer(i, hidden[^1], isFirstOnly ? hidden[^1].slice(1, 0, 1, 1) : hidden[^1], bias, type, dropout);
            hidden.Add(result);
            scores.Add(own);
        }

        var pooled = Task.Pooling switch
        {
            Pooling.Cls => hidden[^1].select(1, 0),
            Pooling.Mean => Mean(hidden[^1], mask.view(batch.Count, batch.Tokens, 1)),
            _ => hidden[^1],
        };
        if (Task.HasPooler)
        {
            pooled = Linear(WeightNames.Pooler, pooled, ScalarType.Float32).tanh();
        }

        return new BertResults(Linear(WeightNames.Classifier, Dropped(pooled, dropout), ScalarType.Float32), hidden, scores);
    }

    /// <summary>The rows of the table of words that a batch reads [U, embedding].</summary>
    public Tensor RowsOf(Batch batch) => _weights[WeightNames.Words].index_select(0, batch.Words);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var parameter in _parameters.Values)
        {
            parameter.Dispose();
        }
    }

    private Tensor Embeddings(Batch batch, Tensor rows, ScalarType type)
    {
        var sum = Picked(_weights.TryGetValue(WeightNames.Projection, out var projection) ? Product(rows, projection, type) : rows, batch.Places);
        if (Task.Segments > 0)
        {
            sum = sum.Plus(Picked(_weights[WeightNames.Segments], batch.Segments));
        }

        return Normalised(WeightNames.EmbeddingNorm, sum.Plus(_weights[WeightNames.Positions].slice(0, 0, batch.Tokens, 1)));
    }

    private static Tensor Picked(Tensor table, Tensor places) => table.index_select(0, places.flatten()).view(places.shape[0], places.shape[1], -1);

    /// <summary>A layer: what its rows become that look at all, and by which scores they look.</summary>
    private (Tensor Result, Tensor Scores) Layer(int index, Tensor all, Tensor rows, Tensor bias, ScalarType type, double dropout)
    {
        var (name, layer) = (WeightNames.Layer(index), Shape.Layers[index]);
        Tensor Heads(string part, Tensor x) => Linear(name + part, x, type).view(x.shape[0], x.shape[1], layer.Heads, layer.HeadSize).transpose(1, 2);
        Tensor Block(string part, Tensor x) => Dropped(Linear(name + part, x, type), dropout);
        var scores = Heads(WeightNames.Query, rows).matmul(Heads(WeightNames.Key, all).transpose(2, 3)).Times(1 / MathF.Sqrt(layer.HeadSize)).Plus(bias);
        var shares = Dropped(nn.functional.softmax(scores, 3), dropout);
        var context = shares.matmul(Heads(WeightNames.Value, all)).transpose(1, 2).reshape(rows.shape[0], rows.shape[1], layer.Heads * layer.HeadSize);
        var attended = Normalised(name + WeightNames.AttentionNorm, Block(WeightNames.AttentionOutput, context).Plus(rows));
        var inner = Linear(name + WeightNames.Inner, attended, type);
        var active = Shape.Activation == Activation.Relu ? inner.relu() : nn.functional.gelu(inner);
        return (Normalised(name + WeightNames.OutputNorm, Block(WeightNames.Output, active).Plus(attended)), scores);
    }

    private static Tensor Dropped(Tensor x, double share) => share > 0 ? nn.functional.dropout(x, share) : x;

    private static Tensor Mean(Tensor hidden, Tensor mask) => (hidden * mask).sum(1) / mask.sum(1);

    private Tensor Normalised(string name, Tensor x)
    {
        var (scale, bias) = (_weights[name + ".weight"], _weights[name + ".bias"]);
        return Shape.Norm == Norm.LayerNorm ? nn.functional.layer_norm(x, [Shape.Width], scale, bias, Task.Epsilon) : (x * scale).Plus(bias);
    }

    private Tensor Linear(string name, Tensor x, ScalarType type) => Product(x, _weights[name + ".weight"], type).Plus(_weights[name + ".bias"]);

    private static Tensor Product(Tensor x, Tensor weight, ScalarType type) =>
        type == ScalarType.Float32 ? x.matmul(weight) : x.to_type(type).matmul(weight.to_type(type)).to_type(ScalarType.Float32);
}
