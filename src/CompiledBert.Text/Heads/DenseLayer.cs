using System.ComponentModel;
using System.Numerics;

namespace CompiledBert.Text;

/// <summary>What follows a layer's product.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public enum DenseActivation
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The hyperbolic tangent.</summary>
    Tanh,

    /// <summary>Nothing below zero.</summary>
    Relu,

    /// <summary>The logistic function.</summary>
    Sigmoid,
}

/// <summary>A layer behind the pooling: <c>y = activation(W x + b)</c> in 32-bit floats.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class DenseLayer
{
    private readonly float[] _weights;
    private readonly DenseActivation _activation;
    private readonly bool _hasBias;

    /// <summary>Called by emitted code.</summary>
    /// <param name="inputs">Elements of x.</param>
    /// <param name="outputs">Elements of y.</param>
    /// <param name="activation">What follows the product.</param>
    /// <param name="hasBias">Whether there is a b.</param>
    /// <param name="weights">W row by row, then b. Copied: a model that is disposed of takes its own memory along.</param>
    public DenseLayer(int inputs, int outputs, DenseActivation activation, bool hasBias, ReadOnlySpan<float> weights)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(weights.Length, outputs * (inputs + (hasBias ? 1 : 0)), nameof(weights));
        (Inputs, Outputs, _activation, _hasBias, _weights) = (inputs, outputs, activation, hasBias, weights.ToArray());
    }

    /// <summary>Elements of what it takes.</summary>
    public int Inputs { get; }

    /// <summary>Elements of what it makes.</summary>
    public int Outputs { get; }

    /// <summary>Stands for all that decides what it makes, besides the weights.</summary>
    internal string Description => FormattableString.Invariant($"{Inputs}x{Outputs}{_activation}{_hasBias}");

    /// <summary>Makes a vector of a vector.</summary>
    internal void Apply(ReadOnlySpan<float> input, Span<float> output)
    {
        for (var row = 0; row < Outputs; row++)
        {
            var sum = Dot(_weights.AsSpan(row * Inputs, Inputs), input) + (_hasBias ? _weights[(Outputs * Inputs) + row] : 0);
            output[row] = _activation switch
            {
                DenseActivation.Tanh => MathF.Tanh(sum),
                DenseActivation.Relu => MathF.Max(sum, 0),
                DenseActivation.Sigmoid => 1 / (1 + MathF.Exp(-sum)),
                _ => sum,
            };
        }
    }

    /// <summary>Two chains of sums, so that one multiplication need not wait for the other.</summary>
    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        var (even, odd) = (Vector<float>.Zero, Vector<float>.Zero);
        var width = Vector<float>.Count;
        var i = 0;
        for (; i <= a.Length - (2 * width); i += 2 * width)
        {
            even += new Vector<float>(a[i..]) * new Vector<float>(b[i..]);
            odd += new Vector<float>(a[(i + width)..]) * new Vector<float>(b[(i + width)..]);
        }

        var sum = Vector.Sum(even + odd);
        for (; i < a.Length; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }
}
