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
/// <param name="folder">The run's folder, which keeps the state of each.</param>
/// <param name="progress">Takes lines for people.</param>
internal sealed class Students(
    Supernet supernet, TorchBert teacher, IReadOnlyList<Example> train, TrainingRecipe recipe, IModelTask task, int workers,
    RunFolder folder, TextWriter progress)
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

    /// <summary>Trains students; what becomes of them, in their order, is the same whatever the number of workers.</summary>
    /// <param name="students">What each is called and what it takes.</param>
    /// <param name="steps">How many steps each is trained; null for the recipe's epochs.</param>
    /// <param name="before">What became of one before the run went on; null where it is not trained yet.</param>
    /// <param name="after">What becomes of one that is trained; the folder has it noted then.</param>
    /// <param name="cancellation">Stops it.</param>
    public IReadOnlyList<T> Train<T>(
        IReadOnlyList<(string Name, CandidateCost Cost)> students, int? steps,
        Func<string, CandidateCost, T?> before, Func<string, CandidateCost, TorchBert, CancellationToken, T> after, CancellationToken cancellation)
        where T : class
    {
        var done = new T[students.Count];
        foreach (var (numbers, memories) in Rounds([.. students.Select(s => s.Cost.Shape)], steps))
        {
            SideBySide.Do(
                numbers.Count, _workers,
                (i, stop) =>
                {
                    var (name, cost) = students[numbers[i]];
                    done[numbers[i]] = before(name, cost) ?? Trained(name, cost, stop, memories[i]);
                    File.Delete(folder.At(name + ".state"));
                },
                cancellation);
        }

        return done;

        T Trained(string name, CandidateCost cost, CancellationToken stop, TeacherMemory memory)
        {
            var (weights, origin) = supernet.Inherited(cost.Shape);
            using var model = new TorchBert(cost.Shape, teacher.Task, weights);
            using var trainer = new Trainer(model, train, recipe, task, new Distillation(memory, origin, task), steps);
            Fitting.Run(trainer, name, folder, progress, stop);
            return after(name, cost, model, stop);
        }
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
