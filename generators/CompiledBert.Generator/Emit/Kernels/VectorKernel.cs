namespace CompiledBert.Generator.Emit;

/// <summary>
/// Products through x64's multiply-adds, whole panels at a time, four neighbours of K of a row broadcast. Either words (16 bits; vpmaddwd, and what other
/// processors have instead): a column takes two neighbouring sums, which are added at the end, and no product of 8 bits can saturate. Or bytes (VNNI):
/// a column takes one sum; rows are packed with 128 added, which the columns' sums take out again.
/// </summary>
internal sealed class VectorKernel : IntegerKernel
{
    private const string X86 = "global::System.Runtime.Intrinsics.X86.";

    private readonly int _bits;
    private readonly bool _isBytes;
    private readonly int _columns;

    private VectorKernel(int bits, bool isBytes, int rows, int columns)
    {
        (_bits, _isBytes, _columns) = (bits, isBytes, columns);
        Rows = rows;
    }

    /// <summary>VNNI on 512 bits.</summary>
    public static VectorKernel Vnni512 { get; } = new(512, isBytes: true, rows: 12, columns: 32);

    /// <summary>VNNI on 256 bits.</summary>
    public static VectorKernel Vnni256 { get; } = new(256, isBytes: true, rows: 6, columns: 16);

    /// <summary>Words on 512 bits.</summary>
    public static VectorKernel Words512 { get; } = new(512, isBytes: false, rows: 12, columns: 16);

    /// <summary>Words on 256 bits, half a panel at a time, for 16 registers.</summary>
    public static VectorKernel Words256 { get; } = new(256, isBytes: false, rows: 6, columns: 8);

    /// <summary>Words on 128 bits.</summary>
    public static VectorKernel Words128 { get; } = new(128, isBytes: false, rows: 4, columns: 8);

    /// <inheritdoc/>
    public override string Name => (_isBytes ? "Vnni" : "Words") + Text(_bits);

    /// <inheritdoc/>
    public override string? Condition => !_isBytes ? null : X86 + (_bits == 512 ? "AvxVnni.V512.IsSupported" : "AvxVnni.IsSupported");

    /// <inheritdoc/>
    public override string? Symbol => _isBytes && _bits == 512 ? "NET11_0_OR_GREATER" : null;

    /// <inheritdoc/>
    public override int Rows { get; }

    /// <inheritdoc/>
    public override int Panels => Math.Max(1, _columns / 16);

    /// <inheritdoc/>
    public override int Bias => _isBytes ? 128 : 0;

    /// <inheritdoc/>
    /// <remarks>Not with 128 bits: without vpmaddwd, products are words themselves there.</remarks>
    public override bool TakesWords => !_isBytes && _bits > 128;

    /// <inheritdoc/>
    public override int GroupBytes => Rows * RowBytes;

    private int RowBytes => _isBytes ? 4 : 8;

    private int ColumnsOfVector => _bits / (_isBytes ? 32 : 64);

    private string Vector => $"Vector{Text(_bits)}<int>";

    /// <inheritdoc/>
    protected override void WritePack(CodeWriter writer)
    {
        var (step, convert) = (_isBytes, _bits) switch
        {
            (true, _) => (32, "V256.Store(V256.Load(x + k) ^ V256.Create((sbyte)-128), (sbyte*)to + k)"),
            (false, 512) => (32, $"V.Store({X86}Avx512BW.ConvertToVector512Int16(V256.Load(x + k)), (short*)to + k)"),
            (false, 256) => (16, $"V.Store({X86}Avx2.ConvertToVector256Int16(V128.Load(x + k)), (short*)to + k)"),
            _ => (8, "V.Store(V.WidenLower(V.CreateScalar(*(long*)(x + k)).AsSByte()), (short*)to + k)"),
        };
        writer.Lines($$"""
            // Rows of 8-bit integers {{(_isBytes ? "with 128 added" : "as 16 bits")}}, each padded to whole groups of four.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static void {{Name}}Pack(sbyte* x, long ldx, long rows, long count, byte* packed)
            {
                long stride = {{Text(RowBytes)}} * (count + 3 >> 2);
                for (long r = 0; r < rows; r++, x += ldx, packed += stride)
                {
                    byte* to = packed;
                    long k = 0;
                    for (; k <= count - {{Text(step)}}; k += {{Text(step)}}) {{convert}};
                    for (; k < count; k++) {{(_isBytes ? "to[k] = (byte)(x[k] + 128)" : "((short*)to)[k] = x[k]")}};
                    for (; (k & 3) != 0; k++) {{(_isBytes ? "to[k] = 0" : "((short*)to)[k] = 0")}};
                }
            }
            """);
    }

    /// <inheritdoc/>
    protected override void WriteTile(CodeWriter writer, MicroKernels kernels, int rows, int panels, TileEnd end)
    {
        NeedSteps(kernels);
        var columns = Math.Min(_columns, 16 * panels);
        if (columns == 16 * panels)
        {
            WritePass(writer, rows, columns, "", end);
            return;
        }

        using (writer.Block($"for (int j = 0; j < {Text(16 * panels)}; j += {Text(columns)})"))
        {
            WritePass(writer, rows, columns, " + j", end);
        }
    }

    private void WritePass(CodeWriter writer, int rows, int columns, string from, TileEnd end)
    {
        var vectors = columns / ColumnsOfVector;
        string Sum(int row, int vector) => $"{(char)('s' + vector)}{Text(row)}";
        string Weights(int vector) => vector * ColumnsOfVector is var column && column >= 16
            ? $"w + ldb{(column == 16 ? "" : $" + {Text(4 * (column - 16))}")}"
            : column == 0 ? "w" : $"w + {Text(4 * column)}";

        // Rows are addressed from every third one, [p], [p + l], [p + 2·l], so that twelve rows take few registers.
        var pointers = Enumerable.Range(0, (rows + 2) / 3).Select(i => $"a{Text(i)}").ToArray();
        writer.Line($"long l = {Text(RowBytes)} * groups;");
        writer.Line($"byte* {string.Join(", ", pointers.Select((p, i) => i == 0 ? $"{p} = a" : $"{p} = {pointers[i - 1]} + 3 * l"))};");
        writer.Line($"sbyte* w = b{(from.Length == 0 ? "" : " + 4 * j")}, end = w + 64 * groups;");
        for (var row = 0; row < rows; row++)
        {
            writer.Line($"{Vector} {string.Join(", ", Enumerable.Range(0, vectors).Select(v => Sum(row, v) + " = default"))};");
        }

        using (writer.Block("for (; w < end; w += 64)"))
        {
            writer.Line(string.Join(" ", Enumerable.Range(0, vectors).Select(v => $"var w{Text(v)} = {Name}Load({Weights(v)});")));
            for (var row = 0; row < rows; row++)
            {
                var at = pointers[row / 3] + (row % 3) switch { 0 => "", 1 => " + l", _ => " + 2 * l" };
                writer.Line($"var x{Text(row)} = {Name}Spread({at}); "
                    + string.Join(" ", Enumerable.Range(0, vectors).Select(v => $"{Sum(row, v)} = {Name}Step({Sum(row, v)}, x{Text(row)}, w{Text(v)});")));
            }

            writer.Line(string.Join(" ", pointers.Select(p => $"{p} += {Text(RowBytes)};")));
            writer.Line("Fetch(next); next += step;" + (columns > 16 ? " Fetch(next + ldb);" : ""));
        }

        var perStore = Math.Min(vectors, _isBytes ? 1 : 2);
        var stored = _bits switch { 128 => "V128", 256 => "V256", _ => "Vector512" };
        for (var row = 0; row < rows; row++)
        {
            var scale = "r" + Text(row);
            if (end.Scales)
            {
                writer.Line($"var r{Text(row)} = {stored}.Create(rowScales[{Text(row)}]);");
            }

            for (var v = 0; v < vectors; v += perStore)
            {
                var column = v * ColumnsOfVector;
                var offset = from + (column == 0 ? "" : " + " + Text(column));
                var sums = string.Join(", ", Enumerable.Range(v, perStore).Select(i => Sum(row, i)));
                var columnsOf = _isBytes ? sums : $"{Name}Columns({sums})";
                writer.Line(
                    $"({end.Floats(columnsOf, stored, floats => $"{floats} * {scale}", offset)})"
                        + $".Store(c{(row == 0 ? "" : $" + {Text(row)} * ldc")}{offset});");
            }
        }
    }

    /// <summary>The few instructions that a pass is made of, as methods.</summary>
    private void NeedSteps(MicroKernels kernels) => Need(kernels, Name + "Load", writer =>
    {
        var (load, loaded) = (_isBytes, _bits) switch
        {
            (true, _) => ($"Vector{Text(_bits)}.Load(w)", "sbyte"),
            (false, 512) => ($"{X86}Avx512BW.ConvertToVector512Int16(V256.Load(w))", "short"),
            (false, 256) => ($"{X86}Avx2.ConvertToVector256Int16(w)", "short"),
            _ => ("V.WidenLower(V.CreateScalar(*(long*)w).AsSByte())", "short"),
        };
        var spread = _isBytes ? $"Vector{Text(_bits)}.Create(*(int*)x).AsByte()" : "V.Create(*(long*)x).AsInt16()";
        var step = (_isBytes, _bits) switch
        {
            (true, 512) => $"{X86}AvxVnni.V512.MultiplyWideningAndAdd(sum, x, w)",
            (true, _) => $"{X86}AvxVnni.MultiplyWideningAndAdd(sum, x, w)",
            (false, 512) => $"sum + {X86}Avx512BW.MultiplyAddAdjacent(x, w)",
            (false, 256) => $"sum + {X86}Avx2.MultiplyAddAdjacent(x, w)",
            _ => $"{X86}Sse2.IsSupported ? sum + {X86}Sse2.MultiplyAddAdjacent(x, w) : sum + ((x * w).AsInt32() << 16 >> 16) + ((x * w).AsInt32() >> 16)",
        };
        var element = _isBytes ? "byte" : "short";
        // A column's two sums added.
        var columns = _bits switch
        {
            512 => $"{X86}Avx512F.PermuteVar16x32x2(low, V.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), high)"
                + $" + {X86}Avx512F.PermuteVar16x32x2(low, V.Create(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), high)",
            256 => $"{X86}Avx2.Permute4x64({X86}Avx2.HorizontalAdd(low, high).AsInt64(), 0b11_01_10_00).AsInt32()",
            _ => "V.Create(low[0] + low[1], low[2] + low[3], high[0] + high[1], high[2] + high[3])",
        };
        writer.Lines($$"""
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static Vector{{Text(_bits)}}<{{loaded}}> {{Name}}Load(sbyte* w) => {{load}};
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static Vector{{Text(_bits)}}<{{element}}> {{Name}}Spread(byte* x) => {{spread}};
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static {{Vector}} {{Name}}Step({{Vector}} sum, Vector{{Text(_bits)}}<{{element}}> x, Vector{{Text(_bits)}}<{{loaded}}> w) => {{step}};
            """);
        if (!_isBytes)
        {
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
            writer.Line($"private static {Vector} {Name}Columns({Vector} low, {Vector} high) => {columns};");
        }
    });
}
