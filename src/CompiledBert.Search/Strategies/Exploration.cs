using CompiledBert.Compiler;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Strategies;

/// <summary>
/// Lets a strategy propose candidates, makes those smaller that take too much (<see cref="WithinLimits"/>), refuses those that are known, and has the
/// rest scored, several at once. A proposal is made of the scores of all before it but the last few, which may be under way: so candidates are the
/// same whatever the number of workers, and from any beginning of its own list it goes on as if it had never stopped.
/// </summary>
/// <param name="space">What may be chosen from.</param>
/// <param name="costs">What candidates take and may take.</param>
/// <param name="strategy">What proposes.</param>
/// <param name="scorer">What scores.</param>
/// <param name="seed">The seed of all random numbers.</param>
public sealed class Exploration(SearchSpace space, CandidateCosts costs, ISearchStrategy strategy, IScorer scorer, int seed)
{
    /// <summary>The most candidates that are scored at once.</summary>
    public const int MostWorkers = 8;

    // So many proposals in a row that are known: the limits leave next to nothing of the space.
    private const int MostRefusals = 100;

    private CandidateCost? _nearest;
    private bool _isPossible;

    /// <summary>Candidates costed so far, refused ones included.</summary>
    public int Costed { get; private set; }

    /// <summary>The fewest cycles that candidates should take: what takes fewer is made larger, as far as the limits let it be. 0 for any.</summary>
    public double LeastCycles { get; init; }

    /// <summary>Checks that something keeps the limits, before anything is scored; once is enough.</summary>
    /// <exception cref="CompileException">Nothing does: the message says what comes nearest, and by how much.</exception>
    public void Check()
    {
        // Where the least of everything is too much, others may still take less of what is too much.
        if (!_isPossible && !CostOf(space.Smallest).IsWithin && !WithinLimits.Of(space.Largest, space, CostOf, RandomOf(0, 0)).IsWithin)
        {
            throw NothingFits();
        }

        _isPossible = true;
    }

    /// <summary>Evaluations one after the other, fewer than asked for where the space has nothing new within the limits.</summary>
    /// <param name="known">Evaluations that it begins with.</param>
    /// <param name="before">Its own evaluations before those to come: any beginning of what it would give without.</param>
    /// <param name="count">How many there will be, those before among them.</param>
    /// <param name="workers">How many are scored at once, of which the result is independent; above <see cref="MostWorkers"/> no more than that.</param>
    /// <param name="cancellation">Stops between two candidates, and within one if the scorer can.</param>
    /// <exception cref="CompileException">Nothing keeps the limits.</exception>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public IEnumerable<Evaluation> Run(
        IReadOnlyList<Evaluation> known, IReadOnlyList<Evaluation> before, int count, int workers, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(known);
        ArgumentNullException.ThrowIfNull(before);
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        Check();
        return Scored([.. known, .. before], known.Count, known.Count + count, workers, cancellation);
    }

    private IEnumerable<Evaluation> Scored(List<Evaluation> done, int known, int count, int workers, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var sideBySide = new TaskFactory(stop.Token, default, default, new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, workers).ConcurrentScheduler);
        var underWay = new Queue<(BertShape Shape, Task<Evaluation> Score)>();
        try
        {
            var isMore = true;
            while (true)
            {
                while (isMore && underWay.Count < MostWorkers && done.Count + underWay.Count < count)
                {
                    if (Proposal(done, known, underWay, cancellation) is { } cost)
                    {
                        underWay.Enqueue((cost.Shape, sideBySide.StartNew(() => scorer.Evaluate(cost, stop.Token))));
                    }
                    else
                    {
                        isMore = false;
                    }
                }

                if (underWay.Count == 0)
                {
                    yield break;
                }

                cancellation.ThrowIfCancellationRequested();
                done.Add(underWay.Dequeue().Score.GetAwaiter().GetResult());
                yield return done[^1];
            }
        }
        finally
        {
            // What they work on is the caller's: nothing goes on when this has ended.
            stop.Cancel();
            Task.WhenAll(underWay.Select(Task (u) => u.Score)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing).GetAwaiter().GetResult();
        }
    }

    /// <summary>A new candidate; null where the space has none within the limits.</summary>
    private CandidateCost? Proposal(
        List<Evaluation> done, int known, Queue<(BertShape Shape, Task<Evaluation> Score)> underWay, CancellationToken cancellation)
    {
        var shapes = done.Select(e => e.Cost.Shape).Concat(underWay.Select(u => u.Shape)).ToHashSet();
        var number = done.Count + underWay.Count;
        var told = done.GetRange(0, Math.Max(known, number - MostWorkers + 1));
        for (var attempt = 0; attempt < MostRefusals; attempt++)
        {
            cancellation.ThrowIfCancellationRequested();
            var random = RandomOf(number, attempt);
            var shape = strategy.Propose(space, told, number, random);
            if (!shapes.Contains(shape)
                && WithinLimits.Of(shape, space, CostOf, random, LeastCycles) is { IsWithin: true } cost && !shapes.Contains(cost.Shape))
            {
                return cost;
            }
        }

        return null;
    }

    private CandidateCost CostOf(BertShape shape)
    {
        Costed++;
        var cost = costs.Of(shape);
        _nearest = _nearest is null || cost.WorstRatio < _nearest.WorstRatio ? cost : _nearest;
        return cost;
    }

    private CompileException NothingFits()
    {
        var over = _nearest!.Measures.Where(m => m.Ratio > 1).Select(m =>
        {
            var (value, unit) = m.Limit.Kind == LimitKind.Latency ? (m.Value, "ms") : (m.Value / 1e6, "MB");
            return FormattableString.Invariant($"{value:0.###} {unit} where it may take {m.Limit} ({100 * (m.Ratio - 1):0.#} % too much)");
        });
        return DiagnosticTable.NothingFits.Error(null, null, Costed, _nearest.Shape, string.Join(", ", over));
    }

    /// <summary>Random numbers of one proposal: the same whatever came before.</summary>
    private Random RandomOf(int evaluated, int attempt)
    {
        var mixed = unchecked(((ulong)(uint)seed * 0x9E3779B97F4A7C15) + ((ulong)evaluated * 0xC2B2AE3D27D4EB4F) + ((ulong)attempt * 0x165667B19E3779F9));
        mixed = unchecked((mixed ^ (mixed >> 29)) * 0xBF58476D1CE4E5B9);
        return new Random((int)(mixed >> 32));
    }
}
