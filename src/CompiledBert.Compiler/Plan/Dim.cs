using System.Globalization;
using System.Text;

namespace CompiledBert.Compiler;

/// <summary>
/// A length or an offset: a polynomial with integer coefficients over symbols, in canonical form, so that equal polynomials compare equal.
/// <c>2*B*T + 1</c> is the sum of the terms <c>2*[B,T]</c> and <c>1*[]</c>. Arithmetic is checked: an overflow throws <see cref="OverflowException"/>.
/// </summary>
public sealed class Dim : IEquatable<Dim>
{
    private readonly Term[] _terms; // sorted by monomial, no zero coefficients

    private Dim(Term[] terms) => _terms = terms;

    /// <summary>One product of symbols with its coefficient; the symbols are sorted and may repeat.</summary>
    public sealed class Term
    {
        internal Term(Symbol[] symbols, long coefficient)
        {
            Symbols = symbols;
            Coefficient = coefficient;
        }

        /// <summary>The symbols multiplied, sorted; empty for the constant term.</summary>
        public IReadOnlyList<Symbol> Symbols { get; }

        /// <summary>The integer in front; never zero.</summary>
        public long Coefficient { get; }
    }

    /// <summary>The number 0.</summary>
    public static Dim Zero { get; } = new([]);

    /// <summary>The number 1.</summary>
    public static Dim One { get; } = Of(1);

    /// <summary>A constant.</summary>
    public static Dim Of(long value) => value == 0 ? new Dim([]) : new Dim([new Term([], value)]);

    /// <summary>A symbol by itself.</summary>
    public static Dim Of(Symbol symbol) => new([new Term([symbol], 1)]);

    /// <summary>The terms in canonical order.</summary>
    public IReadOnlyList<Term> Terms => _terms;

    /// <summary>Whether no symbol occurs.</summary>
    public bool IsConstant => _terms.Length == 0 || (_terms.Length == 1 && _terms[0].Symbols.Count == 0);

    /// <summary>The constant's value. Throws where a symbol occurs.</summary>
    public long Value => IsConstant
        ? (_terms.Length == 0 ? 0 : _terms[0].Coefficient)
        : throw new InvalidOperationException($"'{this}' is not a constant.");

    /// <summary>Whether this is the constant <paramref name="value"/>.</summary>
    public bool Is(long value) => IsConstant && Value == value;

    /// <summary>The symbol, where this is just one symbol.</summary>
    public Symbol? AsSymbol => _terms.Length == 1 && _terms[0].Coefficient == 1 && _terms[0].Symbols.Count == 1 ? _terms[0].Symbols[0] : null;

    /// <summary>All symbols that occur, sorted.</summary>
    public IEnumerable<Symbol> Symbols => _terms.SelectMany(t => t.Symbols).Distinct().OrderBy(s => s);

    /// <summary>A constant, from a number.</summary>
    public static implicit operator Dim(long value) => Of(value);

    /// <summary>The sum.</summary>
    public static Dim operator +(Dim a, Dim b) => FromTerms(a._terms.Concat(b._terms));

    /// <summary>The difference.</summary>
    public static Dim operator -(Dim a, Dim b) => a + (b * Of(-1));

    /// <summary>The product.</summary>
    public static Dim operator *(Dim a, Dim b) => FromTerms(
        from x in a._terms
        from y in b._terms
        select new Term([.. x.Symbols.Concat(y.Symbols).OrderBy(s => s)], checked(x.Coefficient * y.Coefficient)));

    /// <summary>Whether two dims are the same polynomial.</summary>
    public static bool operator ==(Dim? a, Dim? b) => a is null ? b is null : a.Equals(b);

    /// <summary>Whether two dims are different polynomials (they may still be equal for some lengths).</summary>
    public static bool operator !=(Dim? a, Dim? b) => !(a == b);

    /// <summary>The quotient where <paramref name="divisor"/> divides this without remainder as a polynomial; null elsewhere.</summary>
    public Dim? DivideExactly(Dim divisor)
    {
        if (divisor._terms.Length != 1)
        {
            return divisor.Equals(this) && _terms.Length > 0 ? One : DivideByPolynomial(divisor);
        }

        var by = divisor._terms[0];
        var quotient = new List<Term>();
        foreach (var term in _terms)
        {
            if (Quotient(term, by) is not { } part)
            {
                return null;
            }

            quotient.Add(part);
        }

        return FromTerms(quotient);
    }

    /// <summary>Replaces a symbol by a dim.</summary>
    public Dim Substitute(Symbol symbol, Dim replacement)
    {
        var result = Zero;
        foreach (var term in _terms)
        {
            var product = Of(term.Coefficient);
            foreach (var factor in term.Symbols)
            {
                product *= factor == symbol ? replacement : Of(factor);
            }

            result += product;
        }

        return result;
    }

    /// <summary>The number this is for the given lengths.</summary>
    public long Evaluate(Func<Symbol, long> lengthOf)
    {
        long sum = 0;
        foreach (var term in _terms)
        {
            var product = term.Coefficient;
            foreach (var factor in term.Symbols)
            {
                product = checked(product * lengthOf(factor));
            }

            sum = checked(sum + product);
        }

        return sum;
    }

    /// <inheritdoc/>
    public bool Equals(Dim? other) =>
        other is not null && _terms.Length == other._terms.Length && _terms.Zip(other._terms, SameTerm).All(same => same);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Dim);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(ToString());

    /// <summary>The polynomial as text that is also a C# expression, such as <c>2*B*T+1</c>; <see cref="Parse"/> reads it.</summary>
    public override string ToString()
    {
        if (_terms.Length == 0)
        {
            return "0";
        }

        var text = new StringBuilder();
        foreach (var term in _terms)
        {
            if (text.Length > 0 && term.Coefficient > 0)
            {
                text.Append('+');
            }

            var names = string.Join("*", term.Symbols.Select(s => s.Name));
            text.Append(
                names.Length == 0 ? term.Coefficient.ToString(CultureInfo.InvariantCulture)
                : term.Coefficient == 1 ? names
                : term.Coefficient == -1 ? "-" + names
                : term.Coefficient.ToString(CultureInfo.InvariantCulture) + "*" + names);
        }

        return text.ToString();
    }

    /// <summary>Reads what <see cref="ToString"/> writes. Throws <see cref="FormatException"/> on anything else.</summary>
    public static Dim Parse(string text)
    {
        var sum = Zero;
        var start = 0;
        for (var i = 1; i <= text.Length; i++)
        {
            if (i == text.Length || text[i] is '+' or '-')
            {
                sum += ParseTerm(text.Substring(start, i - start), text);
                start = i;
            }
        }

        return sum;
    }

    private static Dim ParseTerm(string term, string whole)
    {
        var negative = term.Length > 0 && term[0] == '-';
        var product = Of(negative ? -1 : 1);
        foreach (var factor in term.TrimStart('+', '-').Split('*'))
        {
            if (long.TryParse(factor, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                product *= Of(number);
            }
            else if (factor.Length > 0 && (char.IsLetter(factor[0]) || factor[0] == '_'))
            {
                product *= Of(new Symbol(factor));
            }
            else
            {
                throw new FormatException($"'{whole}' is not a dimension.");
            }
        }

        return product;
    }

    private Dim? DivideByPolynomial(Dim divisor)
    {
        // Long division by the leading term; both are tiny.
        if (divisor._terms.Length == 0)
        {
            return null;
        }

        var rest = this;
        var quotient = Zero;
        var lead = divisor._terms[divisor._terms.Length - 1];
        for (var step = 0; rest._terms.Length > 0; step++)
        {
            if (step > 16 || Quotient(rest._terms[rest._terms.Length - 1], lead) is not { } part)
            {
                return null;
            }

            var partDim = FromTerms([part]);
            quotient += partDim;
            rest -= partDim * divisor;
        }

        return quotient;
    }

    private static Term? Quotient(Term term, Term by)
    {
        if (term.Coefficient % by.Coefficient != 0)
        {
            return null;
        }

        var left = term.Symbols.ToList();
        foreach (var symbol in by.Symbols)
        {
            if (!left.Remove(symbol))
            {
                return null;
            }
        }

        return new Term([.. left], term.Coefficient / by.Coefficient);
    }

    private static bool SameTerm(Term a, Term b) => a.Coefficient == b.Coefficient && a.Symbols.SequenceEqual(b.Symbols);

    private static Dim FromTerms(IEnumerable<Term> terms)
    {
        var sums = new SortedDictionary<string, (Symbol[] Symbols, long Sum)>(StringComparer.Ordinal);
        foreach (var term in terms)
        {
            // More factors sort later, so that the leading term of a polynomial is its last.
            var key = (char)('0' + term.Symbols.Count) + string.Join("*", term.Symbols.Select(s => s.Name));
            var sum = sums.TryGetValue(key, out var found) ? checked(found.Sum + term.Coefficient) : term.Coefficient;
            sums[key] = ([.. term.Symbols], sum);
        }

        return new Dim([.. sums.Values.Where(v => v.Sum != 0).Select(v => new Term(v.Symbols, v.Sum))]);
    }
}
