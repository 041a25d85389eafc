using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit;

/// <summary>Writes products over batch axes: Y = A·B for each batch index.</summary>
/// <remarks>
/// The rows of all batch indices are one range that tasks share evenly. B is packed into panels once a batch index (once a task where its strides are all
/// zero), unless it is a constant, which lies in panels already; rows of A are used in place where they lie together, and packed elsewhere.
/// </remarks>
internal sealed class MatMulEmitter : IStepEmitter
{
    /// <inheritdoc/>
    public void Emit(StepContext context, CodeWriter writer, VectorTarget target)
    {
        var step = (MatMulStep)context.Step;
        var shared = new SharedProgram(context, []);
        var (a, b, y) = (shared.Pointer(step.A.Buffer), shared.Pointer(step.B.Buffer), shared.Pointer(step.Y.Buffer));
        var packsA = !step.A.ColumnStride.Is(1);
        var paddedColumns = $"(({step.N}) + 15L & ~15L)";
        var packedB = step.IsPacked ? null : context.RequestScratch($"4 * {paddedColumns} * ({step.K})");
        var result = context.RequestScratch($"{Text(4 * target.MaxTileRows)} * {paddedColumns}");
        var packedA = packsA ? context.RequestScratch($"{Text(4 * target.MaxTileRows)} * ({step.K})") : null;
        shared.Write("MatMul", writer, text =>
        {
            var most = ProductKernels.TileRows(target);
            text.Line($"long rows = {step.M}, columns = {step.N}, inner = {step.K}, padded = columns + 15 & ~15L;");
            text.Line($"float* result = (float*)({StepContext.TaskScratch} + {result});");
            if (!step.IsPacked)
            {
                text.Line("long packed = -1;");
                text.Line($"float* packedB = (float*)({StepContext.TaskScratch} + {packedB});");
            }

            if (packsA)
            {
                text.Line($"float* packedA = (float*)({StepContext.TaskScratch} + {packedA});");
            }

            var batch = string.Concat(step.BatchExtents.Select(e => $" * ({e})"));
            text.Line($"long all = rows{batch}, last = all * (task + 1) / tasks;");
            using (text.Block("for (long at = all * task / tasks; at < last; )"))
            {
                text.Line("long m0 = at % rows, m1 = Math.Min(rows, m0 + last - at), batch = at / rows;");
                text.Line("at += m1 - m0;");
                WriteIndices(text, step);
                if (step.IsPacked)
                {
                    text.Line($"float* packedB = {At(b, step.B)};");
                }
                else
                {
                    using (text.Block(step.B.BatchStrides.All(s => s.Is(0)) ? "if (packed < 0)" : "if (packed != batch)"))
                    {
                        text.Line("packed = batch;");
                        text.Line(
                            $"{ProductKernels.NeedPack(context.Kernels)}({At(b, step.B)}, {step.B.RowStride}, {step.B.ColumnStride}, "
                                + "inner, columns, packedB);");
                    }
                }

                text.Line($"float* a = {At(a, step.A)}, y = {At(y, step.Y)};");
                text.Line($"long tiles = (m1 - m0 + {most} - 1) / {most};");
                using (text.Block("for (long t = 0; t < tiles; t++)"))
                {
                    text.Line("long m = m0 + (m1 - m0) * t / tiles, height = m0 + (m1 - m0) * (t + 1) / tiles - m;");
                    if (packsA)
                    {
                        using (text.Block("for (long r = 0; r < height; r++)"))
                        {
                            text.Line(
                                "for (long k = 0; k < inner; k++) packedA[r * inner + k] = "
                                    + $"a[(m + r) * ({step.A.RowStride}) + k * ({step.A.ColumnStride})];");
                        }
                    }

                    text.Line(
                        $"{ProductKernels.NeedProduct(context.Kernels, target)}(height, "
                            + $"{(packsA ? "packedA, inner" : $"a + m * ({step.A.RowStride}), {step.A.RowStride}")}, "
                            + "packedB, inner, columns, result, padded);");
                    using (text.Block("for (long r = 0; r < height; r++)"))
                    {
                        text.Line($"Buffer.MemoryCopy(result + r * padded, y + (m + r) * ({step.Y.RowStride}), 4 * columns, 4 * columns);");
                    }
                }
            }
        });
    }

    /// <summary>Writes the index of each batch axis, the last one the fastest.</summary>
    private static void WriteIndices(CodeWriter writer, MatMulStep step)
    {
        var rest = "batch";
        for (var axis = step.BatchExtents.Count - 1; axis >= 0; axis--)
        {
            writer.Line($"long i{Text(axis)} = {(axis == 0 ? rest : $"{rest} % ({step.BatchExtents[axis]})")};");
            rest = $"{rest} / ({step.BatchExtents[axis]})";
        }
    }

    private static string At(string pointer, MatrixOperand operand) =>
        $"(float*){pointer} + ({operand.Offset})" + string.Concat(operand.BatchStrides.Select((s, axis) => s.Is(0) ? "" : $" + i{Text(axis)} * ({s})"));

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
