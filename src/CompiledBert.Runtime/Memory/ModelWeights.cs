using System.ComponentModel;
using System.IO.MemoryMappedFiles;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace CompiledBert;

/// <summary>The packed weights of a model, in place: nothing is copied from an embedded resource or a mapped file, unless the app asks for it.</summary>
/// <remarks>
/// Made by the emitted <c>Load</c> methods and owned by the model that they return, which frees it when it is disposed and its last running call has
/// ended. A mapped file must not be cut short while it is in use: the operating system would end the process.
/// With the AppContext switch <c>CompiledBert.CopyWeights</c> resources and files are copied to memory of the model's own, in large pages, as streams
/// are: short calls are faster, for the time of a copy and memory that processes do not share.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed unsafe class ModelWeights : IDisposable
{
    private const nuint Alignment = 64;
    private const int HashedAtOnce = 1 << 24;

    private static readonly bool CopiesAll = AppContext.TryGetSwitch("CompiledBert.CopyWeights", out var on) && on;

    private readonly ModelInfo _info;
    private readonly string _place;
    private byte* _pointer;
    private void* _memory;
    private Stream? _resource;
    private MemoryMappedFile? _file;
    private MemoryMappedViewAccessor? _view;

    private ModelWeights(ModelInfo info, string place)
    {
        _info = info;
        _place = place;
    }

    /// <summary>Frees memory that was not disposed.</summary>
    ~ModelWeights() => Free();

    /// <summary>The first byte of the header; null once disposed. Not aligned to anything.</summary>
    public byte* Pointer => _pointer;

    /// <summary>Bytes from one page of the weights to the next: of a large page where they have memory of their own that holds some.</summary>
    internal long PageBytes =>
        _memory is not null && (nuint)_info.WeightsBytes >= LargeBlock.PageBytes
            ? (long)LargeBlock.PageBytes
            : Environment.SystemPageSize;

    /// <summary>Weights embedded in an assembly, read where the assembly is loaded.</summary>
    /// <param name="assembly">The assembly that has them.</param>
    /// <param name="name">Name of the manifest resource.</param>
    /// <param name="info">What is expected.</param>
    /// <exception cref="InvalidDataException">The resource is missing, cut short, or not the weights of this model.</exception>
    public static ModelWeights FromResource(Assembly assembly, string name, ModelInfo info) => FromResource(assembly, name, info, CopiesAll);

    internal static ModelWeights FromResource(Assembly assembly, string name, ModelInfo info, bool copies)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        ArgumentNullException.ThrowIfNull(info);
        var place = $"The resource '{name}' of {assembly.GetName().Name}";
        var stream = assembly.GetManifestResourceStream(name)
            ?? throw new InvalidDataException($"{place} is missing. {WeightsHeader.Remedy(info)}");
        if (copies || stream is not UnmanagedMemoryStream unmanaged)
        {
            using (stream)
            {
                return FromStream(stream, info, place);
            }
        }

        var weights = new ModelWeights(info, place) { _resource = stream };
        return weights.Take(unmanaged.PositionPointer, unmanaged.Length).InPlace();
    }

    /// <summary>Weights in a file, mapped: pages are read when they are first used and shared between processes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="info">What is expected.</param>
    /// <exception cref="IOException">The file cannot be opened; <see cref="FileNotFoundException"/> and
    /// <see cref="DirectoryNotFoundException"/> where it is not there.</exception>
    /// <exception cref="UnauthorizedAccessException">The file may not be read.</exception>
    /// <exception cref="InvalidDataException">It is cut short, or not the weights of this model.</exception>
    public static ModelWeights FromFile(string path, ModelInfo info) => FromFile(path, info, CopiesAll);

    internal static ModelWeights FromFile(string path, ModelInfo info, bool copies)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(info);
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var place = $"The file '{path}'";
        var length = file.Length;
        if (length < WeightsHeader.Bytes)
        {
            // An empty file cannot be mapped at all.
            WeightsHeader.Check([], length, info, place);
        }

        if (copies)
        {
            return FromStream(file, info, place);
        }

        var weights = new ModelWeights(info, place);
        try
        {
            weights._file = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: true);
            weights._view = weights._file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
            byte* start = null;
            weights._view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
            return weights.Take(start + weights._view.PointerOffset, length).InPlace();
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>Weights copied from a stream into memory of their own, aligned to 64 bytes; reads exactly as many bytes as the weights have.</summary>
    /// <param name="stream">The stream, from its position.</param>
    /// <param name="info">What is expected.</param>
    /// <exception cref="InvalidDataException">They are cut short, or not the weights of this model.</exception>
    public static ModelWeights FromStream(Stream stream, ModelInfo info)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(info);
        return FromStream(stream, info, "The stream");
    }

    /// <summary>Holds all bytes against the hash that the class was compiled with. Reads everything: some milliseconds for each ten megabytes.</summary>
    /// <exception cref="InvalidDataException">The weights were changed or damaged.</exception>
    internal void Verify()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (long at = WeightsHeader.Bytes; at < _info.WeightsBytes; at += HashedAtOnce)
        {
            hash.AppendData(new ReadOnlySpan<byte>(_pointer + at, (int)Math.Min(HashedAtOnce, _info.WeightsBytes - at)));
        }

        var actual = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (!actual.Equals(_info.WeightsHash, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException($"{_place} is damaged: its hash is {actual}, it should be {_info.WeightsHash}. {WeightsHeader.Remedy(_info)}");
        }
    }

    /// <summary>Frees the memory, the mapping or the resource. <see cref="Pointer"/> must not be read through any more.</summary>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private static ModelWeights FromStream(Stream stream, ModelInfo info, string place)
    {
        var header = new byte[WeightsHeader.Bytes];
        var read = stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);

        // Whether the rest is there is known after reading it; a header that is wrong must not cost the memory.
        WeightsHeader.Check(header.AsSpan(0, read), read < header.Length ? read : info.WeightsBytes, info, place);

        var weights = new ModelWeights(info, place);
        try
        {
            weights._memory = LargeBlock.Allocate((nuint)info.WeightsBytes, Alignment);
            var target = (byte*)weights._memory;
            header.CopyTo(new Span<byte>(target, header.Length));
            long filled = header.Length;
            while (filled < info.WeightsBytes)
            {
                var count = stream.Read(new Span<byte>(target + filled, (int)Math.Min(int.MaxValue, info.WeightsBytes - filled)));
                if (count == 0)
                {
                    break;
                }

                filled += count;
            }

            return weights.Take(target, filled);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    private ModelWeights Take(byte* start, long available)
    {
        try
        {
            WeightsHeader.Check(new ReadOnlySpan<byte>(start, (int)Math.Min(available, WeightsHeader.Bytes)), available, _info, _place);
        }
        catch
        {
            Dispose();
            throw;
        }

        _pointer = start;
        return this;
    }

    // Tables stay out of it: who reads some rows of one should not wait for 2 MB around each.
    private ModelWeights InPlace()
    {
        LargeBlock.AskForMapped(_pointer + _info.ProductsAt, _pointer + _info.WeightsBytes);
        return this;
    }

    private void Free()
    {
        _pointer = null;
        if (_memory is not null)
        {
            NativeMemory.AlignedFree(_memory);
            _memory = null;
        }

        if (_view is not null)
        {
            // AcquirePointer counts: without this the mapping would outlive its handle.
            _view.SafeMemoryMappedViewHandle.ReleasePointer();
            _view.Dispose();
            _view = null;
        }

        _file?.Dispose();
        _file = null;
        _resource?.Dispose();
        _resource = null;
    }
}
