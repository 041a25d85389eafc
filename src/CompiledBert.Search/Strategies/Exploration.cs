using CompiledBert.Compiler;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Strategies;

/// <summary>Lets a strategy propose candidates, refuses those that take too much or are known, and has the rest scored. Deterministic: it goes on from any beginning of its own list.</summary>
/// <param name="space">What may be chosen from.</param>
/// <param name="costs">What candidates take and may take.</param>
/// <param name="strategy">What proposes.</param>
/// <param name="scorer">What scores.</param>
/// <param name="seed">The seed of all random numbers.</param>
public sealed class Exploration(SearchSpace space, CandidateCosts costs, ISearchStrategy strategy, IScorer scorer, int seed)
{
    // So many proposals in a row that take too much: the limits leave next to nothing of the space.
    private const int MostRefusals = 400;
    private const int FewRefusals = 50;

    private CandidateCost? _nearest;

    /// <summary>Candidates costed so far, refused ones included.</summary>
    public int Costed { get; private set; }

    /// <summary>The next evaluation; null where the space has nothing new within the limits.</summary>
    /// <param name="done">All before it, in order.</param>
    /// <param name="cancellation">Stops between two candidates, and within one if the scorer can.</param>
    /// <exception cref="CompileException">Nothing keeps the limits: the message says what comes nearest, and by how much.</exception>
    public Evaluation? Next(IReadOnlyList<Evaluation> done, CancellationToken cancellation)
    {
        // Where the least of everything is too much, a few more show what comes nearest.
        var smallest = done.Count == 0 ? CostOf(space.Smallest) : null;
        var attempts = smallest is { IsWithin: false } ? FewRefusals : MostRefusals;
        var known = done.Select(e => e.Cost.Shape).ToHashSet();
        for (var attempt = 0; attempt < attempts; attempt++)
        {
            cancellation.ThrowIfCancellationRequested();
            var shape = strategy.Propose(space, done, RandomOf(done.Count, attempt));
            if (!known.Contains(shape) && CostOf(shape) is { IsWithin: true } cost)
            {
                return new Evaluation(cost, scorer.Score(cost, cancellation));
            }
        }

        return smallest switch
        {
            null => null,
            { IsWithin: true } => new Evaluation(smallest, scorer.Score(smallest, cancellation)),
            _ => throw NothingFits(),
        };
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
