namespace CompiledBert.Compiler;

/// <summary>
/// A statement of a loop program: the small structured language for everything that is not a matrix product.
/// Values are single assignment and named; a value is a scalar, or a vector of lanes inside a <see cref="LoopKind.Lanes"/> loop where it varies.
/// </summary>
public abstract record Statement;

/// <summary>How a loop's iterations run.</summary>
public enum LoopKind
{
    /// <summary>Independent of each other; shared among threads when outermost.</summary>
    Parallel,

    /// <summary>In order.</summary>
    Serial,

    /// <summary>
    /// Independent and vectorised: neighbouring iterations are lanes. No loop of lanes lies inside another; a serial loop may lie inside one.
    /// </summary>
    Lanes,
}

/// <summary>Runs the body for <c>Variable</c> = 0 … <c>Extent</c>−1.</summary>
public sealed record Loop(string Variable, Dim Extent, LoopKind Kind, IReadOnlyList<Statement> Body) : Statement;

/// <summary>
/// A new value from others: <c>Id = Op(Args)</c>. Arguments are ids, loop variables, or literals (<c>0.5</c>, <c>-3</c>, <c>inf</c>,
/// <c>-inf</c>, <c>nan</c>, <c>true</c>), typed by the operation.
/// Operations: every <c>UnaryKind</c> and <c>BinaryKind</c> name in lower case, <c>select</c> (condition, a, b), <c>cast</c>, <c>fma</c> (a·b+c),
/// <c>roundmul</c> (a·b to the nearest whole number, halves to even, the product not rounded before; below 2²²),
/// <c>dim</c> (a <see cref="Dim"/> as I64), <c>index</c> (value, limit: −limit … limit−1 checked, negative ones counted from the end).
/// </summary>
/// <param name="Id">The new value's name.</param>
/// <param name="Type">Its type: Float32, Int64, Int32, UInt64 or Bool. Other integers are loaded and cast to Int64, and cast to their
/// own type before they are stored.</param>
/// <param name="Op">The operation.</param>
/// <param name="Args">Its arguments.</param>
public sealed record Let(string Id, DataType Type, string Op, IReadOnlyList<string> Args) : Statement;

/// <summary>A new value read from memory; its type is the buffer's.</summary>
public sealed record Load(string Id, DataType Type, Access From) : Statement;

/// <summary>Writes a value to memory, converted to nothing: types agree.</summary>
public sealed record Store(Access To, string Value) : Statement;

/// <summary>
/// Starts an accumulator at the neutral element of <paramref name="Kind"/> (sum, max, min, prod). Declared outside a loop of lanes and fed inside it,
/// it is the reduction over the lanes; declared inside and fed in a serial loop, each lane has its own. After the loop its id is the result;
/// inside a serial loop that is not around lanes its id is the running value.
/// </summary>
public sealed record Accumulator(string Id, DataType Type, string Kind) : Statement;

/// <summary>Feeds an accumulator.</summary>
public sealed record Accumulate(string Accumulator, string Value) : Statement;

/// <summary>An element of a buffer: at <c>Offset + Σ Variable·Stride</c>, counted in elements. A variable is a loop variable or an Int64 value.</summary>
public sealed record Access(string Buffer, Dim Offset, IReadOnlyList<AccessTerm> Terms);

/// <summary>One term of an address.</summary>
public sealed record AccessTerm(string Variable, Dim Stride);

/// <summary>Memory of its own for every iteration of the innermost parallel loop: a row that is computed once and read again.</summary>
/// <param name="Id">Its name as a buffer in accesses.</param>
/// <param name="Type">The element type.</param>
/// <param name="Elements">How many elements.</param>
public sealed record Scratch(string Id, DataType Type, Dim Elements);
