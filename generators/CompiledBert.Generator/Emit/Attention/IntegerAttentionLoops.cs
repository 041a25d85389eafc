using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// Attention with products of 8-bit integers. Queries and keys are rounded in steps of each one's largest element / 127, values in steps of each column's.
/// A row's largest probability is 255, the others in proportion, rounded up or down by a threshold that differs from key to key and from query to query
/// (<see cref="IntegerAttentionKernels.NeedSoftmax"/>). All sums are exact, so that every instruction set gives the same bits.
/// </summary>
internal sealed class IntegerAttentionLoops : AttentionLoops
{
    // Of base 2: softmax is of powers of two.
    private const string LogarithmOfE = "1.44269504";

    private readonly IReadOnlyList<IntegerKernel> _kernels;
    private readonly AffineScores? _affine;
    private readonly string[] _scratch;

    /// <summary>Creates the loops of a step.</summary>
    public IntegerAttentionLoops(StepContext context, AttentionStep step, VectorTarget target, SharedProgram shared)
        : base(context, step, target, shared)
    {
        if (step.Probability.Count > 0)
        {
            throw new EmitException($"{StepContext.OneLine(step.Title)}: probabilities of integers take no program");
        }

        _kernels = IntegerKernel.For(target);
        _affine = AffineScores.Of(step, Score, ScoreResult);
        var (rows, groupBytes, columns) = (_kernels.Max(k => k.RowsAtOnce), _kernels.Max(k => k.GroupBytes), 16 * ValuePanels);
        _scratch =
        [
            context.RequestScratch($"{Text(4 * Groups)} * {PaddedKeys}"), // keys in panels
            context.RequestScratch($"12 * {PaddedKeys}"), // their scales, where their sums begin, and what is added to their scores
            context.RequestScratch($"{Text(columns)} * {PaddedKeys}"), // values in panels
            context.RequestScratch(Text(8 * columns)), // their columns' scales, and where their sums begin
            context.RequestScratch(Text(4 * Groups * Math.Max(rows, 16) + IntegerKernel.ReadBehind)), // rows of a panel of keys or a tile of queries
            context.RequestScratch(Text(groupBytes * Groups)), // a tile of queries, packed
            context.RequestScratch($"{Text(4 * rows)} * {PaddedKeys}"), // scores
            context.RequestScratch($"{Text(2 * rows)} * {PaddedKeys} + {Text(IntegerKernel.ReadBehind)}"), // probabilities, a byte or a word each
            context.RequestScratch($"{Text(groupBytes / 4)} * {PaddedKeys}"), // the same packed, a quarter of the keys as groups
            context.RequestScratch(Text(4 * rows * columns)), // mixed values
        ];
    }

    private long Groups => (Step.HeadSize + 3) / 4;

    /// <summary>Whether micro-kernels, which write whole panels, may write results where they belong.</summary>
    private bool WritesResults => Step.ValueSize % 16 == 0;

    /// <inheritdoc/>
    /// <remarks>NaN where one score is: whole numbers could not say it.</remarks>
    protected override string LargestKind => "max";

    /// <inheritdoc/>
    public override void Write(CodeWriter writer)
    {
        var (rows, columns) = (_kernels.Max(k => k.RowsAtOnce), 16 * ValuePanels);
        writer.Line($"long queries = {Step.Queries}, keys = {Step.Keys}, padded = keys + 15 & ~15L;");
        writer.Line($"byte* scratch = {StepContext.TaskScratch};");
        writer.Line(
            $"sbyte* packedKeys = (sbyte*)(scratch + {_scratch[0]}), packedValues = (sbyte*)(scratch + {_scratch[2]}), "
                + $"bytes = (sbyte*)(scratch + {_scratch[4]});");
        writer.Line($"float* keyScales = (float*)(scratch + {_scratch[1]}), valueScales = (float*)(scratch + {_scratch[3]});");
        writer.Line($"int* keyStart = (int*)(keyScales + padded), valueStart = (int*)(valueScales + {Text(columns)});");
        writer.Line($"byte* packedQueries = scratch + {_scratch[5]}, probabilities = scratch + {_scratch[7]}, packedProbabilities = scratch + {_scratch[8]};");
        writer.Line($"float* keyBias = (float*)(keyStart + padded), scores = (float*)(scratch + {_scratch[6]}), mixed = (float*)(scratch + {_scratch[9]});");
        writer.Line($"float* scales = stackalloc float[{Text(rows)}], queryScales = stackalloc float[{Text(rows)}];");
        IntegerKernel.WriteChoice(writer, Target, kernel => WriteLoops(writer, kernel));
    }

    private void WriteLoops(CodeWriter writer, IntegerKernel kernel)
    {
        var (packKeys, packValues) = (IntegerAttentionKernels.NeedPackKeys(Context.Kernels), IntegerAttentionKernels.NeedPackValues(Context.Kernels));
        WriteShare(
            writer,
            Text(kernel.RowsAtOnce),
            (firstKey, firstValue) =>
            {
                writer.Line(
                    $"{packKeys}({firstKey}, {Step.K.TokenStride}, keys, {Text(Step.HeadSize)}, "
                        + $"bytes, packedKeys, keyScales, keyStart, {Text(-kernel.Bias)});");
                writer.Line(
                    $"{packValues}({firstValue}, {Step.V.TokenStride}, keys, {Text(Step.ValueSize)}, "
                        + $"padded, packedValues, valueScales, valueStart, {Text(kernel.ByteShift)});");
                WriteBias(writer);
            },
            () => WriteTile(writer, kernel));
    }

    /// <summary>What is added to the scores of each key.</summary>
    private void WriteBias(CodeWriter writer)
    {
        if (_affine is null)
        {
            return;
        }

        if (_affine.Bias is null)
        {
            writer.Line("for (long k = 0; k < keys; k++) keyBias[k] = 0;");
        }
        else
        {
            WriteKeys(writer, [], [.. _affine.Program, .. Power(_affine.Bias), new Store(OfKey("keyBias"), "power")], ("keyBias", "((byte*)keyBias)"));
        }

        writer.Line("for (long k = keys; k < padded; k++) { keyBias[k] = float.NegativeInfinity; keyScales[k] = 0; }");
    }

    private void WriteTile(CodeWriter writer, IntegerKernel kernel)
    {
        // Bytes of rows, as the kernel reads them, and how far apart they are.
        string Rows(string bytes, string stride, string packed)
        {
            if (kernel.ReadsRows)
            {
                return $"(byte*){bytes}, {stride}";
            }

            writer.Line($"{kernel.NeedPack(Context.Kernels)}({bytes}, {stride}, m1 - m0, {stride}, {packed});");
            return packed + ", 0";
        }

        var ofScores = kernel.NeedProduct(Context.Kernels, new TileEnd(
            AddsStart: kernel.Bias != 0, Scales: _affine is not null, AddsBias: _affine is not null, IsSmall: 4 * Groups * 127 * 127 <= 1 << 22));
        writer.Line(
            $"{IntegerAttentionKernels.NeedQuantizeRows(Context.Kernels)}({FirstQuery}, {Step.Q.TokenStride}, m1 - m0, {Text(Step.HeadSize)}, "
                + $"bytes, {Text(4 * Groups)}, queryScales, null);");
        if (_affine is not null)
        {
            var factor = _affine.Factor is null ? "" : Literal.Text(_affine.Factor, DataType.Float32) + " * ";
            writer.Line($"for (long q = m0; q < m1; q++) queryScales[q - m0] *= {factor}{Literal.Text(LogarithmOfE, DataType.Float32)};");
        }

        writer.Line(
            $"{ofScores}(m1 - m0, {Rows("bytes", Text(4 * Groups), "packedQueries")}, packedKeys, padded, scores, padded, "
                + $"{Text(Groups)}, keyStart, {(_affine is null ? "null, null, null" : "queryScales, keyScales, keyBias")});");
        using (writer.Block("for (long q = m0; q < m1; q++)"))
        {
            writer.Line("float* row = scores + (q - m0) * padded;");
            var largest = _affine is null ? WriteOtherScores(writer) : $"{IntegerAttentionKernels.NeedLargest(Context.Kernels)}(row, padded)";
            var (softmax, type) = (IntegerAttentionKernels.NeedSoftmax(Context.Kernels, kernel), kernel.TakesWords ? "short" : "sbyte");
            writer.Line($"scales[q - m0] = 1 / {softmax}(row, padded, q, {largest}, ({type}*)probabilities + (q - m0) * padded);");
            if (Step.IsSafe)
            {
                writer.Line("if (float.IsNaN(scales[q - m0])) scales[q - m0] = 0;");
            }
        }

        // Rows of bytes with the kernel's bias, or of words, are packed as they are.
        var rows = kernel.TakesWords || kernel.Bias != 0 ? "probabilities, 0" : Rows("(sbyte*)probabilities", "padded", "packedProbabilities");
        var (to, stride) = WritesResults ? (FirstResult, Step.Y.TokenStride.ToString()) : ("mixed", Text(16 * ValuePanels));
        var ofValues = kernel.NeedProduct(Context.Kernels, new TileEnd(AddsStart: kernel.ByteShift != 0, Scales: true));
        writer.Line($"{ofValues}(m1 - m0, {rows}, packedValues, {Text(16 * ValuePanels)}, {to}, {stride}, padded / 4, valueStart, scales, valueScales, null);");
        if (!WritesResults)
        {
            writer.Line(
                $"for (long q = m0; q < m1; q++) new ReadOnlySpan<float>(mixed + (q - m0) * {stride}, {Text(Step.ValueSize)})"
                    + $".CopyTo(new Span<float>({Result}, {Text(Step.ValueSize)}));");
        }
    }

    /// <summary>
    /// A score as a logarithm of base 2, <c>power</c>. The lowest of all floats, which masks are made of, is not to become −∞: a
    /// query that sees no key looks at all alike.
    /// </summary>
    private static Statement[] Power(string score) =>
    [
        new Let("multiplied", DataType.Float32, "mul", [score, LogarithmOfE]),
        new Let("beyond", DataType.Bool, "equal", ["multiplied", "-inf"]),
        new Let("power", DataType.Float32, "select", ["beyond", score, "multiplied"]),
    ];

    /// <summary>Scores by the step's program, which the product could not do.</summary>
    private string WriteOtherScores(CodeWriter writer)
    {
        var largest = WriteScores(
            writer,
            [
                new Load("keyScale", DataType.Float32, OfKey("keyScales")),
                new Load("queryScale", DataType.Float32, new Access("queryScales", Dim.Zero, [])),
                new Let("scaled", DataType.Float32, "mul", ["whole", "keyScale"]),
                new Let("s", DataType.Float32, "mul", ["scaled", "queryScale"]),
                .. Score,
                .. Power(ScoreResult),
            ],
            "whole",
            "power",
            ("keyScales", "((byte*)keyScales)"),
            ("queryScales", "((byte*)(queryScales + (q - m0)))"));
        writer.Line("for (long k = keys; k < padded; k++) row[k] = float.NegativeInfinity;");
        return largest;
    }
}
