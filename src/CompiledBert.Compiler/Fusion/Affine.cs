namespace CompiledBert.Compiler.Fusion;

/// <summary>An index: <c>Offset + Σ Variable·Stride</c> over loop variables and Int64 values of a loop program.</summary>
internal sealed class Affine
{
    public Affine(Dim offset, IEnumerable<AccessTerm> terms)
    {
        Offset = offset;
        Terms =
        [
            .. from term in terms
               group term.Stride by term.Variable into same
               let stride = same.Aggregate((a, b) => a + b)
               where !stride.Is(0)
               select new AccessTerm(same.Key, stride),
        ];
    }

    public static Affine Zero { get; } = new(Dim.Zero, []);

    public Dim Offset { get; }

    /// <summary>One term a variable, none with stride 0.</summary>
    public IReadOnlyList<AccessTerm> Terms { get; }

    public static Affine Of(Dim constant) => new(constant, []);

    public static Affine Variable(string name) => new(Dim.Zero, [new AccessTerm(name, Dim.One)]);

    public static Affine operator +(Affine a, Affine b) => new(a.Offset + b.Offset, a.Terms.Concat(b.Terms));

    public static Affine operator *(Affine a, Dim factor) => new(a.Offset * factor, a.Terms.Select(t => t with { Stride = t.Stride * factor }));

    /// <summary>The stride of a variable; zero where it does not occur.</summary>
    public Dim StrideOf(string variable) => Terms.FirstOrDefault(t => t.Variable == variable)?.Stride ?? Dim.Zero;

    /// <summary>
    /// Quotient and remainder by a divisor, where they are affine again: every term is either a multiple of the divisor, or the terms that are not
    /// provably stay below it. Null elsewhere.
    /// </summary>
    public (Affine Quotient, Affine Remainder)? DivRem(Dim divisor, Func<string, Dim?> extentOf)
    {
        if (divisor.Is(1))
        {
            return (this, Zero);
        }

        var quotient = new List<AccessTerm>();
        var remainder = new List<AccessTerm>();
        foreach (var term in Terms)
        {
            if (term.Stride.DivideExactly(divisor) is { } whole)
            {
                quotient.Add(term with { Stride = whole });
            }
            else
            {
                remainder.Add(term);
            }
        }

        var quotientOffset = Offset.DivideExactly(divisor);
        var remainderOffset = quotientOffset is null ? Offset : Dim.Zero;
        return IsBelow(divisor, remainder, remainderOffset, extentOf)
            ? (new Affine(quotientOffset ?? Dim.Zero, quotient), new Affine(remainderOffset, remainder))
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        string.Join(" + ", Terms.Select(t => $"{t.Variable}·({t.Stride})").OrderBy(t => t, StringComparer.Ordinal).Append(Offset.ToString()));

    /// <summary>Whether offset + Σ (extent−1)·stride + 1 ≤ limit for a mixed-radix sum: sorted by stride, each level must fit into the next.</summary>
    private static bool IsBelow(Dim limit, List<AccessTerm> terms, Dim offset, Func<string, Dim?> extentOf)
    {
        if (!offset.IsConstant || offset.Value < 0)
        {
            return false;
        }

        if (terms.Count == 0)
        {
            return offset.Is(0) || (limit.IsConstant && offset.Value < limit.Value);
        }

        var largest = offset;
        var tight = offset.Is(0);
        foreach (var term in terms)
        {
            if (extentOf(term.Variable) is not { } extent)
            {
                return false;
            }

            largest += (extent - Dim.One) * term.Stride;
        }

        var slack = limit - Dim.One - largest;
        return slack.IsConstant ? slack.Value >= 0 : tight && slack.Terms.All(t => t.Coefficient > 0);
    }
}
