using System.Globalization;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// A way to multiply 8-bit integers on one instruction set: how rows are packed for it, and micro-kernels C[r, j] = Σₖ A[r, k]·B[k, j] of some rows by whole
/// panels, the sums exact in 32 bits and given a <see cref="TileEnd"/>. So all of them give the same bits.
/// </summary>
internal abstract class IntegerKernel
{
    private const string Parameters =
        "byte* a, long lda, sbyte* b, long ldb, float* c, long ldc, "
            + "long groups, int* start, byte* next, long step, float* rowScales, float* scales, float* bias";

    private const string Arguments = "a, lda, b, ldb, c, ldc, groups, start, next, step, rowScales, scales, bias";

    /// <summary>Bytes behind rows and panels that micro-kernels may read, whatever is there.</summary>
    public const int ReadBehind = 32;

    /// <summary>What its methods' names begin with.</summary>
    public abstract string Name { get; }

    /// <summary>C# expression that says whether the machine has it, given the variant; null where it always has.</summary>
    public virtual string? Condition => null;

    /// <summary>The preprocessor symbol without which it cannot be compiled; null for none.</summary>
    public virtual string? Symbol => null;

    /// <summary>Rows of the largest tile.</summary>
    public abstract int Rows { get; }

    /// <summary>Panels of 16 columns of a tile.</summary>
    public virtual int Panels => 1;

    /// <summary>What is added to every element of A when it is packed.</summary>
    public virtual int Bias => 0;

    /// <summary>Whether micro-kernels read rows as they are, lda bytes apart, of any number of tiles; otherwise one tile's, which are packed before.</summary>
    public virtual bool ReadsRows => false;

    /// <summary>Rows that attention multiplies at once.</summary>
    public int RowsAtOnce => ReadsRows ? 4 * Rows : Rows;

    /// <summary>Bytes that four neighbours of K take in a packed tile of the most rows; 0 where rows are read as they are.</summary>
    public virtual int GroupBytes => 0;

    /// <summary>Whether conversions cost more than other operations, so that small sums do without (<see cref="TileEnd.IsSmall"/>).</summary>
    public virtual bool ConvertsSlowly => false;

    /// <summary>Whether packed rows are words.</summary>
    public virtual bool TakesWords => false;

    /// <summary>What is taken from numbers 0 … 255 so that rows of them are as the micro-kernels read them.</summary>
    public int ByteShift => TakesWords ? 0 : 128 - Bias;

    /// <summary>The ways of a variant, the first whose condition holds is used; the last has none. Here is what there is to tune for a processor.</summary>
    public static IReadOnlyList<IntegerKernel> For(VectorTarget target) =>
        target == VectorTarget.Avx512 ? [VectorKernel.Vnni512, VectorKernel.Vnni256, VectorKernel.Words512]
        : target == VectorTarget.Avx2 ? [VectorKernel.Vnni256, VectorKernel.Words256]
        : [DotProductKernel.Instance, ByteProductKernel.Instance, VectorKernel.Words128];

    /// <summary>Writes a method's body: what is written for each way of a variant, run for the first that the machine has.</summary>
    public static void WriteChoice(CodeWriter writer, VectorTarget target, Action<IntegerKernel> write)
    {
        foreach (var kernel in For(target))
        {
            kernel.WriteWithinSymbol(writer, () =>
            {
                using (writer.Block(kernel.Condition is null ? "" : $"if ({kernel.Condition})"))
                {
                    write(kernel);
                    if (kernel.Condition is not null)
                    {
                        writer.Line("return;");
                    }
                }
            });
        }
    }

    /// <summary>
    /// Needs <c>{Name}Pack(x, ldx, rows, k, packed)</c>: a tile's rows of 8-bit integers, ldx apart, in the order in which the micro-kernels read them,
    /// padded to a multiple of four.
    /// </summary>
    public string NeedPack(MicroKernels kernels) => Need(kernels, Name + "Pack", WritePack);

    /// <summary>
    /// Needs <c>{Name}Tile{columns}(rows, a, lda, b, ldb, c, ldc, groups, start, next, step, rowScales, scales, bias)</c> of a number of panels, at most
    /// <see cref="Panels"/>. What the end does not use may be null. Rows are those of a tile, or of several where <see cref="ReadsRows"/>.
    /// </summary>
    public string NeedTile(MicroKernels kernels, int panels, TileEnd end)
    {
        end = end with { IsSmall = end.IsSmall && ConvertsSlowly && !end.AddsStart };
        TileKernels.NeedFetch(kernels);
        var name = $"{Name}Tile{Text(16 * panels)}{end.Suffix}";
        return Need(kernels, name, writer =>
        {
            foreach (var rows in Enumerable.Range(1, Rows))
            {
                Need(kernels, $"{name}_{Text(rows)}", text =>
                {
                    using (text.Block($"""
                        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
                        private static void {name}_{Text(rows)}({(ReadsRows ? "long tiles, " : "")}{Parameters})
                        """))
                    {
                        WriteTile(text, kernels, rows, panels, end);
                    }
                });
            }

            writer.Line($"// Some rows × {Text(16 * panels)} columns of 8-bit integers.");
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
            using (writer.Block($"private static void {name}(long rows, {Parameters})"))
            {
                if (ReadsRows)
                {
                    WriteTiles(writer, name);
                }
                else
                {
                    WriteHeights(writer, "rows", rows => $"{name}_{Text(rows)}({Arguments}); return;");
                }
            }
        });
    }

    // Tiles as even as can be, the higher ones first; a division takes longer than the rest.
    private void WriteTiles(CodeWriter writer, string name)
    {
        writer.Line($"long tiles = (rows + {Text(Rows - 1)}) / {Text(Rows)};");
        using (writer.Block("while (tiles > 0)"))
        {
            writer.Line(
                $"long height = rows > {Text(Rows - 1)} * tiles ? {Text(Rows)} "
                    + $": rows > {Text(Rows - 2)} * tiles ? {Text(Rows - 1)} : (rows + tiles - 1) / tiles;");
            writer.Line("long count = rows - (height - 1) * tiles;");
            WriteHeights(writer, "height", rows => $"{name}_{Text(rows)}(count, {Arguments}); break;");
            writer.Line("tiles -= count;");
            writer.Line("count *= height;");
            writer.Line("rows -= count; a += count * lda; c += count * ldc; rowScales += count;");
        }
    }

    private void WriteHeights(CodeWriter writer, string height, Func<int, string> write)
    {
        using (writer.Block($"switch ({height})"))
        {
            foreach (var rows in Enumerable.Range(1, Rows))
            {
                writer.Line($"case {Text(rows)}: {write(rows)}");
            }
        }
    }

    /// <summary>
    /// Needs <c>{Name}Product{end}(rows, a, lda, b, n, c, ldc, groups, start, rowScales, scales, bias)</c>: rows, as a tile takes them, by all of B's
    /// panels <c>[n/16][groups][16][4]</c>, n a multiple of 16; C is written in whole panels.
    /// </summary>
    public string NeedProduct(MicroKernels kernels, TileEnd end)
    {
        var (wide, width) = (NeedTile(kernels, Panels, end), Text(16 * Panels));
        var one = Panels == 1 ? wide : NeedTile(kernels, 1, end);
        var name = $"{Name}Product{end.Suffix}";
        return Need(kernels, name, writer =>
        {
            const string OfPanels =
                "(rows, a, lda, b + 4 * groups * j, 64 * groups, c + j, ldc, groups, start + j, (byte*)b, 0, rowScales, scales + j, bias + j);";
            writer.Line("// Rows of 8-bit integers by all panels.");
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
            using (writer.Block(
                $"private static void {name}(long rows, byte* a, long lda, sbyte* b, long n, float* c, long ldc, "
                    + "long groups, int* start, float* rowScales, float* scales, float* bias)"))
            using (writer.Block($"for (long j = 0; j < n; j += {width})"))
            {
                if (Panels > 1)
                {
                    writer.Line($"if (n - j < {width}) {one}{OfPanels}");
                    writer.Line($"else {wide}{OfPanels}");
                }
                else
                {
                    writer.Line(wide + OfPanels);
                }
            }
        });
    }

    /// <summary>Writes the packing method.</summary>
    protected virtual void WritePack(CodeWriter writer) => throw new NotSupportedException(Name + " reads rows as they are");

    /// <summary>Writes the body of the micro-kernel of some rows.</summary>
    protected abstract void WriteTile(CodeWriter writer, MicroKernels kernels, int rows, int panels, TileEnd end);

    /// <summary>A number as C#.</summary>
    protected static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Needs a method that is compiled only where the kernel's symbol is defined.</summary>
    protected string Need(MicroKernels kernels, string name, Action<CodeWriter> write) =>
        kernels.Need(name, (writer, _) => WriteWithinSymbol(writer, () => write(writer)));

    private void WriteWithinSymbol(CodeWriter writer, Action write)
    {
        if (Symbol is not null)
        {
            writer.Line("#if " + Symbol);
        }

        write();
        if (Symbol is not null)
        {
            writer.Line("#endif");
        }
    }
}
