using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CompiledBert.Compiler.Graph;

/// <summary>
/// The elements of a constant tensor, row-major, little-endian. The bytes may lie in the mapped model file and are touched only when read,
/// so that a weight costs no memory before it is packed.
/// </summary>
public abstract class TensorData
{
    /// <summary>Creates the data of a tensor.</summary>
    protected TensorData(DataType type, long[] dims)
    {
        Type = type;
        Dims = dims;
        Count = dims.Aggregate(1L, (product, dim) => checked(product * dim));
    }

    /// <summary>The element type as stored.</summary>
    public DataType Type { get; }

    /// <summary>The lengths of the axes.</summary>
    public IReadOnlyList<long> Dims { get; }

    /// <summary>The number of elements.</summary>
    public long Count { get; }

    /// <summary>Bytes that the elements take.</summary>
    public long ByteLength => ((Count * Type.BitsOf()) + 7) / 8;

    /// <summary>Whether the bytes are made each time they are read; see <see cref="Derived"/>.</summary>
    public virtual bool IsDerived => false;

    /// <summary>Whether nobody knows the elements; see <see cref="Unknown"/>.</summary>
    public virtual bool IsUnknown => false;

    /// <summary>What stands for the elements: tensors whose identities are equal have the same ones, and nothing need be read to see it.</summary>
    public virtual object Identity => this;

    /// <summary>The elements' bytes.</summary>
    public abstract ReadOnlySpan<byte> Bytes { get; }

    /// <summary>Whether reading a part takes no more than that part; elsewhere all elements are made for it (see <see cref="Hold"/>).</summary>
    public virtual bool HasParts => !IsDerived;

    /// <summary>A tensor whose elements are held in memory.</summary>
    public static TensorData FromBytes(DataType type, long[] dims, byte[] bytes) => new InMemory(type, dims, bytes);

    /// <summary>A tensor of floats held in memory.</summary>
    public static TensorData FromFloats(long[] dims, ReadOnlySpan<float> values) =>
        new InMemory(DataType.Float32, dims, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>A tensor of 64-bit integers held in memory.</summary>
    public static TensorData FromInt64s(long[] dims, ReadOnlySpan<long> values) =>
        new InMemory(DataType.Int64, dims, MemoryMarshal.AsBytes(values).ToArray());

    /// <summary>A tensor whose bytes are made each time they are needed and not kept: a large weight that a pass changed.</summary>
    /// <param name="type">The element type.</param>
    /// <param name="dims">The lengths of the axes.</param>
    /// <param name="make">Makes the bytes.</param>
    /// <param name="recipe">What they are made of; null where nothing else is made of the same.</param>
    public static TensorData Derived(DataType type, long[] dims, Func<byte[]> make, Recipe? recipe = null) => new Made(type, dims, make, recipe);

    /// <summary>A matrix that other tensors are made into part by part, so that who reads it in parts never has the whole in memory.</summary>
    /// <typeparam name="T">How the elements are stored.</typeparam>
    /// <param name="type">The element type.</param>
    /// <param name="dims">The lengths of the axes; those before the last count as rows.</param>
    /// <param name="sources">What it is made of.</param>
    /// <param name="read">Makes a part.</param>
    /// <param name="recipe">What it is made of; null where nothing else is made of the same.</param>
    public static TensorData Derived<T>(DataType type, long[] dims, IReadOnlyList<TensorData> sources, PartReader<T> read, Recipe? recipe = null)
        where T : unmanaged => new MadeInParts(
            type,
            dims,
            sources,
            (part, to, stride) => read(part, MemoryMarshal.Cast<byte, T>(to), stride / Unsafe.SizeOf<T>()),
            recipe);

    /// <summary>
    /// A tensor whose elements nobody knows: a weight of a model that is there to be planned and costed before it is trained. Reading it throws.
    /// </summary>
    public static TensorData Unknown(DataType type, params long[] dims) => new Absent(type, dims);

    /// <summary>The same elements under other lengths; nothing is read.</summary>
    public TensorData Reshaped(long[] dims) => new View(this, Type, dims);

    /// <summary>The same bytes as elements of another type, such as bytes that have two of 4 bits each; nothing is read.</summary>
    public TensorData Reinterpreted(DataType type, long[] dims) => new View(this, type, dims);

    /// <summary>The elements in place, where <typeparamref name="T"/> is how they are stored (bool as byte).</summary>
    public ReadOnlySpan<T> As<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes);

    /// <summary>Copies a part, row by row.</summary>
    /// <typeparam name="T">How the elements are stored; of whole bytes.</typeparam>
    /// <param name="part">Which elements.</param>
    /// <param name="to">Where they go.</param>
    /// <param name="stride">How many elements its rows are apart there.</param>
    public void Read<T>(MatrixPart part, Span<T> to, int stride)
        where T : unmanaged => ReadBytes(part, MemoryMarshal.AsBytes(to), stride * Unsafe.SizeOf<T>());

    /// <summary>Keeps what is made as a whole until the result is forgotten: for who reads part after part.</summary>
    public virtual object? Hold() => null;

    private protected virtual object? HoldWhole() => null;

    /// <summary>Copies a part as bytes; its rows are so many bytes apart where it goes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal virtual void ReadBytes(MatrixPart part, Span<byte> to, int stride)
    {
        var source = Bytes;
        var size = Type.BitsOf() / 8;
        var (width, columns) = (WidthOf(Dims) * size, part.Columns * size);
        for (var row = 0; row < part.Rows; row++)
        {
            source.Slice(((part.Row + row) * width) + (part.Column * size), columns).CopyTo(to[(row * stride)..]);
        }
    }

    private static int WidthOf(IReadOnlyList<long> dims) => dims.Count == 0 ? 1 : checked((int)dims[^1]);

    private sealed class InMemory(DataType type, long[] dims, byte[] bytes) : TensorData(type, dims)
    {
        public override ReadOnlySpan<byte> Bytes => bytes;
    }

    private class Made(DataType type, long[] dims, Func<byte[]> make, Recipe? recipe) : TensorData(type, dims)
    {
        private readonly WeakReference<byte[]?> _bytes = new(null);

        public override object Identity => recipe ?? (object)this;

        public override bool IsDerived => true;

        public override ReadOnlySpan<byte> Bytes => Make();

        public override object? Hold() => Make();

        private protected override object? HoldWhole() => Make();

        private byte[] Make()
        {
            if (!_bytes.TryGetTarget(out var bytes))
            {
                bytes = make();
                _bytes.SetTarget(bytes);
            }

            return bytes;
        }
    }

    private sealed class MadeInParts(DataType type, long[] dims, IReadOnlyList<TensorData> sources, PartReader<byte> read, Recipe? recipe)
        : Made(type, dims, () => Whole(type, dims, sources, read), recipe)
    {
        public override bool HasParts => sources.All(source => source.HasParts);

        public override object? Hold() => sources.Select(source => source.Hold()).ToArray();

        internal override void ReadBytes(MatrixPart part, Span<byte> to, int stride) => read(part, to, stride);

        private static byte[] Whole(DataType type, long[] dims, IReadOnlyList<TensorData> sources, PartReader<byte> read)
        {
            var width = WidthOf(dims);
            var (rows, size) = ((int)(dims.Aggregate(1L, (product, dim) => product * dim) / Math.Max(1, width)), type.BitsOf() / 8);
            var (bytes, held) = (new byte[checked(rows * width * size)], sources.Select(source => source.Hold()).ToArray());
            read(new MatrixPart(0, rows, 0, width), bytes, width * size);
            GC.KeepAlive(held);
            return bytes;
        }
    }

    private sealed class Absent(DataType type, long[] dims) : TensorData(type, dims)
    {
        public override bool IsUnknown => true;

        public override ReadOnlySpan<byte> Bytes => throw new InvalidOperationException("The elements of this tensor are not known.");
    }

    private sealed class View(TensorData whole, DataType type, long[] dims) : TensorData(type, dims)
    {
        public override object Identity { get; } = Recipe.Of("reshaped", [whole.Identity, type, .. dims.Select(d => (object)d)]);

        public override bool IsDerived => whole.IsDerived;

        public override bool IsUnknown => whole.IsUnknown;

        public override bool HasParts => !whole.IsDerived || (IsOfSameRows && whole.HasParts);

        public override ReadOnlySpan<byte> Bytes => whole.Bytes;

        private bool IsOfSameRows => Type == whole.Type && whole.Dims.Count > 0 && Dims.Count > 0 && Dims[^1] == whole.Dims[^1];

        public override object? Hold() => IsOfSameRows ? whole.Hold() : whole.HoldWhole();

        private protected override object? HoldWhole() => whole.HoldWhole();

        internal override void ReadBytes(MatrixPart part, Span<byte> to, int stride)
        {
            if (IsOfSameRows)
            {
                whole.ReadBytes(part, to, stride);
            }
            else
            {
                base.ReadBytes(part, to, stride);
            }
        }
    }
}
