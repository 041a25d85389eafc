using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>AdamW (Loshchilov, Hutter 2019) whose whole state can be kept and given back: what makes a training go on as if it had not been interrupted.</summary>
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
        foreach (var (name, parameter) in parameters)
        {
            State.Add("mean." + name, zeros_like(parameter).detach());
            State.Add("square." + name, zeros_like(parameter).detach());
        }
    }

    /// <summary>Running means of gradients and of their squares, by name.</summary>
    public SortedDictionary<string, Tensor> State { get; } = new(StringComparer.Ordinal);

    /// <summary>Changes the parameters by their gradients, whose whole length is cut to 1 before, and clears those.</summary>
    /// <param name="rate">The learning rate.</param>
    /// <param name="step">How many steps there were, this one included.</param>
    public void Step(double rate, int step)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var length = Math.Sqrt(_parameters.Values.Where(p => p.grad is not null).Sum(p => (double)p.grad!.pow(2).sum().item<float>()));
        var cut = Math.Min(1, 1 / (length + 1e-6));
        foreach (var (name, parameter) in _parameters)
        {
            if (parameter.grad is not { } gradient)
            {
                continue;
            }

            if (cut < 1)
            {
                gradient.mul_(cut);
            }

            var (mean, square) = (State["mean." + name], State["square." + name]);
            mean.mul_(Beta1).add_(gradient, alpha: 1 - Beta1);
            square.mul_(Beta2).addcmul_(gradient, gradient, 1 - Beta2);
            if (parameter.shape.Length > 1)
            {
                parameter.mul_(1 - (rate * _decay));
            }

            var root = square.sqrt().div_(Math.Sqrt(1 - Math.Pow(Beta2, step))).add_(Epsilon);
            parameter.addcdiv_(mean, root, -rate / (1 - Math.Pow(Beta1, step)));
            gradient.zero_();
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
}
