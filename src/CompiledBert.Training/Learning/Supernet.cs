using System.Collections.Concurrent;
using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Models;
using CompiledBert.Training.Tasks;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// One model of the teacher's shape whose parts are all the smaller ones: what a student would inherit of the teacher is what it has of this. It
/// is trained once, in every step as another student, and then any student is good enough to be compared without a training of its own (Cai et
/// al. 2020; Guo et al. 2020). Several threads may take parts of it at once, while none trains it.
/// </summary>
internal sealed class Supernet : IDisposable
{
    private readonly TorchBert _whole;
    private readonly IReadOnlyDictionary<string, TensorData> _weights;
    private readonly IReadOnlyList<int>? _uses;
    private readonly ConcurrentDictionary<BertShape, Lazy<Inheritance>> _origins = [];
    private readonly ConcurrentDictionary<(int Width, int Embedding), Lazy<Tensor>> _wordsTo = [];

    /// <param name="shape">The teacher's architecture.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="weights">The teacher's weights, with which it begins and which say what matters.</param>
    /// <param name="uses">How often each row of the table of words is read; null where nobody knows.</param>
    public Supernet(BertShape shape, BertTask task, IReadOnlyDictionary<string, TensorData> weights, IReadOnlyList<int>? uses = null)
    {
        ArgumentNullException.ThrowIfNull(shape);
        (_whole, _weights, _uses) = (new TorchBert(shape, task, weights), weights, uses);
    }

    /// <summary>A training of it: every step one of the students learns, in turn.</summary>
    /// <param name="students">Makes the students when the first step wants one.</param>
    /// <param name="memory">What the teacher says of all its layers.</param>
    /// <param name="examples">What is learned from.</param>
    /// <param name="recipe">How.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="steps">How many steps.</param>
    public Trainer Training(
        Func<IReadOnlyList<BertShape>> students, TeacherMemory memory, IReadOnlyList<Example> examples, TrainingRecipe recipe, IModelTask task, int steps)
    {
        var all = new Lazy<(BertShape Shape, Distillation Teacher)[]>(() => [.. students().Select(s => (s, new Distillation(memory, OriginOf(s), task)))]);
        return new Trainer(_whole, examples, recipe, task, Student, steps);

        (TorchBert Model, Distillation? Teacher) Student(int step)
        {
            var (shape, teacher) = all.Value[step % all.Value.Length];
            return (Part(shape), teacher);
        }
    }

    /// <summary>A student made of its parts. Where the student's table of words is factored, the product of the factors is computed as one.</summary>
    /// <param name="shape">The student's architecture.</param>
    public TorchBert Part(BertShape shape)
    {
        ArgumentNullException.ThrowIfNull(shape);
        var origin = OriginOf(shape);
        var parts = origin.Parts.ToDictionary(p => p.Key, p => p.Value.Of(_whole.Parameters[p.Value.From]), StringComparer.Ordinal);
        parts[WeightNames.Words] = _whole.Parameters[WeightNames.Words];
        if (shape.Width < _whole.Shape.Width || shape.IsFactored || _whole.Shape.IsFactored)
        {
            parts[WeightNames.Projection] = WordsTo(shape, origin);
        }

        return new TorchBert(shape, _whole.Task, parts);
    }

    /// <summary>The layers that a student's come from.</summary>
    /// <param name="shape">The student's architecture.</param>
    public int[] LayersOf(BertShape shape) => OriginOf(shape).Layers;

    /// <summary>The weights that a student begins its own training with, and what they are of the teacher's.</summary>
    /// <param name="shape">The student's architecture.</param>
    public (Dictionary<string, TensorData> Weights, Inheritance Origin) Inherited(BertShape shape)
    {
        var origin = OriginOf(shape);
        lock (_origins)
        {
            // One copy of all weights at a time is enough.
            return (origin.Take(_whole.Weights()), origin);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _whole.Dispose();
        foreach (var tensor in _wordsTo.Values)
        {
            tensor.Value.Dispose();
        }
    }

    private Inheritance OriginOf(BertShape shape) =>
        _origins.GetOrAdd(shape, of => new Lazy<Inheritance>(() => Inheritance.Planned(_whole.Shape, _weights, of, _uses))).Value;

    private Tensor WordsTo(BertShape shape, Inheritance origin) =>
        _wordsTo.GetOrAdd(
            (shape.Width, shape.Embedding),
            _ => new Lazy<Tensor>(() =>
            {
                var data = origin.WordsTo();
                return tensor(data.ToFloats(), [.. data.Dims]).DetachFromDisposeScope();
            })).Value;
}
