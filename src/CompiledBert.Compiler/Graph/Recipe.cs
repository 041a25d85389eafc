using System.Security.Cryptography;

namespace CompiledBert.Compiler.Graph;

/// <summary>How derived elements are made: equal recipes make equal elements.</summary>
public sealed class Recipe : IEquatable<Recipe>
{
    private readonly object _operation;
    private readonly IReadOnlyList<object> _operands;
    private readonly int _hash;

    private Recipe(object operation, IReadOnlyList<object> operands)
    {
        _operation = operation;
        _operands = operands;
        _hash = operands.Aggregate(operation.GetHashCode(), HashCode.Combine);
    }

    /// <summary>An operation and what it is done to: identities of tensors (<see cref="TensorData.Identity"/>), numbers, texts.</summary>
    public static Recipe Of(object operation, params IReadOnlyList<object> operands) => new(operation, operands);

    /// <summary>What stands for numbers that an operation takes.</summary>
    public static string Of(ReadOnlySpan<float> numbers) => Convert.ToHexString(SHA256.HashData(System.Runtime.InteropServices.MemoryMarshal.AsBytes(numbers)));

    /// <inheritdoc/>
    public bool Equals(Recipe? other) =>
        other is not null && _hash == other._hash && _operation.Equals(other._operation) && _operands.SequenceEqual(other._operands);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Recipe);

    /// <inheritdoc/>
    public override int GetHashCode() => _hash;
}
