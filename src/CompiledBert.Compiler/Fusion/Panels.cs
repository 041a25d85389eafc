namespace CompiledBert.Compiler.Fusion;

/// <summary>The one packed order of matrices [K, N]: panels of 16 columns, <c>[⌈N/16⌉][K][16]</c>.</summary>
internal static class Panels
{
    /// <summary>Columns of a panel.</summary>
    public const int Columns = 16;

    /// <summary>Elements of a packed matrix.</summary>
    public static long ElementsOf(long rows, long columns) => (columns + Columns - 1) / Columns * Columns * rows;
}
