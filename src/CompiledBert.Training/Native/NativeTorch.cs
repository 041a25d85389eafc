using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Security.Cryptography;
using TorchSharp;

namespace CompiledBert.Training.Native;

/// <summary>Loads libtorch for this process, also where the system's libstdc++ is older than the one that TorchSharp's own library was linked with.</summary>
/// <remarks>
/// TorchSharp's library asks for GLIBCXX_3.4.32 (GCC 13). The one symbol that it takes of that version, <c>std::ios_base_library_init()</c>, is
/// named by a header to tie libraries together and is never called, and nothing is relocated to it. Where the system has no such version, a copy
/// of the library is loaded in which that one requirement is marked as weak, which the loader lets pass.
/// </remarks>
public static class NativeTorch
{
    private const string Library = "LibTorchSharp";
    private const string File = "libLibTorchSharp.so";
    private const string Version = "GLIBCXX_3.4.32";

    // M_ARENA_MAX of malloc.h.
    private const int MostArenas = -8;

    private static readonly string[] Before = ["libc10.so", "libtorch_cpu.so", "libtorch.so"];
    private static readonly Lock Gate = new();
    private static string? s_failure;
    private static bool s_isPrepared;
    private static int s_threads = 1;

    /// <summary>Loads libtorch and sets its threads. Once a process; later calls set the threads only.</summary>
    /// <returns>Null, or why it cannot be loaded.</returns>
    public static string? Prepare(int threads)
    {
        lock (Gate)
        {
            if (!s_isPrepared)
            {
                s_isPrepared = true;
                ShareHeap();
                AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => name == Library && OperatingSystem.IsLinux() ? LoadTolerant() : 0;
                s_failure = Try(() => torch.set_num_interop_threads(1));
            }

            s_threads = threads;
            return s_failure ?? Try(UseThreads);
        }
    }

    /// <summary>Has the calling thread use as many threads as were asked for: some of libtorch's products look at what their own thread was told.</summary>
    internal static void UseThreads() => torch.set_num_threads(s_threads);

    /// <summary>
    /// Has all threads allocate from one heap. With one of its own each keeps what it has freed, gigabytes of it, and threads of a pool take turns.
    /// </summary>
    private static void ShareHeap()
    {
        // Not every libc has it (musl).
        if (OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out var libc) && NativeLibrary.TryGetExport(libc, "mallopt", out var entry))
        {
            Marshal.GetDelegateForFunctionPointer<SetOption>(entry)(MostArenas, 1);
        }
    }

    private delegate int SetOption(int option, int value);

    private static string? Try(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception e)
            when (e is NotSupportedException or DllNotFoundException or TypeInitializationException or ExternalException or EntryPointNotFoundException)
        {
            return (e.InnerException ?? e).Message.Split('\n')[0].Trim();
        }
    }

    private static nint LoadTolerant()
    {
        var folders = ((string?)AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory).Append(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native")).ToList();
        if (folders.Select(f => Path.Combine(f, File)).FirstOrDefault(System.IO.File.Exists) is not { } own
            || VersionNeeds.Weaken(System.IO.File.ReadAllBytes(own), Version) is not { } tolerant)
        {
            return 0;
        }

        foreach (var name in Before)
        {
            if (folders.Select(f => Path.Combine(f, name)).FirstOrDefault(System.IO.File.Exists) is not { } path || !NativeLibrary.TryLoad(path, out _))
            {
                return 0;
            }
        }

        return NativeLibrary.TryLoad(Kept(tolerant), out var handle) ? handle : 0;
    }

    /// <summary>The copy among the user's files, under the hash of what it holds.</summary>
    private static string Kept(byte[] library)
    {
        var folder = Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create),
            "CompiledBert");
        Directory.CreateDirectory(folder);
        var path = Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(library).AsSpan(0, 8)) + "-" + File);
        if (!System.IO.File.Exists(path))
        {
            var temporary = path + "." + Guid.NewGuid().ToString("N");
            System.IO.File.WriteAllBytes(temporary, library);
            System.IO.File.Move(temporary, path, overwrite: true);
        }

        return path;
    }
}
