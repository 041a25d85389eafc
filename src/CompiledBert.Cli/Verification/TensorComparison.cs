using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Verification;

/// <summary>A result held against its reference.</summary>
/// <param name="MaxDifference">The largest difference of two elements; infinite where one of them is not a number.</param>
/// <param name="Scale">The largest size of an element of the reference.</param>
/// <param name="Cosine">Cosine of the two as vectors; 1 where both are zero.</param>
/// <param name="Agrees">Whether every element, and the cosine, is within the tolerance. Integers and truth values must be equal.</param>
internal sealed record TensorComparison(double MaxDifference, double Scale, double Cosine, bool Agrees)
{
    /// <summary>The largest difference as a share of the scale.</summary>
    public double RelativeDifference => MaxDifference == 0 ? 0 : MaxDifference / Scale;

    /// <summary>Compares tensors of the same number of elements, of any types.</summary>
    public static TensorComparison Of(HostTensor actual, DataType expectedType, ReadOnlySpan<byte> expected, Tolerance tolerance)
    {
        var scale = 0.0;
        for (var i = 0; i < actual.Count; i++)
        {
            var size = Math.Abs(Elements.Float(expectedType, expected, i));
            scale = double.IsFinite(size) ? Math.Max(scale, size) : scale;
        }

        var exact = !actual.Type.IsFloat();
        var relative = tolerance.Relative + tolerance.RoundingOf(expectedType);
        var (most, dot, own, other) = (0.0, 0.0, 0.0, 0.0);
        var agrees = true;
        for (var i = 0; i < actual.Count; i++)
        {
            var x = Elements.Float(actual.Type, actual.Bytes, i);
            var y = Elements.Float(expectedType, expected, i);
            var difference = x.Equals(y) ? 0 : Math.Abs(x - y);
            difference = double.IsNaN(difference) ? double.PositiveInfinity : difference;
            most = Math.Max(most, difference);
            agrees &= difference == 0
                || (!exact && difference <= tolerance.Absolute + (relative * Math.Abs(y)) + (tolerance.OfScale * scale));
            if (double.IsFinite(x) && double.IsFinite(y))
            {
                dot += x * y;
                own += x * x;
                other += y * y;
            }
        }

        var cosine = own == 0 && other == 0 ? 1 : own == 0 || other == 0 ? 0 : dot / Math.Sqrt(own) / Math.Sqrt(other);
        return new TensorComparison(most, scale, cosine, agrees && cosine >= tolerance.MinCosine);
    }

    /// <summary>Compares two tensors that models gave.</summary>
    public static TensorComparison Of(HostTensor actual, HostTensor expected, Tolerance tolerance) =>
        Of(actual, expected.Type, expected.Bytes, tolerance);
}
