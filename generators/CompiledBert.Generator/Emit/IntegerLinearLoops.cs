using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// The loops of a linear step of 8-bit integers: as <see cref="LinearLoops"/>, with a block's rows packed first where the machine's kernel wants that. The
/// method holds the loops of every kernel of the variant and runs those of the first that the machine has.
/// </summary>
internal sealed class IntegerLinearLoops
{
    private readonly StepContext _context;
    private readonly LinearStep _step;
    private readonly VectorTarget _target;
    private readonly string _x;
    private readonly string _weights;
    private readonly string? _shift;
    private readonly (string Rows, string Columns, string? Bias)? _scales;
    private readonly string _y;
    private readonly string? _edge;
    private readonly string _packed;

    /// <summary>Creates the loops of a step; its operands become parameters of the shared method.</summary>
    public IntegerLinearLoops(StepContext context, LinearStep step, VectorTarget target, SharedProgram shared)
    {
        _context = context;
        _step = step;
        _target = target;
        _x = shared.Pointer(step.X.Buffer);
        _weights = shared.Pointer(step.Weights);
        _shift = step.Shift is null ? null : shared.Pointer(step.Shift);
        _scales = step.Scales is { } scales
            ? (shared.Pointer(scales.Rows), shared.Pointer(scales.Columns), scales.Bias is null ? null : shared.Pointer(scales.Bias))
            : null;
        _y = shared.Pointer(step.Y.Buffer);
        var kernels = IntegerKernel.For(target);
        _edge = kernels.All(k => WholeTile(k) is not null)
            ? null
            : context.RequestScratch(Text(kernels.Max(k => 4 * (k.ReadsRows ? BlockRows(k) : k.Rows) * 16 * k.Panels)));
        _packed = context.RequestScratch(Text(kernels.Max(k => BlockRows(k) / k.Rows * k.GroupBytes * Groups) + IntegerKernel.ReadBehind));
    }

    private long Groups => (_step.K + 3) / 4;

    /// <summary>Writes the loops.</summary>
    /// <param name="writer">Where to write.</param>
    /// <param name="writeTile">
    /// Writes the epilogue of a tile, which lies at <c>c</c>: rows m0 … m1−1, columns j … j1−1; given the columns that all tiles
    /// have, null where they differ. Null for none.
    /// </param>
    /// <param name="writeRows">Writes the work on finished rows top … bottom−1. Null for none.</param>
    public void Write(CodeWriter writer, Action<long?>? writeTile, Action? writeRows)
    {
        writer.Line($"long ldx = {_step.X.RowStride}, ldy = {_step.Y.RowStride}, rows = {_step.Rows};");
        writer.Line($"sbyte* x = (sbyte*){_x}{Plus(_step.X.Offset)}, w = (sbyte*){_weights};");
        writer.Line($"float* y = (float*){_y}{Plus(_step.Y.Offset)};");
        if (IntegerKernel.For(_target).Any(Shifts))
        {
            writer.Line($"int* sums = (int*)(w + {Text((_step.N + 15) / 16 * Groups * 64)});");
        }

        writer.Line($"byte* packed = {StepContext.TaskScratch} + {_packed};");
        IntegerKernel.WriteChoice(writer, _target, kernel => WriteLoops(writer, kernel, writeTile, writeRows));
    }

    private void WriteLoops(CodeWriter writer, IntegerKernel kernel, Action<long?>? writeTile, Action? writeRows)
    {
        var (most, width) = (Text(kernel.Rows), 16 * kernel.Panels);
        WriteShare(writer, width, canSplitColumns: writeRows is null);
        var shifts = Shifts(kernel);
        if (shifts)
        {
            writer.Line($"int* start = stackalloc int[{Text(width)}];");
            writer.Line($"int shift = {(_shift is null ? "0" : $"*(int*){_shift}")}{(kernel.Bias == 0 ? "" : " - " + Text(kernel.Bias))};");
        }

        writer.Line($"long blocks = (last - first + {Text(BlockRows(kernel) - 1)}) / {Text(BlockRows(kernel))};");
        using (writer.Block("for (long block = 0; block < blocks; block++)"))
        {
            writer.Line("long top = first + (last - first) * block / blocks, bottom = first + (last - first) * (block + 1) / blocks;");
            if (!kernel.ReadsRows)
            {
                writer.Line($"long tiles = (bottom - top + {most} - 1) / {most}, step = 64 / tiles;");
                using var tiles = writer.Block("for (long t = 0; t < tiles; t++)");
                writer.Line("long m0 = top + (bottom - top) * t / tiles, m1 = top + (bottom - top) * (t + 1) / tiles;");
                writer.Line(
                    $"{kernel.NeedPack(_context.Kernels)}(x + m0 * ldx, ldx, m1 - m0, {Text(_step.K)}, packed + t * {Text(kernel.GroupBytes * Groups)});");
            }

            using (writer.Block($"for (long j = left; j < right; j += {Text(width)})"))
            {
                writer.Line($"long j1 = Math.Min(j + {Text(width)}, right);");
                if (shifts)
                {
                    writer.Line($"for (long n = 0; n < {(kernel.Panels == 1 ? "16" : "(j1 - j + 15 & ~15L)")}; n++) start[n] = shift * sums[j + n];");
                }

                if (kernel.ReadsRows)
                {
                    writer.Line("long m0 = top, m1 = bottom, ldc = ldy;");
                    WriteTile(writer, kernel, writeTile, "(byte*)(x + m0 * ldx), ldx", "null, 0");
                }
                else
                {
                    writer.Line($"byte* next = (byte*)w + (j1 < right ? j1 : j) * {Text(4 * Groups)};");
                    using var tiles = writer.Block("for (long t = 0; t < tiles; t++)");
                    writer.Line("long m0 = top + (bottom - top) * t / tiles, m1 = top + (bottom - top) * (t + 1) / tiles, ldc = ldy;");
                    WriteTile(writer, kernel, writeTile, $"packed + t * {Text(kernel.GroupBytes * Groups)}, 0", $"next + t * {Text(Groups)} * step, step");
                }
            }

            writeRows?.Invoke();
        }
    }

    // Half the columns is half the weights to read for each of two threads; half the rows is not. But a row program needs whole rows.
    private void WriteShare(CodeWriter writer, int width, bool canSplitColumns)
    {
        var columns = Text((_step.N + width - 1) / width);
        var splitRows = "first = rows * task / tasks; last = rows * (task + 1) / tasks;";
        writer.Line($"long first = 0, last = rows, left = 0, right = {Text(_step.N)};");
        if (!canSplitColumns)
        {
            writer.Line(splitRows);
            return;
        }

        writer.Line($"if (4 * tasks > {columns}) {{ {splitRows} }}");
        writer.Line($"else {{ left = {columns} * task / tasks * {Text(width)}; right = Math.Min(right, {columns} * (task + 1) / tasks * {Text(width)}); }}");
    }

    private void WriteTile(CodeWriter writer, IntegerKernel kernel, Action<long?>? writeTile, string rows, string next)
    {
        var width = 16 * kernel.Panels;
        var isWhole = WholeTile(kernel) is not null;
        writer.Line("float* c = y + m0 * ldy + j;");
        if (!isWhole)
        {
            // Micro-kernels write whole panels: where the last one is not, it goes elsewhere first.
            writer.Line($"bool whole = j + {Text(width)} <= {Text(_step.N)};");
            writer.Line($"if (!whole) {{ c = (float*)({StepContext.TaskScratch} + {_edge}); ldc = {Text(width)}; }}");
        }

        var arguments = $"(m1 - m0, {rows}, w + j * {Text(4 * Groups)}, {Text(64 * Groups)}, c, ldc, {Text(Groups)}, "
            + $"{(Shifts(kernel) ? "start" : "null")}, {next}, {ScalesOfTile()});";
        var end = new TileEnd(Shifts(kernel), _scales is not null, _scales?.Bias is not null, _step.HasSmallSums);
        var wide = kernel.NeedTile(_context.Kernels, kernel.Panels, end) + arguments;
        if (kernel.Panels == 2 && (_step.N + 15) / 16 % 2 == 1)
        {
            writer.Line($"if (j1 - j > 16) {wide}");
            writer.Line($"else {kernel.NeedTile(_context.Kernels, 1, end)}{arguments}");
        }
        else
        {
            writer.Line(wide);
        }

        if (writeTile is not null)
        {
            writeTile(WholeTile(kernel));
        }
        else if (!isWhole)
        {
            using (writer.Block("for (long m = m0; !whole && m < m1; m++)"))
            {
                writer.Line("for (long n = j; n < j1; n++) y[m * ldy + n] = c[(m - m0) * ldc + n - j];");
            }
        }
    }

    private bool Shifts(IntegerKernel kernel) => _shift is not null || kernel.Bias != 0;

    private string ScalesOfTile() => _scales is not { } scales ? "null, null, null"
        : $"(float*){scales.Rows} + m0, (float*){scales.Columns} + j, {(scales.Bias is null ? "null" : $"(float*){scales.Bias} + j")}";

    /// <summary>Columns of every tile; null where the last one is narrower.</summary>
    private long? WholeTile(IntegerKernel kernel) => _step.N % (16 * kernel.Panels) == 0 ? 16 * kernel.Panels : null;

    // A block's packed rows stay in the second-level cache while all of W streams past.
    private long BlockRows(IntegerKernel kernel)
    {
        var bytes = _target == VectorTarget.Avx512 ? 512 << 10 : 160 << 10;
        var rowBytes = (kernel.ReadsRows ? 4 : kernel.GroupBytes / kernel.Rows) * Groups + (_step.Row.Count > 0 ? 4 * _step.N : 0);
        return kernel.Rows * Math.Max(4, Math.Min(240, bytes / rowBytes) / kernel.Rows);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Plus(Dim offset) => offset.Is(0) ? "" : $" + ({offset})";
}
