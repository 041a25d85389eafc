using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit;

/// <summary>Attention with products of floats. Where nothing comes between softmax and V, rows are divided by their sums at the very end.</summary>
internal sealed class FloatAttentionLoops : AttentionLoops
{
    private readonly string[] _scratch;

    /// <summary>Creates the loops of a step.</summary>
    public FloatAttentionLoops(StepContext context, AttentionStep step, VectorTarget target, SharedProgram shared)
        : base(context, step, target, shared) => _scratch =
    [
        context.RequestScratch($"{Text(4 * step.HeadSize)} * {PaddedKeys}"),
        context.RequestScratch($"{Text(64 * ValuePanels)} * ({step.Keys})"),
        context.RequestScratch($"{Text(4 * target.MaxTileRows)} * {PaddedKeys}"),
        context.RequestScratch(Text(64 * ValuePanels * target.MaxTileRows)),
    ];

    /// <inheritdoc/>
    /// <remarks>Whether it sees a NaN is the processor's choice: the row's sum sees every one.</remarks>
    protected override string LargestKind => "maxnative";

    /// <inheritdoc/>
    public override void Write(CodeWriter writer)
    {
        writer.Line($"long queries = {Step.Queries}, keys = {Step.Keys}, padded = keys + 15 & ~15L;");
        writer.Line($"byte* scratch = {StepContext.TaskScratch};");
        writer.Line($"float* packedKeys = (float*)(scratch + {_scratch[0]}), packedValues = (float*)(scratch + {_scratch[1]});");
        writer.Line($"float* scores = (float*)(scratch + {_scratch[2]}), mixed = (float*)(scratch + {_scratch[3]});");
        writer.Line($"float* scales = stackalloc float[{Text(Target.MaxTileRows)}];");
        var pack = ProductKernels.NeedPack(Context.Kernels);
        WriteShare(
            writer,
            ProductKernels.TileRows(Target),
            (firstKey, firstValue) =>
            {
                writer.Line($"{pack}({firstKey}, 1, {Step.K.TokenStride}, {Text(Step.HeadSize)}, keys, packedKeys);");
                writer.Line($"{pack}({firstValue}, {Step.V.TokenStride}, 1, keys, {Text(Step.ValueSize)}, packedValues);");
                WriteNextHead(writer);
            },
            () => WriteTile(writer));
    }

    private void WriteTile(CodeWriter writer)
    {
        var product = ProductKernels.NeedProduct(Context.Kernels, Target);
        writer.Line($"{product}(m1 - m0, {FirstQuery}, {Step.Q.TokenStride}, packedKeys, {Text(Step.HeadSize)}, keys, scores, padded);");
        using (writer.Block("for (long q = m0; q < m1; q++)"))
        {
            writer.Line("float* row = scores + (q - m0) * padded;");
            var largest = WriteScores(writer, Score, "s", ScoreResult);
            writer.Line("for (long k = keys; k < padded; k++) row[k] = float.NegativeInfinity;");
            writer.Line($"scales[q - m0] = {largest};");
        }

        writer.Line($"{ProductKernels.NeedSoftmax(Context.Kernels)}(scores, padded, scales, m1 - m0);");
        if (Step.IsSafe)
        {
            using (writer.Block("for (long q = 0; q < m1 - m0; q++)"))
            {
                writer.Line("if (float.IsNaN(scales[q])) { new Span<float>(scores + q * padded, (int)padded).Clear(); scales[q] = 0; }");
            }
        }

        if (Probability.Count > 0)
        {
            using (writer.Block("for (long q = m0; q < m1; q++)"))
            {
                writer.Line("float* row = scores + (q - m0) * padded;");
                writer.Line("for (long k = 0; k < padded; k += VF.Count) (V.Load(row + k) * V.Create(scales[q - m0])).Store(row + k);");
                WriteProbabilities(writer);
            }
        }

        var columns = Text(16 * ValuePanels);
        writer.Line($"{product}(m1 - m0, scores, padded, packedValues, keys, {Text(Step.ValueSize)}, mixed, {columns});");
        using (writer.Block("for (long q = m0; q < m1; q++)"))
        {
            writer.Line($"float* from = mixed + (q - m0) * {columns}, to = {Result};");
            var scale = Probability.Count == 0 ? " * V.Create(scales[q - m0])" : "";
            var vectors = Step.ValueSize / Target.Lanes * Target.Lanes;
            if (vectors > 0)
            {
                writer.Line($"for (long i = 0; i < {Text(vectors)}; i += VF.Count) (V.Load(from + i){scale}).Store(to + i);");
            }

            if (vectors < Step.ValueSize)
            {
                writer.Line(
                    $"for (long i = {Text(vectors)}; i < {Text(Step.ValueSize)}; i++) to[i] = from[i]{(scale.Length == 0 ? "" : " * scales[q - m0]")};");
            }
        }
    }
}
