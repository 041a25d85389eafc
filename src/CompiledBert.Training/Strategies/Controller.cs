using CompiledBert.Search.Space;
using CompiledBert.Training.Models;
using TorchSharp;
using static TorchSharp.torch;
using AdamW = CompiledBert.Training.Learning.AdamW;
using Parameter = TorchSharp.Modules.Parameter;

namespace CompiledBert.Training.Strategies;

/// <summary>
/// A recurrent network (a gated recurrent unit, Cho et al. 2014) that makes one decision after the other, each knowing those before it, and is
/// trained by policy gradient: decisions of candidates that scored better than others become more probable (Williams 1992; Zoph, Le 2017).
/// </summary>
internal sealed class Controller : IDisposable
{
    private const int Hidden = 32;
    private const double Rate = 0.02;
    private const double EntropyWeight = 0.01;

    private readonly ShapeDecisions _decisions;
    private readonly int[] _firstOf;
    private readonly Dictionary<string, Parameter> _parameters = new(StringComparer.Ordinal);
    private readonly AdamW _optimizer;
    private int _steps;

    public Controller(SearchSpace space)
    {
        _decisions = new ShapeDecisions(space);
        _firstOf = [.. Enumerable.Range(0, _decisions.Choices.Count).Select(kind => _decisions.Choices.Take(kind).Sum())];
        var all = _decisions.Choices.Sum();
        var random = new Random(1);
        void Add(string name, params long[] dims)
        {
            var values = Enumerable.Range(0, (int)dims.Aggregate(1L, (a, b) => a * b)).Select(_ => (float)((random.NextDouble() - 0.5) * 0.2)).ToArray();
            _parameters.Add(name, (Parameter)new Parameter(tensor(values, dims)).DetachFromDisposeScope());
        }

        using var scope = NewDisposeScope();
        Add("choices", all + 1, Hidden);
        Add("input", Hidden, 3 * Hidden);
        Add("state", Hidden, 3 * Hidden);
        Add("output", Hidden, all);
        Add("bias", 1, all);
        _optimizer = new AdamW(_parameters, 0);
    }

    /// <summary>A shape by the probabilities as they are now.</summary>
    public BertShape Sample(Random random)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var (made, state) = (new List<int>(), Start());
        while (_decisions.KindAfter(made) is { } kind)
        {
            (var shares, state) = Next(made, kind, state);
            var p = shares.exp().data<float>().ToArray();
            var (choice, left) = (0, random.NextDouble() - p[0]);
            while (left > 0 && choice < p.Length - 1)
            {
                left -= p[++choice];
            }

            made.Add(choice);
        }

        return _decisions.ShapeOf(made);
    }

    /// <summary>One step towards what had an advantage, away from what had less than none.</summary>
    public void Learn(IEnumerable<(BertShape Shape, double Advantage)> evaluated)
    {
        using var scope = NewDisposeScope();
        var loss = zeros(1);
        foreach (var (shape, advantage) in evaluated)
        {
            var (decided, made, state) = (_decisions.Of(shape), new List<int>(), Start());
            while (_decisions.KindAfter(made) is { } kind)
            {
                (var shares, state) = Next(made, kind, state);
                loss = loss.Plus(shares[0, decided[made.Count]].Times(-advantage)).Plus((shares.exp() * shares).sum().Times(EntropyWeight));
                made.Add(decided[made.Count]);
            }
        }

        loss.backward();
        _optimizer.Step(Rate, ++_steps);
    }

    private static Tensor Start() => zeros(1, Hidden);

    /// <summary>The logarithms of the next decision's probabilities [1, choices], and the state after what was decided before it.</summary>
    private (Tensor Shares, Tensor State) Next(List<int> made, int kind, Tensor state)
    {
        var row = made.Count == 0 ? 0 : 1 + _firstOf[_decisions.KindAfter(made[..^1])!.Value] + made[^1];
        var into = _parameters["choices"].slice(0, row, row + 1, 1).matmul(_parameters["input"]).chunk(3, 1);
        var from = state.matmul(_parameters["state"]).chunk(3, 1);
        var (update, reset) = (into[0].Plus(from[0]).sigmoid(), into[1].Plus(from[1]).sigmoid());
        state = (update.OneMinus() * into[2].Plus(reset * from[2]).tanh()).Plus(update * state);
        var (first, end) = (_firstOf[kind], _firstOf[kind] + _decisions.Choices[kind]);
        return (
            nn.functional.log_softmax(state.matmul(_parameters["output"].slice(1, first, end, 1)).Plus(_parameters["bias"].slice(1, first, end, 1)), 1),
            state);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        foreach (var parameter in _parameters.Values)
        {
            parameter.Dispose();
        }
    }
}
