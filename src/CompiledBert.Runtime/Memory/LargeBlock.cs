using System.Runtime.InteropServices;

namespace CompiledBert;

/// <summary>Native memory for what is read in full by every call, in pages of 2 MB where the system has them.</summary>
/// <remarks>
/// A model's weights are more pages of 4 kB than any processor remembers the places of, so each page's first byte of a call would be waited for.
/// Linux gives large pages to those who ask (<c>transparent_hugepage</c> is <c>madvise</c> or <c>always</c>); only pages that lie wholly in the block are
/// asked for, so that it takes no more memory than it has bytes.
/// </remarks>
internal static unsafe partial class LargeBlock
{
    /// <summary>Bytes of a large page.</summary>
    public const nuint PageBytes = 1 << 21;

    private const int AdviceHugePage = 14;

    /// <summary>
    /// Allocates a block, aligned to a large page where it holds one, else to <paramref name="alignment"/>. To be freed
    /// by <see cref="NativeMemory.AlignedFree"/>.
    /// </summary>
    /// <param name="bytes">Its size.</param>
    /// <param name="alignment">A power of two, at most the size of a large page.</param>
    /// <exception cref="OutOfMemoryException">There is no such amount of memory.</exception>
    public static void* Allocate(nuint bytes, nuint alignment)
    {
        if (bytes < PageBytes)
        {
            return NativeMemory.AlignedAlloc(bytes, alignment);
        }

        var block = NativeMemory.AlignedAlloc(bytes, PageBytes);
        Advise(block, bytes & ~(PageBytes - 1));
        return block;
    }

    /// <summary>
    /// Asks that what is read of a mapped file be read in large pages. Those come where the file system keeps them (ext4, xfs and btrfs of newer
    /// kernels) and the part has not been read before by anybody, since the system keeps what it has read as it was read.
    /// </summary>
    /// <param name="start">First byte of the part.</param>
    /// <param name="end">What follows its last byte.</param>
    public static void AskForMapped(byte* start, byte* end)
    {
        var page = (nuint)Environment.SystemPageSize;
        var (first, last) = ((nuint)start + page - 1 & ~(page - 1), (nuint)end & ~(page - 1));
        if (last >= first + PageBytes)
        {
            Advise((void*)first, last - first);
        }
    }

    // Advice only: a system that knows none gives pages of the usual size.
    private static void Advise(void* start, nuint bytes)
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        try
        {
            _ = Advise(start, bytes, AdviceHugePage);
        }
        catch (TypeLoadException)
        {
            // No such function.
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(void* start, nuint bytes, int advice);
}
