using CompiledBert.Compiler;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Strategies;

/// <summary>
/// Lets a strategy propose candidates, makes those smaller that take too much (<see cref="WithinLimits"/>), refuses those that are known, and has the
/// rest scored. Deterministic: it goes on from any beginning of its own list.
/// </summary>
/// <param name="space">What may be chosen from.</param>
/// <param name="costs">What candidates take and may take.</param>
/// <param name="strategy">What proposes.</param>
/// <param name="scorer">What scores.</param>
/// <param name="seed">The seed of all random numbers.</param>
public sealed class Exploration(SearchSpace space, CandidateCosts costs, ISearchStrategy strategy, IScorer scorer, int seed)
{
    // So many proposals in a row that are known: the limits leave next to nothing of the space.
    private const int MostRefusals = 100;

    private CandidateCost? _nearest;
    private bool _isPossible;

    /// <summary>Candidates costed so far, refused ones included.</summary>
    public int Costed { get; private set; }

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

    /// <summary>The next evaluation; null where the space has nothing new within the limits.</summary>
    /// <param name="done">All before it, in order.</param>
    /// <param name="cancellation">Stops between two candidates, and within one if the scorer can.</param>
    /// <exception cref="CompileException">Nothing keeps the limits.</exception>
    public Evaluation? Next(IReadOnlyList<Evaluation> done, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(done);
        Check();
        var known = done.Select(e => e.Cost.Shape).ToHashSet();
        for (var attempt = 0; attempt < MostRefusals; attempt++)
        {
            cancellation.ThrowIfCancellationRequested();
            var random = RandomOf(done.Count, attempt);
            var shape = strategy.Propose(space, done, random);
            if (!known.Contains(shape) && WithinLimits.Of(shape, space, CostOf, random) is { IsWithin: true } cost && !known.Contains(cost.Shape))
            {
                return scorer.Evaluate(cost, cancellation);
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
