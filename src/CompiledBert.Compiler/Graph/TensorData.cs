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

    /// <summary>A tensor whose elements nobody knows: a weight of a model that is there to be planned and costed before it is trained. Reading it throws.</summary>
    public static TensorData Unknown(DataType type, params long[] dims) => new Absent(type, dims);

    /// <summary>The same elements under other lengths; nothing is read.</summary>
    public TensorData Reshaped(long[] dims) => new View(this, Type, dims);

    /// <summary>The same bytes as elements of another type, such as bytes that have two of 4 bits each; nothing is read.</summary>
    public TensorData Reinterpreted(DataType type, long[] dims) => new View(this, type, dims);

    /// <summary>The elements in place, where <typeparamref name="T"/> is how they are stored (bool as byte).</summary>
    public ReadOnlySpan<T> As<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes);

    private sealed class InMemory(DataType type, long[] dims, byte[] bytes) : TensorData(type, dims)
    {
        public override ReadOnlySpan<byte> Bytes => bytes;
    }

    private sealed class Made(DataType type, long[] dims, Func<byte[]> make, Recipe? recipe) : TensorData(type, dims)
    {
        private readonly WeakReference<byte[]?> _bytes = new(null);

        public override object Identity => recipe ?? (object)this;

        public override bool IsDerived => true;

        public override ReadOnlySpan<byte> Bytes
        {
            get
            {
                if (!_bytes.TryGetTarget(out var bytes))
                {
                    bytes = make();
                    _bytes.SetTarget(bytes);
                }

                return bytes;
            }
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

        public override ReadOnlySpan<byte> Bytes => whole.Bytes;
    }
}
