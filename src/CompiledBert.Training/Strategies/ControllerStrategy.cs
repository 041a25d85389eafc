using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;

namespace CompiledBert.Training.Strategies;

/// <summary>
/// A recurrent controller proposes, trained by policy gradient on the scores of what was evaluated, a few at a time. What it has learned follows
/// from the evaluations alone: after an interruption, or with other evaluations, it learns again from the first.
/// </summary>
public sealed class ControllerStrategy : ISearchStrategy, IDisposable
{
    private const int Few = 5;
    private const double ByChance = 0.1;

    private Controller? _controller;
    private SearchSpace? _space;
    private int _learned;
    private BertShape? _last;

    /// <inheritdoc/>
    public string Name => "controller";

    /// <inheritdoc/>
    public BertShape Propose(SearchSpace space, IReadOnlyList<Evaluation> done, int number, Random random)
    {
        ArgumentNullException.ThrowIfNull(done);
        ArgumentNullException.ThrowIfNull(random);
        if (_controller is null || _space != space || done.Count < _learned || (_learned > 0 && done[_learned - 1].Cost.Shape != _last))
        {
            _controller?.Dispose();
            (_controller, _space, _learned) = (new Controller(space), space, 0);
        }

        for (; _learned + Few <= done.Count; _learned += Few)
        {
            // Better than the others so far, in units of their spread.
            var scores = done.Take(_learned + Few).Select(e => e.Score).ToList();
            var mean = scores.Average();
            var spread = Math.Sqrt(scores.Average(s => (s - mean) * (s - mean))) + 1e-9;
            _controller.Learn(done.Skip(_learned).Take(Few).Select(e => (e.Cost.Shape, (e.Score - mean) / spread)));
            _last = done[_learned + Few - 1].Cost.Shape;
        }

        // One that is sure of itself would propose the same again and again.
        return random.NextDouble() < ByChance ? new ShapeVariation(space).Sample(random) : _controller.Sample(random);
    }

    /// <inheritdoc/>
    public void Dispose() => _controller?.Dispose();
}
