using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// What a teacher says of every example: asked once, in the batches of the first epoch, and kept, hidden states in halves. What it says of an example is the same to the
/// bit in whatever order the examples come, so that a training that goes on elsewhere asks again and hears the same. Where that would be too much to keep, it
/// is asked in every step.
/// </summary>
public sealed class TeacherMemory
{
    private const long MostBytes = 5L << 30;

    private readonly TorchBert _teacher;
    private readonly IReadOnlyList<Example> _examples;
    private readonly int[][] _batches;
    private readonly int[] _batchOf;
    private readonly int[] _layers;
    private readonly bool _mixed;
    private readonly float[]?[] _results;
    private readonly byte[]?[] _kept;

    /// <param name="teacher">The teacher; it is not trained.</param>
    /// <param name="examples">The examples.</param>
    /// <param name="recipe">How students are trained: batches, seed, products.</param>
    /// <param name="layers">The layers whose results will be asked for.</param>
    /// <param name="steps">How many steps a training has.</param>
    public TeacherMemory(TorchBert teacher, IReadOnlyList<Example> examples, TrainingRecipe recipe, IReadOnlyList<int> layers, int steps = int.MaxValue)
    {
        (_teacher, _examples, _mixed, _layers) = (teacher, examples, recipe.Mixed, [.. layers.Distinct().Order()]);
        _batches = new BatchOrder(examples, recipe.BatchSize, recipe.Seed).First();
        _batchOf = new int[examples.Count];
        for (var i = 0; i < _batches.Length; i++)
        {
            foreach (var number in _batches[i])
            {
                _batchOf[number] = i;
            }
        }

        (_results, _kept) = (new float[]?[examples.Count], new byte[]?[examples.Count]);
        Keeps = _batches.Take(steps).Sum(batch => batch.Sum(i => (long)BytesOf(i) + (ResultsOf(i) * sizeof(float)))) <= MostBytes;
    }

    /// <summary>The width of the teacher's hidden states.</summary>
    public int Width => _teacher.Shape.Width;

    /// <summary>Whether what was said is kept.</summary>
    public bool Keeps { get; }

    /// <summary>The teacher's results and those of some of its layers [B, T or 1, width]; what they are where the mask is 0 means nothing.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="numbers">Which examples it is of.</param>
    /// <param name="layers">Which layers, each of those that were named.</param>
    public (Tensor Results, IReadOnlyList<Tensor> States) Of(Batch batch, IReadOnlyList<int> numbers, IReadOnlyList<int> layers)
    {
        if (!Keeps)
        {
            var (all, hidden) = _teacher.Forward(batch, mixed: _mixed);
            return (all, [.. layers.Select(layer => hidden[layer + 1])]);
        }

        foreach (var number in numbers.Where(n => _results[n] is null))
        {
            Ask(_batchOf[number]);
        }

        return (Results(numbers, (int)batch.Tokens), [.. layers.Select(layer => Assembled(numbers, layer, (int)batch.Tokens))]);
    }

    private void Ask(int number)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        using var batch = Batch.Of([.. _batches[number].Select(i => _examples[i])]);
        var (results, hidden) = _teacher.Forward(batch, mixed: _mixed);
        var (said, each) = (results.contiguous().data<float>().ToArray(), (int)results.numel() / _batches[number].Length);
        Tensor[] halves = [.. _layers.Select(layer => hidden[layer + 1].to_type(ScalarType.Float16).contiguous())];
        for (var i = 0; i < _batches[number].Length; i++)
        {
            var example = _batches[number][i];
            var kept = new byte[BytesOf(example)];
            var at = 0;
            foreach (var (layer, half) in _layers.Zip(halves))
            {
                var part = half.bytes.Slice(i * (int)half.shape[1] * RowBytes, RowsOf(example, layer) * RowBytes);
                part.CopyTo(kept.AsSpan(at));
                at += part.Length;
            }

            (_results[example], _kept[example]) = (said.AsSpan(i * each, ResultsOf(example)).ToArray(), kept);
        }
    }

    /// <summary>What was said of some examples [B, outputs], or of their tokens [B, T, outputs].</summary>
    private Tensor Results(IReadOnlyList<int> numbers, int tokens)
    {
        var task = _teacher.Task;
        var each = task.Pooling == Pooling.None ? tokens * task.Outputs : task.Outputs;
        var results = new float[numbers.Count * each];
        for (var i = 0; i < numbers.Count; i++)
        {
            _results[numbers[i]]!.CopyTo(results.AsSpan(i * each));
        }

        return tensor(results, task.Pooling == Pooling.None ? [numbers.Count, tokens, task.Outputs] : [numbers.Count, task.Outputs]);
    }

    private Tensor Assembled(IReadOnlyList<int> numbers, int layer, int tokens)
    {
        var rows = IsFirstOnly(layer) ? 1 : tokens;
        using var halves = zeros([numbers.Count, rows, Width], ScalarType.Float16);
        var bytes = halves.bytes;
        for (var i = 0; i < numbers.Count; i++)
        {
            var at = _layers.TakeWhile(l => l != layer).Sum(l => RowsOf(numbers[i], l)) * RowBytes;
            _kept[numbers[i]].AsSpan(at, RowsOf(numbers[i], layer) * RowBytes).CopyTo(bytes[(i * rows * RowBytes)..]);
        }

        return halves.to_type(ScalarType.Float32);
    }

    private int RowBytes => Width * sizeof(short);

    private int BytesOf(int example) => _layers.Sum(layer => RowsOf(example, layer)) * RowBytes;

    private int ResultsOf(int example) => _teacher.Task.Outputs * (_teacher.Task.Pooling == Pooling.None ? _examples[example].Ids.Length : 1);

    private int RowsOf(int example, int layer) => IsFirstOnly(layer) ? 1 : _examples[example].Ids.Length;

    private bool IsFirstOnly(int layer) => layer == _teacher.Shape.Layers.Count - 1 && _teacher.Task.Pooling == Pooling.Cls;
}
