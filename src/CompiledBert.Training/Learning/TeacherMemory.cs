using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// What a teacher says of every example: asked once, in the batches of the first epoch, and kept, hidden states and what heads look at in
/// halves. What it says of an example is the same to the bit in whatever order the examples come, so that a training that goes on elsewhere asks
/// again and hears the same. Where that would be too much to keep, it is asked in every step.
/// </summary>
public sealed class TeacherMemory
{
    private const long MostBytes = 5L << 30;

    private readonly TorchBert _teacher;
    private readonly IReadOnlyList<Example> _examples;
    private readonly int[][] _batches;
    private readonly int[] _batchOf;
    private readonly bool _mixed;
    private readonly float[]?[] _results;
    private readonly SortedDictionary<int, KeptHalves> _states = [];
    private readonly SortedDictionary<int, KeptHalves> _shares = [];

    /// <param name="teacher">The teacher; it is not trained.</param>
    /// <param name="examples">The examples.</param>
    /// <param name="recipe">How students are trained: batches, seed, products, what counts.</param>
    /// <param name="layers">The layers whose results will be asked for.</param>
    /// <param name="steps">How many steps a training has.</param>
    public TeacherMemory(TorchBert teacher, IReadOnlyList<Example> examples, TrainingRecipe recipe, IReadOnlyList<int> layers, int steps = int.MaxValue)
    {
        (_teacher, _examples, _mixed) = (teacher, examples, recipe.Mixed);
        _batches = new BatchOrder(examples, recipe.BatchSize, recipe.Seed).First();
        _batchOf = new int[examples.Count];
        for (var i = 0; i < _batches.Length; i++)
        {
            foreach (var number in _batches[i])
            {
                _batchOf[number] = i;
            }
        }

        foreach (var layer in layers)
        {
            if (recipe.HiddenWeight > 0)
            {
                _states.Add(layer, new KeptHalves(examples.Count, 1, example => (RowsOf(example, layer), Width)));
            }

            if (recipe.AttentionWeight > 0)
            {
                _shares.Add(
                    layer,
                    new KeptHalves(examples.Count, teacher.Shape.Layers[layer].Heads, example => (RowsOf(example, layer), examples[example].Ids.Length)));
            }
        }

        _results = new float[]?[examples.Count];
        Keeps = _batches.Take(steps).Sum(batch => batch.Sum(BytesOf)) <= MostBytes;
    }

    /// <summary>The width of the teacher's hidden states.</summary>
    public int Width => _teacher.Shape.Width;

    /// <summary>Whether what was said is kept.</summary>
    public bool Keeps { get; }

    /// <summary>What the teacher says of a batch.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="numbers">Which examples it is of.</param>
    /// <param name="layers">Which layers, each of those that were named.</param>
    public TeacherOpinion Of(Batch batch, IReadOnlyList<int> numbers, IReadOnlyList<int> layers)
    {
        var (states, shares) = (layers.Where(_states.ContainsKey), layers.Where(_shares.ContainsKey));
        if (!Keeps)
        {
            var said = _teacher.Forward(batch, mixed: _mixed);
            return new TeacherOpinion(
                said.Results, [.. states.Select(layer => said.Hidden[layer + 1])], [.. shares.Select(layer => SharesOf(said.Scores[layer]))]);
        }

        lock (_results)
        {
            foreach (var number in numbers.Where(n => _results[n] is null))
            {
                Ask(_batchOf[number]);
            }
        }

        long Rows(int layer) => IsFirstOnly(layer) ? 1 : batch.Tokens;
        return new TeacherOpinion(
            Results(numbers, (int)batch.Tokens),
            [.. states.Select(layer => _states[layer].Of(numbers, Rows(layer), Width).squeeze(1))],
            [.. shares.Select(layer => _shares[layer].Of(numbers, Rows(layer), batch.Tokens))]);
    }

    private void Ask(int number)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var numbers = _batches[number];
        using var batch = Batch.Of([.. numbers.Select(i => _examples[i])]);
        var (results, hidden, scores) = _teacher.Forward(batch, mixed: _mixed);
        var (said, each) = (results.contiguous().data<float>().ToArray(), (int)results.numel() / numbers.Length);
        for (var i = 0; i < numbers.Length; i++)
        {
            _results[numbers[i]] = said.AsSpan(i * each, ResultsOf(numbers[i])).ToArray();
        }

        foreach (var (layer, kept) in _states)
        {
            kept.Keep(numbers, hidden[layer + 1].unsqueeze(1));
        }

        foreach (var (layer, kept) in _shares)
        {
            kept.Keep(numbers, SharesOf(scores[layer]));
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

    private static Tensor SharesOf(Tensor scores) => nn.functional.softmax(scores, 3);

    private long BytesOf(int example) => _states.Values.Concat(_shares.Values).Sum(kept => kept.BytesOf(example)) + (ResultsOf(example) * sizeof(float));

    private int ResultsOf(int example) => _teacher.Task.Outputs * (_teacher.Task.Pooling == Pooling.None ? _examples[example].Ids.Length : 1);

    private int RowsOf(int example, int layer) => IsFirstOnly(layer) ? 1 : _examples[example].Ids.Length;

    private bool IsFirstOnly(int layer) => layer == _teacher.Shape.Layers.Count - 1 && _teacher.Task.Pooling == Pooling.Cls;
}
