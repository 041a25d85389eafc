namespace CompiledBert.Compiler;

/// <summary>A length that is known only when the model runs, such as the number of sequences or of tokens.</summary>
public sealed class Symbol : IEquatable<Symbol>, IComparable<Symbol>
{
    /// <summary>Creates a symbol; its name is its identity, and a valid C# identifier.</summary>
    public Symbol(string name) => Name = name;

    /// <summary>The symbol's name, unique in its graph.</summary>
    public string Name { get; }

    /// <inheritdoc/>
    public bool Equals(Symbol? other) => other is not null && string.Equals(Name, other.Name, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Symbol);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Name);

    /// <inheritdoc/>
    public int CompareTo(Symbol? other) => string.CompareOrdinal(Name, other?.Name);

    /// <inheritdoc/>
    public override string ToString() => Name;

    /// <summary>Whether two symbols are the same.</summary>
    public static bool operator ==(Symbol? left, Symbol? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two symbols differ.</summary>
    public static bool operator !=(Symbol? left, Symbol? right) => !(left == right);

    /// <summary>Ordinal order of names.</summary>
    public static bool operator <(Symbol? left, Symbol? right) => string.CompareOrdinal(left?.Name, right?.Name) < 0;

    /// <summary>Ordinal order of names.</summary>
    public static bool operator >(Symbol? left, Symbol? right) => string.CompareOrdinal(left?.Name, right?.Name) > 0;

    /// <summary>Ordinal order of names.</summary>
    public static bool operator <=(Symbol? left, Symbol? right) => !(left > right);

    /// <summary>Ordinal order of names.</summary>
    public static bool operator >=(Symbol? left, Symbol? right) => !(left < right);
}
