using System.Collections;

namespace CompiledBert.Compiler.Graph;

/// <summary>A tensor's shape: one <see cref="Dim"/> an axis. Value equality.</summary>
public sealed class Shape : IReadOnlyList<Dim>, IEquatable<Shape>
{
    private readonly Dim[] _dims;

    /// <summary>Creates a shape.</summary>
    public Shape(params IEnumerable<Dim> dims) => _dims = [.. dims];

    /// <summary>The shape of a scalar.</summary>
    public static Shape Scalar { get; } = new();

    /// <summary>A shape of constants.</summary>
    public static Shape Of(params IEnumerable<long> dims) => new(dims.Select(d => Dim.Of(d)));

    /// <summary>How many axes there are.</summary>
    public int Rank => _dims.Length;

    /// <inheritdoc/>
    public int Count => _dims.Length;

    /// <summary>The length of an axis; negative axes count from the end.</summary>
    public Dim this[int axis] => _dims[axis < 0 ? axis + _dims.Length : axis];

    /// <summary>The number of elements.</summary>
    public Dim Elements => _dims.Aggregate(Dim.One, (product, dim) => product * dim);

    /// <summary>Whether no symbol occurs.</summary>
    public bool IsConstant => _dims.All(d => d.IsConstant);

    /// <summary>The lengths as numbers; throws where a symbol occurs.</summary>
    public long[] ToConstants() => [.. _dims.Select(d => d.Value)];

    /// <summary>This shape with one axis replaced.</summary>
    public Shape With(int axis, Dim length)
    {
        var dims = (Dim[])_dims.Clone();
        dims[axis < 0 ? axis + dims.Length : axis] = length;
        return new Shape(dims);
    }

    /// <summary>Replaces a symbol everywhere.</summary>
    public Shape Substitute(Symbol symbol, Dim replacement) => new(_dims.Select(d => d.Substitute(symbol, replacement)));

    /// <inheritdoc/>
    public bool Equals(Shape? other) => other is not null && _dims.AsSpan().SequenceEqual(other._dims);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Shape);

    /// <inheritdoc/>
    public override int GetHashCode() => _dims.Aggregate(17, HashCode.Combine);

    /// <inheritdoc/>
    public IEnumerator<Dim> GetEnumerator() => ((IEnumerable<Dim>)_dims).GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The shape as text: <c>[B,T,384]</c>.</summary>
    public override string ToString() => "[" + string.Join(",", (IEnumerable<Dim>)_dims) + "]";

    /// <summary>Whether two shapes are equal.</summary>
    public static bool operator ==(Shape? left, Shape? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Whether two shapes differ.</summary>
    public static bool operator !=(Shape? left, Shape? right) => !(left == right);
}
