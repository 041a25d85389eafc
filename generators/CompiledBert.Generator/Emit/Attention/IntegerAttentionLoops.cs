using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// Attention with products of 8-bit integers. Queries and keys are rounded in steps of each one's largest element / 127, values in steps of each column's,
/// and a row's largest probability is 4064 = 127·32, the others in proportion: whole numbers of 12 bits, which are two of 8 where the processor
/// multiplies no wider ones. All sums are exact, so that every instruction set gives the same bits.
/// </summary>
internal sealed class IntegerAttentionLoops : AttentionLoops
{
    private readonly IReadOnlyList<IntegerKernel> _kernels;
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
        var (rows, groupBytes, columns) = (_kernels.Max(k => k.Rows), _kernels.Max(k => k.GroupBytes), 16 * ValuePanels);
        _scratch =
        [
            context.RequestScratch($"{Text(4 * Groups)} * {PaddedKeys}"), // keys in panels
            context.RequestScratch($"8 * {PaddedKeys}"), // their scales, and where their sums begin
            context.RequestScratch($"{Text(columns)} * {PaddedKeys}"), // values in panels
            context.RequestScratch(Text(8 * columns)), // their columns' scales, and where their sums begin
            context.RequestScratch(Text(4 * Groups * Math.Max(rows, 16))), // rows of a panel of keys or a tile of queries
            context.RequestScratch(Text(groupBytes * Groups)), // a tile of queries, packed
            context.RequestScratch($"{Text(4 * rows)} * {PaddedKeys}"), // scores
            context.RequestScratch($"{Text(2 * rows)} * {PaddedKeys}"), // probabilities, a word or two bytes each
            context.RequestScratch($"{Text(groupBytes / 2)} * {PaddedKeys}"), // the same packed: twice a quarter of the keys as groups
            context.RequestScratch(Text(8 * rows * columns)), // mixed values
        ];
    }

    private long Groups => (Step.HeadSize + 3) / 4;

    /// <inheritdoc/>
    /// <remarks>NaN where one score is: whole numbers could not say it.</remarks>
    protected override string LargestKind => "max";

    /// <inheritdoc/>
    public override void Write(CodeWriter writer)
    {
        var (rows, columns) = (_kernels.Max(k => k.Rows), 16 * ValuePanels);
        writer.Line($"long queries = {Step.Queries}, keys = {Step.Keys}, padded = keys + 15 & ~15L;");
        writer.Line($"byte* scratch = {StepContext.TaskScratch};");
        writer.Line($"sbyte* packedKeys = (sbyte*)(scratch + {_scratch[0]}), packedValues = (sbyte*)(scratch + {_scratch[2]}), bytes = (sbyte*)(scratch + {_scratch[4]});");
        writer.Line($"float* keyScales = (float*)(scratch + {_scratch[1]}), valueScales = (float*)(scratch + {_scratch[3]});");
        writer.Line($"int* keyStart = (int*)(keyScales + padded), valueStart = (int*)(valueScales + {Text(columns)});");
        writer.Line($"byte* packedQueries = scratch + {_scratch[5]}, packedHigh = scratch + {_scratch[8]}, packedLow = packedHigh + {Text(_kernels.Max(k => k.GroupBytes) / 4)} * padded;");
        writer.Line($"float* scores = (float*)(scratch + {_scratch[6]}), mixed = (float*)(scratch + {_scratch[9]}), mixedLow = mixed + {Text(rows * columns)};");
        writer.Line($"sbyte* high = (sbyte*)(scratch + {_scratch[7]}), low = high + {Text(rows)} * padded;");
        writer.Line($"float* scales = stackalloc float[{Text(rows)}], queryScales = stackalloc float[{Text(rows)}];");
        IntegerKernel.WriteChoice(writer, Target, kernel => WriteLoops(writer, kernel));
    }

    private void WriteLoops(CodeWriter writer, IntegerKernel kernel)
    {
        var (packKeys, packValues) = (IntegerAttentionKernels.NeedPackKeys(Context.Kernels), IntegerAttentionKernels.NeedPackValues(Context.Kernels));
        WriteShare(
            writer,
            Text(kernel.Rows),
            (firstKey, firstValue) =>
            {
                writer.Line($"{packKeys}({firstKey}, {Step.K.TokenStride}, keys, {Text(Step.HeadSize)}, bytes, packedKeys, keyScales, keyStart, {Text(-kernel.Bias)});");
                writer.Line($"{packValues}({firstValue}, {Step.V.TokenStride}, keys, {Text(Step.ValueSize)}, padded, packedValues, valueScales, valueStart, {Text(-kernel.Bias)});");
            },
            () => WriteTile(writer, kernel));
    }

    private void WriteTile(CodeWriter writer, IntegerKernel kernel)
    {
        var (pack, product) = (kernel.NeedPack(Context.Kernels), kernel.NeedProduct(Context.Kernels));
        var columns = Text(16 * ValuePanels);
        writer.Line($"{IntegerAttentionKernels.NeedQuantizeRows(Context.Kernels)}({FirstQuery}, {Step.Q.TokenStride}, m1 - m0, {Text(Step.HeadSize)}, bytes, {Text(4 * Groups)}, queryScales, null);");
        writer.Line($"{pack}(bytes, {Text(4 * Groups)}, m1 - m0, {Text(4 * Groups)}, packedQueries);");
        writer.Line($"{product}(m1 - m0, packedQueries, packedKeys, padded, scores, padded, {Text(Groups)}, keyStart);");
        using (writer.Block("for (long q = m0; q < m1; q++)"))
        {
            writer.Line("float* row = scores + (q - m0) * padded;");
            var largest = WriteScores(
                writer,
                [
                    new Load("keyScale", DataType.Float32, OfKey("keyScales")),
                    new Load("queryScale", DataType.Float32, new Access("queryScales", Dim.Zero, [])),
                    new Let("scaled", DataType.Float32, "mul", ["whole", "keyScale"]),
                    .. ScaledScore(),
                ],
                "whole",
                ("keyScales", "((byte*)keyScales)"),
                ("queryScales", "((byte*)(queryScales + (q - m0)))"));
            writer.Line("for (long k = keys; k < padded; k++) row[k] = float.NegativeInfinity;");
            var softmax = IntegerAttentionKernels.NeedSoftmax(Context.Kernels, kernel.TakesWords);
            writer.Line(kernel.TakesWords
                ? $"scales[q - m0] = 1 / {softmax}(row, padded, {largest}, (short*)high + (q - m0) * padded);"
                : $"scales[q - m0] = 1 / {softmax}(row, padded, {largest}, high + (q - m0) * padded, low + (q - m0) * padded);");
        }

        if (kernel.TakesWords)
        {
            writer.Line($"{product}(m1 - m0, (byte*)high, packedValues, {columns}, mixed, {columns}, padded / 4, valueStart);");
        }
        else
        {
            foreach (var (part, packed, to) in new[] { ("high", "packedHigh", "mixed"), ("low", "packedLow", "mixedLow") })
            {
                writer.Line($"{pack}({part}, padded, m1 - m0, padded, {packed});");
                writer.Line($"{product}(m1 - m0, {packed}, packedValues, {columns}, {to}, {columns}, padded / 4, valueStart);");
            }
        }

        WriteResults(writer, kernel, columns);
    }

    /// <summary>The step's program on scores, from what the key's scale has been applied to: the query's scale comes in where a constant does anyway, or before it.</summary>
    private IEnumerable<Statement> ScaledScore()
    {
        var readers = Score.Where(s => LanesAnalysis.Reads(s).Contains("s")).ToArray();
        if (readers is [Let { Op: "mul" or "fma", Args: ["s", var factor, ..] } first] && Literal.Is(factor))
        {
            return
            [
                new Let("s", DataType.Float32, "mul", ["queryScale", factor]),
                .. Score.Select(s => s == first ? first with { Args = ["scaled", .. first.Args.Take(1), .. first.Args.Skip(2)] } : s),
            ];
        }

        return [new Let("s", DataType.Float32, "mul", ["scaled", "queryScale"]), .. Score];
    }

    private void WriteResults(CodeWriter writer, IntegerKernel kernel, string columns)
    {
        using (writer.Block("for (long q = m0; q < m1; q++)"))
        {
            writer.Line($"float* from = mixed + (q - m0) * {columns}, to = {Result};");
            writer.Line("float scale = scales[q - m0];");
            if (!kernel.TakesWords)
            {
                writer.Line($"float* lowFrom = mixedLow + (q - m0) * {columns};");
            }

            var vectors = Step.ValueSize / Target.Lanes * Target.Lanes;
            if (vectors > 0)
            {
                var sum = kernel.TakesWords ? "V.Load(from + i)" : "(V.Load(from + i) * V.Create(32f) + V.Load(lowFrom + i))";
                writer.Line($"for (long i = 0; i < {Text(vectors)}; i += VF.Count) ({sum} * (V.Load(valueScales + i) * V.Create(scale))).Store(to + i);");
            }

            if (vectors < Step.ValueSize)
            {
                var sum = kernel.TakesWords ? "from[i]" : "(from[i] * 32f + lowFrom[i])";
                writer.Line($"for (long i = {Text(vectors)}; i < {Text(Step.ValueSize)}; i++) to[i] = {sum} * (valueScales[i] * scale);");
            }
        }
    }
}
