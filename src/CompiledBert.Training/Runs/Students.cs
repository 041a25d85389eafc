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
    /// <param name="work">What is done with one: its number, what makes it as it is before its training, and what stops it.</param>
    /// <param name="cancellation">Stops it.</param>
    public IReadOnlyList<T> Each<T>(
        IReadOnlyList<BertShape> shapes, int? steps, Func<int, Func<(TorchBert Model, Trainer Trainer)>, CancellationToken, T> work,
        CancellationToken cancellation)
    {
        var done = new T[shapes.Count];
        foreach (var (numbers, memories) in Rounds(shapes, steps))
        {
            SideBySide.Do(
                numbers.Count, _workers,
                (i, stop) => done[numbers[i]] = work(numbers[i], () => Begun(shapes[numbers[i]], steps, memories[i]), stop), cancellation);
        }

        return done;
    }

    private (TorchBert Model, Trainer Trainer) Begun(BertShape shape, int? steps, TeacherMemory memory)
    {
        var (weights, origin) = supernet.Inherited(shape);
        var model = new TorchBert(shape, teacher.Task, weights);
        return (model, new Trainer(model, train, recipe, task, new Distillation(memory, origin, task), steps));
    }

    /// <summary>
    /// Who learns at the same time: students whose layers of the teacher one memory has room for, and, in the first round, those for whose layers none has, who
    /// hear the teacher anew in every step.
    /// </summary>
    private IEnumerable<(IReadOnlyList<int> Numbers, IReadOnlyList<TeacherMemory> Memories)> Rounds(IReadOnlyList<BertShape> shapes, int? steps)
    {
        TeacherMemory Of(IEnumerable<int> layers) => new(teacher, train, recipe, [.. layers], steps ?? int.MaxValue);
        var layers = shapes.Select(shape => supernet.LayersOf(shape).ToHashSet()).ToList();
        var rounds = new List<(HashSet<int> Layers, List<int> Numbers)> { ([], []) };
        foreach (var i in Enumerable.Range(0, shapes.Count))
        {
            if (Of(layers[i]).Keeps)
            {
                var round = rounds.FindIndex(r => Of(r.Layers.Union(layers[i])).Keeps);
                if (round < 0)
                {
                    round = rounds.Count;
                    rounds.Add(([], []));
                }

                rounds[round].Layers.UnionWith(layers[i]);
                rounds[round].Numbers.Add(i);
            }
            else
            {
                rounds[0].Numbers.Add(i);
            }
        }

        foreach (var (together, numbers) in rounds)
        {
            var shared = Of(together);
            yield return (numbers, [.. numbers.Select(i => layers[i].IsSubsetOf(together) ? shared : Of(layers[i]))]);
        }
    }
}
