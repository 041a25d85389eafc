namespace CompiledBert.Generator.Emit;

/// <summary>
/// What the statements of a loop program may name that is declared around them, as C#. With it a program is written anywhere: as the body of a step, on a
/// finished tile of a matrix product, on a row, or on a row of attention scores.
/// </summary>
/// <remarks>
/// The loop emitter's entry is <c>LoopEmitter.WriteRange(writer, target, kernels, scope, loop, first, end)</c>: the loop's body for its variable from
/// <c>first</c> to <c>end</c> − 1, both C# expressions of type long. A loop of lanes becomes vector code whose last, partial vector uses the same
/// operations as a full one; other kinds become a plain <c>for</c>. A finished tile is then one loop of lanes over <c>n</c> from the tile's first
/// column, whose body is a load of <c>acc</c> from a buffer of this scope, the epilogue, and a store.
/// </remarks>
internal sealed class LoopScope
{
    /// <summary>Loop variables of the program that are already set: the program's name, and a C# expression of type long.</summary>
    public Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal);

    /// <summary>
    /// Buffers and private rows: the program's name, and a C# expression of type <c>byte*</c>. A buffer that is missing here is <c>f-&gt;id</c>.
    /// </summary>
    public Dictionary<string, string> Pointers { get; } = new(StringComparer.Ordinal);

    /// <summary>What the program is a part of, for messages of exceptions at run time.</summary>
    public string Step { get; set; } = "";
}
