using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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
    private const int Lanes = 16;

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
                DenseActivation.Tanh => PortableMath.Tanh(sum),
                DenseActivation.Relu => MathF.Max(sum, 0),
                DenseActivation.Sigmoid => PortableMath.Sigmoid(sum),
                _ => sum,
            };
        }
    }

    /// <summary>Sixteen sums, whatever the machine's vectors, which are added halves onto each other: the same bits everywhere.</summary>
    private static float Dot(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Span<float> rest = stackalloc float[2 * Lanes];
        rest.Clear();
        var whole = a.Length - (a.Length % Lanes);
        a[whole..].CopyTo(rest);
        b[whole..].CopyTo(rest[Lanes..]);
        var (s0, s1, s2, s3) = (Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero, Vector128<float>.Zero);
        for (var i = 0; i <= whole; i += Lanes)
        {
            ref var x = ref MemoryMarshal.GetReference(i < whole ? a[i..] : rest);
            ref var y = ref MemoryMarshal.GetReference(i < whole ? b[i..] : rest[Lanes..]);
            s0 += Vector128.LoadUnsafe(ref x) * Vector128.LoadUnsafe(ref y);
            s1 += Vector128.LoadUnsafe(ref x, 4) * Vector128.LoadUnsafe(ref y, 4);
            s2 += Vector128.LoadUnsafe(ref x, 8) * Vector128.LoadUnsafe(ref y, 8);
            s3 += Vector128.LoadUnsafe(ref x, 12) * Vector128.LoadUnsafe(ref y, 12);
        }

        var sum = s0 + s2 + (s1 + s3);
        return sum[0] + sum[2] + (sum[1] + sum[3]);
    }
}
