using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit;

/// <summary>The loops of a linear step around its micro-kernels: shares of tasks, blocks of rows, panels, tiles.</summary>
internal sealed class LinearLoops
{
    private readonly StepContext _context;
    private readonly LinearStep _step;
    private readonly VectorTarget _target;
    private readonly string _x;
    private readonly string _weights;
    private readonly string? _bias;
    private readonly string _y;
    private readonly string _ahead;
    private readonly string? _edge;
    private readonly int _width;

    /// <summary>Creates the loops of a step; its operands become parameters of the shared method.</summary>
    public LinearLoops(StepContext context, LinearStep step, VectorTarget target, SharedProgram shared)
    {
        _context = context;
        _step = step;
        _target = target;
        _x = shared.Pointer(step.X.Buffer);
        _weights = shared.Pointer(step.Weights);
        _bias = step.Bias is null ? null : shared.Pointer(step.Bias);
        _y = shared.Pointer(step.Y.Buffer);
        _ahead = shared.Foreign((context.Plan.Steps.Skip(context.Index + 1).OfType<LinearStep>().FirstOrDefault() ?? step).Weights);
        _width = 16 * target.PanelsPerTile;
        _edge = step.N % 16 == 0 ? null : context.RequestScratch(Text(4 * target.MaxTileRows * _width));
    }

    /// <summary>Columns of every tile; null where the last one is narrower.</summary>
    public long? WholeTile => _step.N % _width == 0 ? _width : null;

    // A block's rows of X stay in the second-level cache (2 MB beside AVX-512, as little as 256 kB elsewhere) while all of W streams past.
    private long BlockRows
    {
        get
        {
            var bytes = _target == VectorTarget.Avx512 ? 1 << 20 : 192 << 10;
            return _target.MaxTileRows * Math.Max(4, Math.Min(264, bytes / (4 * _step.K)) / _target.MaxTileRows);
        }
    }

    /// <summary>A number as C#.</summary>
    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Writes the loops.</summary>
    /// <param name="writer">Where to write.</param>
    /// <param name="writeTile">Writes the epilogue of a tile, which lies at <c>c</c>: rows m0 … m1−1, columns j … j1−1. Null for none.</param>
    /// <param name="writeRows">Writes the work on finished rows top … bottom−1. Null for none.</param>
    public void Write(CodeWriter writer, Action? writeTile, Action? writeRows)
    {
        writer.Line($"long ldx = {_step.X.RowStride}, ldy = {_step.Y.RowStride}, rows = {_step.Rows};");
        writer.Line($"float* x = (float*){_x}{Plus(_step.X.Offset)}, y = (float*){_y}{Plus(_step.Y.Offset)};");
        writer.Line($"float* w = (float*){_weights}{(_bias is null ? "" : $", bias = (float*){_bias}")};");
        WriteShare(writer, canSplitColumns: writeRows is null);
        var most = ProductKernels.TileRows(_target);
        writer.Line($"long blocks = (last - first + {Text(BlockRows - 1)}) / {Text(BlockRows)};");
        using (writer.Block("for (long block = 0; block < blocks; block++)"))
        {
            writer.Line("long top = first + (last - first) * block / blocks, bottom = first + (last - first) * (block + 1) / blocks;");
            writer.Line($"long tiles = (bottom - top + {most} - 1) / {most}, step = (63 + tiles) / tiles;");
            using (writer.Block($"for (long j = left; j < right; j += {Text(_width)})"))
            {
                writer.Line($"long j1 = Math.Min(j + {Text(_width)}, right);");
                writer.Line($"byte* next = j1 < right || block + 1 < blocks ? (byte*)(w + (j1 < right ? j1 : left) * {Text(_step.K)}) : {_ahead};");

                // The pages that come next, all at once: a processor finds several at a time, but each alone would hold the product up.
                writer.Line($"{TileKernels.NeedFetchRows(_context.Kernels)}(next, {Text(4 * _width * _step.K)}, f->PageBytes, 1);");
                using (writer.Block("for (long t = 0; t < tiles; t++)"))
                {
                    WriteTile(writer, writeTile);
                }
            }

            writeRows?.Invoke();
        }
    }

    // Half the columns is half the weights to read for each of two threads; half the rows is not. But a row program needs whole rows.
    private void WriteShare(CodeWriter writer, bool canSplitColumns)
    {
        var columns = Text((_step.N + _width - 1) / _width);
        var width = Text(_width);
        var splitRows = "first = rows * task / tasks; last = rows * (task + 1) / tasks;";
        writer.Line($"long first = 0, last = rows, left = 0, right = {Text(_step.N)};");
        if (!canSplitColumns)
        {
            writer.Line(splitRows);
            return;
        }

        writer.Line($"if (4 * tasks > {columns}) {{ {splitRows} }}");
        writer.Line($"else {{ left = {columns} * task / tasks * {width}; right = Math.Min(right, {columns} * (task + 1) / tasks * {width}); }}");
    }

    private void WriteTile(CodeWriter writer, Action? writeTile)
    {
        writer.Line("long m0 = top + (bottom - top) * t / tiles, m1 = top + (bottom - top) * (t + 1) / tiles, ldc = ldy;");
        writer.Line("float* c = y + m0 * ldy + j;");
        if (_edge is not null)
        {
            // Micro-kernels write whole panels: where the last one is not, it goes elsewhere first.
            writer.Line($"bool whole = j + {Text(_width)} <= {Text(_step.N)};");
            writer.Line($"if (!whole) {{ c = (float*)({StepContext.TaskScratch} + {_edge}); ldc = {Text(_width)}; }}");
        }

        WriteKernel(writer);
        if (writeTile is not null)
        {
            writeTile();
        }
        else if (_edge is not null)
        {
            using (writer.Block("for (long m = m0; !whole && m < m1; m++)"))
            {
                writer.Line("for (long n = j; n < j1; n++) y[m * ldy + n] = c[(m - m0) * ldc + n - j];");
            }
        }
    }

    private void WriteKernel(CodeWriter writer)
    {
        var k = Text(_step.K);
        var arguments = $"(m1 - m0, x + m0 * ldx, ldx, w + j * {k}, {Text(16 * _step.K)}, c, ldc, {k}, "
            + $"{(_bias is null ? "null" : "bias + j")}, next + 2 * t * {k} * step, step);";
        var wide = TileKernels.Need(_context.Kernels, _target, _target.PanelsPerTile);
        if (_target.PanelsPerTile == 2 && (_step.N + 15) / 16 % 2 == 1)
        {
            writer.Line($"if (j1 - j > 16) {wide}{arguments}");
            writer.Line($"else {TileKernels.Need(_context.Kernels, _target, 1)}{arguments}");
        }
        else
        {
            writer.Line(wide + arguments);
        }
    }

    private static string Plus(Dim offset) => offset.Is(0) ? "" : $" + ({offset})";
}
