using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Cli.Sessions;

/// <summary>A tensor on the caller's side of a model: its elements lie pinned, so that they can be passed by pointer any number of times.</summary>
internal sealed unsafe class HostTensor
{
    private readonly byte[] _bytes;

    public HostTensor(DataType type, long[] dims)
    {
        Type = type;
        Dims = dims;
        Count = checked((int)dims.Aggregate(1L, (product, dim) => checked(product * dim)));
        _bytes = GC.AllocateArray<byte>(Math.Max(1, Count * (type.BitsOf() / 8)), pinned: true);
    }

    public DataType Type { get; }

    public IReadOnlyList<long> Dims { get; }

    public int Count { get; }

    public void* Pointer => Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_bytes));

    /// <summary>The elements in place; a truth value is a byte.</summary>
    public Span<T> As<T>()
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(_bytes.AsSpan(0, Count * sizeof(T)));

    /// <summary>The elements' bytes.</summary>
    public Span<byte> Bytes => _bytes.AsSpan(0, Count * (Type.BitsOf() / 8));

    public static HostTensor Of(long[] dims, ReadOnlySpan<long> values)
    {
        var tensor = new HostTensor(DataType.Int64, dims);
        values.CopyTo(tensor.As<long>());
        return tensor;
    }

    /// <summary>A stored tensor as callers pass it: 16-bit floats widened, other types converted where the model wants another.</summary>
    public static HostTensor From(TensorData data, DataType type)
    {
        var tensor = new HostTensor(type, [.. data.Dims]);
        if (data.Type == type)
        {
            data.Bytes.CopyTo(tensor.Bytes);
            return tensor;
        }

        var isFloat = data.Type.IsFloat() || type.IsFloat();
        for (var i = 0; i < tensor.Count; i++)
        {
            if (isFloat)
            {
                Elements.SetFloat(type, tensor.Bytes, i, Elements.Float(data.Type, data.Bytes, i));
            }
            else
            {
                Elements.SetInteger(type, tensor.Bytes, i, Elements.Integer(data.Type, data.Bytes, i));
            }
        }

        return tensor;
    }
}
