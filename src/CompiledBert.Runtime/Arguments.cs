using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CompiledBert;

/// <summary>Checks that emitted code makes before it computes anything. They cost nanoseconds and allocate only what they throw.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class Arguments
{
    /// <summary>A span has exactly the length that the other arguments ask for.</summary>
    /// <param name="actual">Its length.</param>
    /// <param name="expected">The length asked for.</param>
    /// <param name="parameter">Its parameter.</param>
    /// <param name="formula">Where the length comes from, for the message: <c>batch · tokens</c>.</param>
    /// <exception cref="ArgumentException">It has another length.</exception>
    public static void Length(int actual, long expected, string parameter, string formula)
    {
        if (actual != expected)
        {
            ThrowLength(actual, expected, parameter, formula);
        }
    }

    /// <summary>The length of one axis from the length of a span and the product of the other axes.</summary>
    /// <param name="length">Length of the span.</param>
    /// <param name="others">Product of its other axes, not zero.</param>
    /// <param name="parameter">Its parameter.</param>
    /// <param name="formula">The other axes, for the message: <c>batch</c>.</param>
    /// <returns><paramref name="length"/> / <paramref name="others"/>.</returns>
    /// <exception cref="ArgumentException">It is no multiple.</exception>
    public static long Quotient(int length, long others, string parameter, string formula)
    {
        var quotient = length / others;
        if (quotient * others != length)
        {
            ThrowQuotient(length, others, parameter, formula);
        }

        return quotient;
    }

    /// <summary>A length that the caller states or implies is at least 1 and at most what the model takes.</summary>
    /// <param name="actual">The length.</param>
    /// <param name="most">The greatest length; <see cref="long.MaxValue"/> where there is no limit.</param>
    /// <param name="parameter">The parameter that states or implies it.</param>
    /// <param name="what">What it counts, plural, for the message: <c>tokens</c>, <c>sequences</c>.</param>
    /// <exception cref="ArgumentException">It is zero.</exception>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or too great.</exception>
    public static void Count(long actual, long most, string parameter, string what)
    {
        if ((ulong)(actual - 1) >= (ulong)most)
        {
            ThrowCount(actual, most, parameter, what);
        }
    }

    /// <summary>A length beside sequences and tokens, such as that of a cache, which may be empty: at least 0 and at most what the model takes.</summary>
    /// <param name="actual">The length.</param>
    /// <param name="most">The greatest length; <see cref="long.MaxValue"/> where there is no limit.</param>
    /// <param name="parameter">The parameter that states it.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is negative or too great.</exception>
    public static void Extent(long actual, long most, string parameter)
    {
        if ((ulong)actual > (ulong)most)
        {
            ThrowExtent(actual, most, parameter);
        }
    }

    /// <summary>Lengths fit each other: the model does not read further than there is something.</summary>
    /// <param name="length">How far it reads.</param>
    /// <param name="most">How long that is.</param>
    /// <param name="formula">The first as a formula, for the message.</param>
    /// <param name="mostFormula">The second as a formula, for the message.</param>
    /// <exception cref="ArgumentException">They do not.</exception>
    public static void Limit(long length, long most, string formula, string mostFormula)
    {
        if (length > most)
        {
            ThrowLimit(length, most, formula, mostFormula);
        }
    }

    /// <summary>All ids are rows of their table.</summary>
    /// <param name="ids">The ids.</param>
    /// <param name="low">The least allowed.</param>
    /// <param name="high">The first not allowed.</param>
    /// <param name="parameter">Their parameter.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id lies outside; the message has its position and value.</exception>
    public static void Range<T>(ReadOnlySpan<T> ids, long low, long high, string parameter)
        where T : unmanaged, IBinaryInteger<T>
    {
        if (!AreInRange(ids, T.CreateSaturating(low), T.CreateSaturating(high - 1)))
        {
            ThrowRange(ids, low, high, parameter);
        }
    }

    /// <summary>The lengths of concatenated sequences: each at least 1 and at most what the model takes, together what the inputs have.</summary>
    /// <param name="lengths">Tokens of each sequence.</param>
    /// <param name="total">Tokens that the inputs have.</param>
    /// <param name="most">The greatest length of one sequence; <see cref="long.MaxValue"/> where there is no limit.</param>
    /// <param name="parameter">Parameter of the lengths.</param>
    /// <param name="inputs">Parameter whose length is <paramref name="total"/>.</param>
    /// <exception cref="ArgumentException">There is no sequence, one is empty, or the sum is another.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A length is negative or too great.</exception>
    public static void Lengths(ReadOnlySpan<int> lengths, long total, long most, string parameter, string inputs)
    {
        if (lengths.IsEmpty)
        {
            ThrowNoSequence(parameter);
        }

        long sum = 0;
        for (var i = 0; i < lengths.Length; i++)
        {
            if ((ulong)((long)lengths[i] - 1) >= (ulong)most)
            {
                ThrowSequence(lengths[i], i, most, parameter);
            }

            sum += lengths[i];
        }

        if (sum != total)
        {
            ThrowSum(sum, total, parameter, inputs);
        }
    }

    private static bool AreInRange<T>(ReadOnlySpan<T> values, T low, T last)
        where T : unmanaged, IBinaryInteger<T>
    {
        ref var start = ref MemoryMarshal.GetReference(values);
        var i = 0;
        if (Vector.IsHardwareAccelerated && values.Length >= Vector<T>.Count)
        {
            var least = new Vector<T>(low);
            var greatest = new Vector<T>(last);
            var outside = Vector<T>.Zero;
            for (; i <= values.Length - Vector<T>.Count; i += Vector<T>.Count)
            {
                var value = Vector.LoadUnsafe(ref start, (nuint)i);
                outside |= Vector.LessThan(value, least) | Vector.GreaterThan(value, greatest);
            }

            if (outside != Vector<T>.Zero)
            {
                return false;
            }
        }

        for (; i < values.Length; i++)
        {
            var value = Unsafe.Add(ref start, i);
            if (value < low || value > last)
            {
                return false;
            }
        }

        return true;
    }

    [DoesNotReturn]
    private static void ThrowLength(int actual, long expected, string parameter, string formula) =>
        throw new ArgumentException($"{parameter} has {actual} elements, it must have {expected} ({formula}).", parameter);

    [DoesNotReturn]
    private static void ThrowQuotient(int length, long others, string parameter, string formula) =>
        throw new ArgumentException($"{parameter} has {length} elements, it must have a multiple of {others} ({formula}).", parameter);

    [DoesNotReturn]
    private static void ThrowCount(long actual, long most, string parameter, string what)
    {
        if (actual == 0)
        {
            throw new ArgumentException($"{parameter} has no {what}, there must be at least one.", parameter);
        }

        throw new ArgumentOutOfRangeException(parameter, actual, $"{parameter} has {actual} {what}, the model takes 1 to {most}.");
    }

    [DoesNotReturn]
    private static void ThrowExtent(long actual, long most, string parameter) =>
        throw new ArgumentOutOfRangeException(parameter, actual, $"{parameter} is {actual}, the model takes 0 to {most}.");

    [DoesNotReturn]
    private static void ThrowLimit(long length, long most, string formula, string mostFormula) =>
        throw new ArgumentException(formula == length.ToString(CultureInfo.InvariantCulture)
            ? $"These lengths do not fit the model: {mostFormula} is {most}, it must be at least {length}."
            : mostFormula == most.ToString(CultureInfo.InvariantCulture)
            ? $"These lengths do not fit the model: {formula} is {length}, it must be at most {most}."
            : $"These lengths do not fit the model: {formula} is {length}, it must not exceed {mostFormula}, which is {most}.");

    [DoesNotReturn]
    private static void ThrowRange<T>(ReadOnlySpan<T> ids, long low, long high, string parameter)
        where T : unmanaged, IBinaryInteger<T>
    {
        var at = 0;
        while (long.CreateTruncating(ids[at]) >= low && long.CreateTruncating(ids[at]) < high)
        {
            at++;
        }

        throw new ArgumentOutOfRangeException(parameter, ids[at], $"{parameter}[{at}] is {ids[at]}, it must be at least {low} and less than {high}.");
    }

    [DoesNotReturn]
    private static void ThrowNoSequence(string parameter) =>
        throw new ArgumentException($"{parameter} is empty, there must be at least one sequence.", parameter);

    [DoesNotReturn]
    private static void ThrowSequence(int length, int index, long most, string parameter)
    {
        if (length == 0)
        {
            throw new ArgumentException($"{parameter}[{index}] is 0, a sequence has at least one token.", parameter);
        }

        throw new ArgumentOutOfRangeException(parameter, length, $"{parameter}[{index}] is {length}, the model takes 1 to {most} tokens.");
    }

    [DoesNotReturn]
    private static void ThrowSum(long sum, long total, string parameter, string inputs) =>
        throw new ArgumentException($"The sum of {parameter} is {sum}, {inputs} has {total} tokens.", parameter);
}
