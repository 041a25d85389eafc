namespace CompiledBert.Compiler;

/// <summary>One fused step of a plan.</summary>
public abstract record Step
{
    /// <summary>What it is, for people: <c>layer 3 · QKV 384→1152</c>.</summary>
    public required string Title { get; init; }

    /// <summary>Names of the model's nodes it stands for.</summary>
    public required IReadOnlyList<string> Origins { get; init; }

    /// <summary>How it runs over sequences of different lengths.</summary>
    public RaggedMode Ragged { get; init; }
}

/// <summary>How a step runs over sequences of different lengths that lie one after the other in its buffers.</summary>
public enum RaggedMode
{
    /// <summary>Sequence by sequence: B = 1, T = its length.</summary>
    EachSequence,

    /// <summary>Once over all tokens, B = 1, T = their sum: each token's results depend on that token alone.</summary>
    AllTokens,

    /// <summary>Once over all sequences, B = their number: it reads and writes nothing whose size depends on T.</summary>
    AllSequences,
}

/// <summary>A loop program: elementwise chains, broadcasts, reductions, gathers, layout changes.</summary>
/// <remarks>The body is one chain of parallel loops (possibly none) around the rest.</remarks>
public sealed record NestStep : Step
{
    /// <summary>The program.</summary>
    public required IReadOnlyList<Statement> Body { get; init; }

    /// <summary>Its private rows.</summary>
    public IReadOnlyList<Scratch> Scratch { get; init; } = [];
}

/// <summary>Rows of a matrix in memory: element (m, i) at <c>Offset + m·RowStride + i</c>.</summary>
public sealed record RowOperand(string Buffer, Dim Offset, Dim RowStride);

/// <summary>Y[m, n] = (sum · Rows[m]) · Columns[n] + Bias[n], the last two in one rounding.</summary>
/// <param name="Rows">Buffer of the rows' scales, Float32.</param>
/// <param name="Columns">Buffer of the columns' scales, Float32.</param>
/// <param name="Bias">Buffer of what is added, Float32; null for nothing.</param>
public sealed record ColumnScales(string Rows, string Columns, string? Bias);

/// <summary>
/// Y = epilogue(X·W + bias): X [Rows, K], W constant and packed in panels of 16 columns <c>[⌈N/16⌉][K][16]</c>, padded with zeros.
/// Of integers: Y = epilogue(Σ (X + shift)·W), X and W of 8 bits, the sums exact in 32 bits; W is packed <c>[⌈N/16⌉][⌈K/4⌉][16][4]</c>, padded with zeros,
/// and behind it stand the sums of its columns, Int32, padded to a multiple of 16.
/// </summary>
public sealed record LinearStep : Step
{
    /// <summary>Rows of X and Y.</summary>
    public required Dim Rows { get; init; }

    /// <summary>The inner length.</summary>
    public required long K { get; init; }

    /// <summary>Columns of Y.</summary>
    public required long N { get; init; }

    /// <summary>The left operand.</summary>
    public required RowOperand X { get; init; }

    /// <summary>Buffer of the packed weights.</summary>
    public required string Weights { get; init; }

    /// <summary>Buffer of the bias, padded with zeros to a multiple of 16; null for none.</summary>
    public string? Bias { get; init; }

    /// <summary>Whether X and W are integers of 8 bits.</summary>
    public bool IsInteger { get; init; }

    /// <summary>Whether no sum of products of integers is above 2²² in size. Of integers only, and without <see cref="Shift"/>.</summary>
    public bool HasSmallSums { get; init; }

    /// <summary>Buffer whose first element (Int32) is added to every element of X; null for none. Of integers only.</summary>
    public string? Shift { get; init; }

    /// <summary>
    /// What turns sums of integers into the numbers that they stand for; null for the sums as they are. Of integers only, and of whole panels of 16 columns.
    /// </summary>
    public ColumnScales? Scales { get; init; }

    /// <summary>Where the results go.</summary>
    public required RowOperand Y { get; init; }

    /// <summary>
    /// Elementwise work on a finished tile: <see cref="Let"/> and <see cref="Load"/> over the variables <c>m</c> (row) and <c>n</c> (column, the lanes),
    /// with the predefined value <c>acc</c> (bias already added, <see cref="Scales"/> applied). Empty for none.
    /// </summary>
    public IReadOnlyList<Statement> Tile { get; init; } = [];

    /// <summary>The value of <see cref="Tile"/> that is stored; <c>acc</c> where there is none.</summary>
    public string TileResult { get; init; } = "acc";

    /// <summary>
    /// Work on a finished row while it is in the cache: residual and norm. A program with one parallel loop over <c>m</c> of extent
    /// <see cref="Rows"/>; it may read and write Y's buffer. Empty for none.
    /// </summary>
    public IReadOnlyList<Statement> Row { get; init; } = [];

    /// <summary>Private rows of <see cref="Row"/>.</summary>
    public IReadOnlyList<Scratch> RowScratch { get; init; } = [];
}

/// <summary>Vectors of heads in memory: element (b, h, t, i) at <c>Offset + b·BatchStride + h·HeadStride + t·TokenStride + i</c>.</summary>
public sealed record HeadOperand(string Buffer, Dim Offset, Dim BatchStride, Dim HeadStride, Dim TokenStride);

/// <summary>softmax(score(Q·Kᵀ))·V for each sequence and head, a head at a time (Vaswani et al. 2017).</summary>
public sealed record AttentionStep : Step
{
    /// <summary>The most keys of a sequence that <see cref="IsInteger"/> is for: what longer ones lose was not measured, and they are of floats.</summary>
    public const long MostIntegerKeys = 1024;

    /// <summary>
    /// Whether products are of 8-bit integers: queries and keys rounded row by row, values column by column, probabilities to 255 steps. For at most
    /// <see cref="MostIntegerKeys"/> keys, and without <see cref="Probability"/>.
    /// </summary>
    public bool IsInteger { get; init; }

    /// <summary>
    /// Whether a query whose softmax is not a number, as all its scores are −∞, has probabilities of zero: what PyTorch calls a safe softmax.
    /// </summary>
    public bool IsSafe { get; init; }

    /// <summary>Sequences.</summary>
    public required Dim Batch { get; init; }

    /// <summary>Query heads.</summary>
    public required long Heads { get; init; }

    /// <summary>Query heads that share one head of keys and values; 1 in plain attention.</summary>
    public long HeadsPerKeyHead { get; init; } = 1;

    /// <summary>Queries of a sequence.</summary>
    public required Dim Queries { get; init; }

    /// <summary>Keys of a sequence.</summary>
    public required Dim Keys { get; init; }

    /// <summary>Length of a query and a key.</summary>
    public required long HeadSize { get; init; }

    /// <summary>Length of a value.</summary>
    public required long ValueSize { get; init; }

    /// <summary>Queries.</summary>
    public required HeadOperand Q { get; init; }

    /// <summary>Keys; the head index is h / <see cref="HeadsPerKeyHead"/>.</summary>
    public required HeadOperand K { get; init; }

    /// <summary>Values; the head index is h / <see cref="HeadsPerKeyHead"/>.</summary>
    public required HeadOperand V { get; init; }

    /// <summary>Results.</summary>
    public required HeadOperand Y { get; init; }

    /// <summary>
    /// Elementwise work on scores (scale, mask, relative positions): over the variables <c>b</c>, <c>h</c>, <c>q</c> and <c>k</c> (the lanes), with
    /// the predefined value <c>s</c>. Empty for none.
    /// </summary>
    public IReadOnlyList<Statement> Score { get; init; } = [];

    /// <summary>The value of <see cref="Score"/> that softmax takes; <c>s</c> where there is none.</summary>
    public string ScoreResult { get; init; } = "s";

    /// <summary>Elementwise work on probabilities, as <see cref="Score"/>, with the predefined value <c>p</c>. Empty for none.</summary>
    public IReadOnlyList<Statement> Probability { get; init; } = [];

    /// <summary>The value of <see cref="Probability"/> that multiplies V; <c>p</c> where there is none.</summary>
    public string ProbabilityResult { get; init; } = "p";
}

/// <summary>A matrix in memory for each batch index: element (i…, r, c) at <c>Offset + Σ i·BatchStrides + r·RowStride + c·ColumnStride</c>.</summary>
public sealed record MatrixOperand(string Buffer, Dim Offset, IReadOnlyList<Dim> BatchStrides, Dim RowStride, Dim ColumnStride);

/// <summary>Y = A·B over batch axes; the right operand is computed at run time or a constant with a matrix for each index.</summary>
public sealed record MatMulStep : Step
{
    /// <summary>Extents of the batch axes.</summary>
    public required IReadOnlyList<Dim> BatchExtents { get; init; }

    /// <summary>Rows of A and Y.</summary>
    public required Dim M { get; init; }

    /// <summary>Columns of B and Y.</summary>
    public required Dim N { get; init; }

    /// <summary>The inner length.</summary>
    public required Dim K { get; init; }

    /// <summary>The left operand [M, K].</summary>
    public required MatrixOperand A { get; init; }

    /// <summary>The right operand [K, N].</summary>
    public required MatrixOperand B { get; init; }

    /// <summary>Whether the right operand lies in panels of 16 columns already, <c>[⌈N/16⌉][K][16]</c> a batch index, as weights do.</summary>
    public bool IsPacked { get; init; }

    /// <summary>The result [M, N]; its column stride is 1.</summary>
    public required MatrixOperand Y { get; init; }
}
