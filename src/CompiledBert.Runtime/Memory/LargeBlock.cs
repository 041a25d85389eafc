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

    /// <summary>Allocates a block, aligned to a large page where it holds one, else to <paramref name="alignment"/>. To be freed by <see cref="NativeMemory.AlignedFree"/>.</summary>
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
        if (OperatingSystem.IsLinux())
        {
            Advise(block, bytes & ~(PageBytes - 1));
        }

        return block;
    }

    // Advice only: a system that knows none gives pages of the usual size.
    private static void Advise(void* start, nuint bytes)
    {
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
