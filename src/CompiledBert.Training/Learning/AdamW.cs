using CompiledBert.Training.Models;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// AdamW (Loshchilov, Hutter 2019) whose whole state can be kept and given back: what makes a training go on as if it had not been interrupted.
/// </summary>
public sealed class AdamW : IDisposable
{
    private const double Beta1 = 0.9;
    private const double Beta2 = 0.999;
    private const double Epsilon = 1e-8;

    private readonly IReadOnlyDictionary<string, Parameter> _parameters;
    private readonly double _decay;

    /// <param name="parameters">What is trained.</param>
    /// <param name="decay">Share of matrices' elements that a step at rate 1 takes away; vectors keep theirs.</param>
    public AdamW(IReadOnlyDictionary<string, Parameter> parameters, double decay)
    {
        (_parameters, _decay) = (parameters, decay);
        using var scope = NewDisposeScope();
        foreach (var (name, parameter) in parameters)
        {
            State.Add("mean." + name, zeros_like(parameter).detach().DetachFromDisposeScope());
            State.Add("square." + name, zeros_like(parameter).detach().DetachFromDisposeScope());
        }
    }

    /// <summary>Running means of gradients and of their squares, by name.</summary>
    public SortedDictionary<string, Tensor> State { get; } = new(StringComparer.Ordinal);

    /// <summary>Changes the parameters by their gradients, whose whole length is cut to 1 before, and clears those.</summary>
    /// <param name="rate">The learning rate.</param>
    /// <param name="step">How many steps there were, this one included.</param>
    /// <param name="table">The gradient of some rows of a table: the others, and their means, stay as they are.</param>
    public void Step(double rate, int step, RowGradient? table = null)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var gradients = _parameters.Where(p => p.Value.grad is not null).Select(p => (p.Key, Gradient: p.Value.grad!)).ToList();
        var length = Math.Sqrt(gradients.Select(g => g.Gradient).Concat(table is null ? [] : [table.Gradient]).Sum(g => Math.Pow(g.norm().item<float>(), 2)));
        using var update = new Update(rate, step, Math.Min(1, 1 / (length + 1e-6)), _decay);
        foreach (var (name, gradient) in gradients)
        {
            update.Apply(_parameters[name], State["mean." + name], State["square." + name], gradient);
            _parameters[name].grad = null;
        }

        if (table is not null)
        {
            Tensor[] whole = [_parameters[table.Table], State["mean." + table.Table], State["square." + table.Table]];
            Tensor[] rows = [.. whole.Select(t => t.index_select(0, table.Rows))];
            update.Apply(rows[0], rows[1], rows[2], table.Gradient);
            foreach (var (to, from) in whole.Zip(rows))
            {
                to.index_copy_(0, table.Rows, from);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in State.Values)
        {
            tensor.Dispose();
        }
    }

    /// <summary>What a step does to parameters, with its numbers, kept until it is done (<see cref="Numbers"/>).</summary>
    private sealed class Update(double rate, int step, double cut, double decay) : IDisposable
    {
        private readonly Scalar _cut = cut;
        private readonly Scalar _meanKept = Beta1;
        private readonly Scalar _meanAdded = 1 - Beta1;
        private readonly Scalar _squareKept = Beta2;
        private readonly Scalar _squareAdded = 1 - Beta2;
        private readonly Scalar _kept = 1 - (rate * decay);
        private readonly Scalar _rootOver = Math.Sqrt(1 - Math.Pow(Beta2, step));
        private readonly Scalar _epsilon = Epsilon;
        private readonly Scalar _rate = -rate / (1 - Math.Pow(Beta1, step));

        public void Apply(Tensor parameter, Tensor mean, Tensor square, Tensor gradient)
        {
            if (cut < 1)
            {
                gradient.mul_(_cut);
            }

            mean.mul_(_meanKept).add_(gradient, alpha: _meanAdded);
            square.mul_(_squareKept).addcmul_(gradient, gradient, _squareAdded);
            if (parameter.shape.Length > 1)
            {
                parameter.mul_(_kept);
            }

            var root = square.sqrt().div_(_rootOver).add_(_epsilon, Numbers.One);
            parameter.addcdiv_(mean, root, _rate);
        }

        public void Dispose()
        {
            foreach (var number in new[] { _cut, _meanKept, _meanAdded, _squareKept, _squareAdded, _kept, _rootOver, _epsilon, _rate })
            {
                number.Dispose();
            }
        }
    }
}
