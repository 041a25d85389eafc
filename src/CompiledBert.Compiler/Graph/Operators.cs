namespace CompiledBert.Compiler.Graph;

/// <summary>What a node computes. The canonical operators are few; importers express ONNX's many through them.</summary>
/// <remarks>Floating-point arithmetic is in 32 bits whatever the storage. Elementwise operators broadcast as numpy does.</remarks>
public abstract record Operator
{
    /// <summary>The operator's name for messages.</summary>
    public virtual string Name => GetType().Name;
}

/// <summary>Functions of one element.</summary>
public enum UnaryKind
{
    /// <summary>−x.</summary>
    Neg,
    /// <summary>|x|.</summary>
    Abs,
    /// <summary>√x.</summary>
    Sqrt,
    /// <summary>1/√x.</summary>
    Rsqrt,
    /// <summary>1/x.</summary>
    Reciprocal,
    /// <summary>eˣ.</summary>
    Exp,
    /// <summary>ln x.</summary>
    Log,
    /// <summary>The error function.</summary>
    Erf,
    /// <summary>Hyperbolic tangent.</summary>
    Tanh,
    /// <summary>1/(1+e⁻ˣ).</summary>
    Sigmoid,
    /// <summary>Sine.</summary>
    Sin,
    /// <summary>Cosine.</summary>
    Cos,
    /// <summary>Rounded down.</summary>
    Floor,
    /// <summary>Rounded up.</summary>
    Ceil,
    /// <summary>Rounded to nearest, halves to even.</summary>
    Round,
    /// <summary>−1, 0 or 1.</summary>
    Sign,
    /// <summary>max(x, 0); NaN stays NaN.</summary>
    Relu,
    /// <summary>x·Φ(x) with the exact error function (Hendrycks, Gimpel 2016).</summary>
    GeluErf,
    /// <summary>The same, off by up to |x|·2⁻¹³: for results that are rounded to 8 bits.</summary>
    GeluErfCoarse,
    /// <summary>GELU by its tanh approximation.</summary>
    GeluTanh,
    /// <summary>x·sigmoid(x).</summary>
    Silu,
    /// <summary>ln(1+eˣ).</summary>
    Softplus,
    /// <summary>Logical not.</summary>
    Not,
    /// <summary>Whether x is NaN.</summary>
    IsNaN,
    /// <summary>Whether x is infinite.</summary>
    IsInf,
    /// <summary>The value itself.</summary>
    Identity,
}

/// <summary>Functions of two elements.</summary>
public enum BinaryKind
{
    /// <summary>a + b.</summary>
    Add,
    /// <summary>a − b.</summary>
    Sub,
    /// <summary>a · b.</summary>
    Mul,
    /// <summary>a / b; integers truncate.</summary>
    Div,
    /// <summary>aᵇ.</summary>
    Pow,
    /// <summary>The smaller; NaN wins.</summary>
    Min,
    /// <summary>The larger; NaN wins.</summary>
    Max,
    /// <summary>Remainder with the divisor's sign.</summary>
    Mod,
    /// <summary>Remainder with the dividend's sign.</summary>
    FMod,
    /// <summary>Logical and.</summary>
    And,
    /// <summary>Logical or.</summary>
    Or,
    /// <summary>Logical exclusive or.</summary>
    Xor,
    /// <summary>a = b.</summary>
    Equal,
    /// <summary>a &lt; b.</summary>
    Less,
    /// <summary>a ≤ b.</summary>
    LessOrEqual,
    /// <summary>a &gt; b.</summary>
    Greater,
    /// <summary>a ≥ b.</summary>
    GreaterOrEqual,
}

/// <summary>How a reduction combines elements.</summary>
public enum ReduceKind
{
    /// <summary>The sum.</summary>
    Sum,
    /// <summary>The mean.</summary>
    Mean,
    /// <summary>The largest.</summary>
    Max,
    /// <summary>The smallest.</summary>
    Min,
    /// <summary>The product.</summary>
    Prod,
}

/// <summary>f(x), element by element.</summary>
public sealed record Unary(UnaryKind Kind) : Operator
{
    /// <inheritdoc/>
    public override string Name => Kind.ToString();
}

/// <summary>f(a, b), element by element, broadcast.</summary>
public sealed record Binary(BinaryKind Kind) : Operator
{
    /// <inheritdoc/>
    public override string Name => Kind.ToString();
}

/// <summary>Inputs condition, a, b: a where the condition holds, b elsewhere; broadcast.</summary>
public sealed record Select : Operator;

/// <summary>Elements converted to <paramref name="To"/>; floating point to integer truncates.</summary>
/// <param name="To">The type.</param>
/// <param name="IsWhole">Whether the elements are known to be whole numbers within the type's range, so that nothing is cut off.</param>
public sealed record Cast(DataType To, bool IsWhole = false) : Operator;

/// <summary>The same elements in row-major order under another shape.</summary>
public sealed record Reshape(Shape To) : Operator;

/// <summary>Axis i of the result is axis <c>Permutation[i]</c> of the operand.</summary>
public sealed record Transpose(params int[] Permutation) : Operator
{
    /// <inheritdoc/>
    public bool Equals(Transpose? other) => other is not null && Permutation.AsSpan().SequenceEqual(other.Permutation);

    /// <inheritdoc/>
    public override int GetHashCode() => Permutation.Aggregate(3, HashCode.Combine);

    /// <inheritdoc/>
    public override string ToString() => $"Transpose {{ {string.Join(',', Permutation)} }}";
}

/// <summary>Broadcast to a shape, from the right, as numpy does.</summary>
public sealed record Expand(Shape To) : Operator;

/// <summary>Along one axis: result[i] = operand[start + i·step], of the given length.</summary>
public sealed record Slice(int Axis, Dim Start, long Step, Dim Length) : Operator;

/// <summary>Operands one after the other along an axis.</summary>
public sealed record Concat(int Axis) : Operator;

/// <summary>Zero padding or a constant around the operand: before and after each axis (negative crops). Input 1, optional: the value.</summary>
public sealed record Pad(IReadOnlyList<Dim> Before, IReadOnlyList<Dim> After) : Operator;

/// <summary>0, 1, 2 … along a new tensor of one axis, times step plus start; Int64 or Float32 by the result's type.</summary>
public sealed record Iota(Dim Start, long Step, Dim Length) : Operator;

/// <summary>Inputs data, indices: slices of data along <paramref name="Axis"/>, negative indices from the end (ONNX Gather).</summary>
public sealed record Gather(int Axis) : Operator;

/// <summary>Inputs data, indices of the result's shape (ONNX GatherElements).</summary>
public sealed record GatherElements(int Axis) : Operator;

/// <summary>Inputs data, index tuples along the last axis (ONNX GatherND).</summary>
public sealed record GatherNd(int BatchDims) : Operator;

/// <summary>
/// Inputs data, index tuples, updates (ONNX ScatterND). An update takes an element's place, or is combined with it; of several at one
/// place the last stays, or all are combined.
/// </summary>
public sealed record ScatterNd(ReduceKind? Combine = null) : Operator;

/// <summary>A reduction over axes (all non-negative, sorted); the axes stay with length 1.</summary>
public sealed record Reduce(ReduceKind Kind, params int[] Axes) : Operator
{
    /// <inheritdoc/>
    public override string Name => "Reduce" + Kind;

    /// <inheritdoc/>
    public bool Equals(Reduce? other) => other is not null && Kind == other.Kind && Axes.AsSpan().SequenceEqual(other.Axes);

    /// <inheritdoc/>
    public override int GetHashCode() => Axes.Aggregate((int)Kind, HashCode.Combine);

    /// <inheritdoc/>
    public override string ToString() => $"{Name} {{ {string.Join(',', Axes)} }}";
}

/// <summary>Running sum along an axis.</summary>
public sealed record CumSum(int Axis, bool Exclusive, bool Reverse) : Operator;

/// <summary>The index of the largest or smallest element along an axis, which stays with length 1; Int64.</summary>
public sealed record ArgExtremum(int Axis, bool Largest, bool SelectLast) : Operator;

/// <summary>numpy's matmul: [.., M, K] × [.., K, N], leading axes broadcast.</summary>
public sealed record MatMul : Operator;

/// <summary>Inputs x [.., K], constant weights [K, N], optional constant bias [N]: x·W + b.</summary>
public sealed record Linear : Operator;

/// <summary>
/// Each row of the last axis as whole numbers −127 … 127 and the row's scale: results q (Int8) and s [.., 1], the row's largest magnitude / 127, so that
/// x ≈ q·s. Halves are rounded to even; rows below 10⁻³⁶ are zeros.
/// </summary>
public sealed record QuantizeRows : Operator;

/// <summary>
/// Inputs q [.., K] (Int8), constant weights [K, N] (Int8), optional shift (Int32, one element): Σₖ (q + shift)·W, exact
/// in 32 bits, then rounded to a float once.
/// </summary>
/// <param name="HasSmallSums">Whether no sum is above <see cref="SmallSum"/> in size, whatever q is in −127 … 127.</param>
public sealed record IntegerLinear(bool HasSmallSums = false) : Operator
{
    /// <summary>Up to here whole numbers beside 1.5·2²³ are floats.</summary>
    public const int SmallSum = 1 << 22;

    /// <summary>The most rows that the weights may have, so that sums of (−255 … 255)·(−128 … 127) fit in 32 bits.</summary>
    public const int MaxRows = 65_536;
}

/// <summary>One-dimensional convolution: x [B, Cin, L], w [Cout, Cin/groups, kernel], optional bias [Cout] (ONNX Conv).</summary>
public sealed record Conv1d(long Groups, long Stride, long Dilation, long PadBefore, long PadAfter) : Operator;

/// <summary>e^(x−max) / sum along an axis.</summary>
public sealed record Softmax(int Axis) : Operator;

/// <summary>
/// Inputs x, scale, optional bias, the last two of the shape of the normalised last axis: (x−mean)/√(variance+ε)·scale + bias
/// (ONNX LayerNormalization over the last axis).
/// </summary>
public sealed record LayerNorm(float Epsilon) : Operator;

/// <summary>Inputs x, scale over the last axis: x/√(mean(x²)+ε)·scale (ONNX RMSNormalization).</summary>
public sealed record RmsNorm(float Epsilon) : Operator;
