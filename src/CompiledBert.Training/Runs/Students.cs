using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Runs;

/// <summary>Models of candidates that learn by themselves, beginning with what they inherit of the supernet; several of them at once.</summary>
/// <param name="supernet">The supernet, trained.</param>
/// <param name="teacher">The teacher.</param>
/// <param name="train">What is trained on.</param>
/// <param name="recipe">How they are trained.</param>
/// <param name="task">What they are for.</param>
/// <param name="workers">How many learn at once.</param>
internal sealed class Students(
    Supernet supernet, TorchBert teacher, IReadOnlyList<Example> train, TrainingRecipe recipe, IModelTask task, int workers)
{
    // What is left out by chance is drawn from numbers that libtorch keeps for the whole process.
    private readonly int _workers = recipe.Dropout > 0 ? 1 : workers;

    /// <summary>Shapes for a supernet to learn, by chance: of those within each of several limits as many, in turn.</summary>
    /// <param name="count">How many.</param>
    /// <param name="space">What may be chosen from.</param>
    /// <param name="limits">What shapes take and may take.</param>
    /// <param name="seed">The seed.</param>
    public static IReadOnlyList<BertShape> Sample(int count, SearchSpace space, IReadOnlyList<CandidateCosts> limits, int seed)
    {
        var each = (count + limits.Count - 1) / limits.Count;
        var all = limits.Select((limit, i) => WithinLimits.Sample(each, space, limit, seed + i)).ToList();
        return [.. Enumerable.Range(0, each).SelectMany(i => all.Where(some => i < some.Count).Select(some => some[i])).Distinct()];
    }

    /// <summary>What becomes of students, in their order; the same whatever the number of workers.</summary>
    /// <param name="shapes">Their architectures.</param>
    /// <param name="steps">How many steps each is trained; null for the recipe's epochs.</param>
    /// <param name="work">What is done with one: its number, and what makes it as it is before its training.</param>
    /// <param name="cancellation">Stops it.</param>
    public IReadOnlyList<T> Each<T>(
        IReadOnlyList<BertShape> shapes, int? steps, Func<int, Func<(TorchBert Model, Trainer Trainer)>, T> work, CancellationToken cancellation)
    {
        var done = new List<T>();
        while (done.Count < shapes.Count)
        {
            var (first, (memory, count)) = (done.Count, MemoryOf([.. shapes.Skip(done.Count)], steps));
            done.AddRange(SideBySide.Of(count, _workers, i => work(first + i, () => Begun(shapes[first + i], steps, memory)), cancellation));
        }

        return done;
    }

    private (TorchBert Model, Trainer Trainer) Begun(BertShape shape, int? steps, TeacherMemory memory)
    {
        var (weights, origin) = supernet.Inherited(shape);
        var model = new TorchBert(shape, teacher.Task, weights);
        return (model, new Trainer(model, train, recipe, task, new Distillation(memory, origin, task), steps));
    }

    /// <summary>A memory of what the teacher says for as many students as one has room for, or for as many in a row as none has room for.</summary>
    private (TeacherMemory Memory, int Count) MemoryOf(IReadOnlyList<BertShape> shapes, int? steps)
    {
        TeacherMemory Of(IEnumerable<int> layers) => new(teacher, train, recipe, [.. layers], steps ?? int.MaxValue);
        var layers = supernet.LayersOf(shapes[0]).ToHashSet();
        var (memory, count) = (Of(layers), 1);
        for (; count < shapes.Count; count++)
        {
            int[] next = supernet.LayersOf(shapes[count]);
            var larger = layers.IsSupersetOf(next) ? memory : Of(layers.Union(next));
            if (memory.Keeps ? !larger.Keeps : Of(next).Keeps)
            {
                break;
            }

            memory = larger;
            layers.UnionWith(next);
        }

        return (memory, count);
    }
}
