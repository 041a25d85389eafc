using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Schema;
using Google.Protobuf.Collections;

namespace CompiledBert.Compiler.Onnx;

/// <summary>Makes tensors of TensorProto: checks that type, dimensions and data agree, and leaves the data where it lies.</summary>
internal sealed class TensorLoader(string modelPath, MappedFile file, IReadOnlyList<TensorPayload> payloads, ExternalFiles external)
{
    private readonly TensorPayload _none = new();

    /// <summary>Checks what the model file alone says about a tensor, whether or not anything uses it.</summary>
    public void Check(TensorProto tensor) => Measure(tensor);

    /// <summary>The tensor's data, to be read when needed. Throws <see cref="CompileException"/> where it is invalid or of an unsupported type.</summary>
    public TensorData Load(TensorProto tensor)
    {
        var (dims, bytes) = Measure(tensor);
        if (ElementTypes.From(tensor.DataType) is not { } type || type == DataType.String)
        {
            throw DiagnosticTable.UnsupportedType.Error(modelPath, null, Name(tensor), ElementTypes.NameOf(tensor.DataType));
        }

        if (tensor.DataLocation == 1)
        {
            return external.Map(tensor.Name, type, dims, bytes, Entries(tensor));
        }

        var payload = Payload(tensor);
        return bytes == 0 ? TensorData.FromBytes(type, dims, [])
            : payload.Field == PayloadField.RawData ? new MappedTensor(type, dims, file, payload.Runs[0].Start)
            : TensorData.Derived(type, dims, () => TypedField.Decode(file, payload, tensor.DataType, bytes));
    }

    /// <summary>A sparse tensor as a dense one: indices are positions in the flattened tensor, or one tuple a value.</summary>
    public TensorData Load(SparseTensorProto sparse)
    {
        var tensor = sparse.Values ?? throw Invalid(new TensorProto(), "a sparse tensor has no values");
        if (sparse.Indices is not { } indices || indices.DataType != 7)
        {
            throw Invalid(tensor, "a sparse tensor needs indices of type int64");
        }

        var dims = Dims(tensor, sparse.Dims);
        var values = Load(tensor);
        var positions = Load(indices);
        var count = dims.Aggregate(1L, (product, dim) => product * dim);
        var elementBytes = values.Type.BitsOf() / 8;
        var tuple = positions.Dims.Count == 2 ? (int)positions.Dims[1] : 1;
        if (values.Dims.Count != 1 || positions.Dims.Count is < 1 or > 2 || positions.Dims[0] != values.Count
            || (positions.Dims.Count == 2 && tuple != dims.Length))
        {
            throw Invalid(tensor, $"sparse values {Shape.Of(values.Dims)} and indices {Shape.Of(positions.Dims)} do not fit");
        }

        if (elementBytes == 0 || count > (1 << 28) / elementBytes)
        {
            throw Invalid(tensor, $"a sparse tensor of {Shape.Of(dims)} is too large or has elements of less than a byte");
        }

        var flat = new long[values.Count];
        var at = positions.As<long>();
        for (var i = 0; i < flat.Length; i++)
        {
            for (var axis = 0; axis < tuple; axis++)
            {
                var index = at[(i * tuple) + axis];
                var limit = positions.Dims.Count == 2 ? dims[axis] : count;
                if (index < 0 || index >= limit)
                {
                    throw Invalid(tensor, $"sparse index {index} is out of range: {limit} elements");
                }

                flat[i] = (positions.Dims.Count == 2 ? flat[i] * limit : 0) + index;
            }
        }

        return TensorData.Derived(values.Type, dims, () =>
        {
            var dense = new byte[count * elementBytes];
            var source = values.Bytes;
            for (var i = 0; i < flat.Length; i++)
            {
                source.Slice(i * elementBytes, elementBytes).CopyTo(dense.AsSpan((int)flat[i] * elementBytes));
            }

            return dense;
        });
    }

    /// <summary>Dimensions and the bytes their elements take, after checking them against the data.</summary>
    private (long[] Dims, long Bytes) Measure(TensorProto tensor)
    {
        if (!ElementTypes.IsKnown(tensor.DataType))
        {
            throw Invalid(tensor, tensor.DataType == 0 ? "its element type is undefined" : $"its element type, {tensor.DataType}, is unknown");
        }

        var dims = Dims(tensor, tensor.Dims);
        var count = dims.Aggregate(1L, (product, dim) => product * dim);
        var bits = ElementTypes.BitsOf(tensor.DataType);
        if (count > (long.MaxValue - 7) / Math.Max(bits, 1))
        {
            throw Invalid(tensor, $"its size overflows: {Shape.Of(dims)}");
        }

        var bytes = ((count * bits) + 7) / 8;
        if (tensor.Segment is not null)
        {
            throw Invalid(tensor, "it is one segment of a larger tensor, which is not supported");
        }

        if (tensor.DataLocation is < 0 or > 1 || tensor.Payload.Count > 1)
        {
            throw Invalid(tensor, "its data is given in more than one way");
        }

        if (tensor.DataLocation == 1)
        {
            external.CheckLocation(Name(tensor), Entries(tensor).GetValueOrDefault("location", ""));
            return (dims, bytes);
        }

        var payload = Payload(tensor);
        var name = ElementTypes.NameOf(tensor.DataType);
        if (payload.Runs.Count == 0)
        {
            return count == 0 ? (dims, 0L) : throw Invalid(tensor, $"{Shape.Of(dims)} × {name} needs {bytes} bytes, it has no data");
        }

        if (payload.Field == PayloadField.RawData)
        {
            return payload.Count == bytes && bits > 0
                ? (dims, bytes)
                : throw Invalid(tensor, $"{Shape.Of(dims)} × {name} needs {bytes} bytes, raw_data has {payload.Count}");
        }

        // Types of less than a byte are packed into bytes, one byte an entry; complex numbers are two entries.
        var entries = bits is > 0 and < 8 ? bytes : tensor.DataType is 14 or 15 ? count * 2 : count;
        if (payload.Field != ElementTypes.FieldOf(tensor.DataType))
        {
            throw Invalid(tensor, $"elements of type {name} cannot lie in {payload.Field}");
        }

        return payload.Count == entries
            ? (dims, bytes)
            : throw Invalid(tensor, $"{Shape.Of(dims)} × {name} needs {entries} entries, {payload.Field} has {payload.Count}");
    }

    private long[] Dims(TensorProto tensor, RepeatedField<long> dims)
    {
        var product = 1L;
        foreach (var dim in dims)
        {
            if (dim < 0)
            {
                throw Invalid(tensor, $"dimension {dim} is negative");
            }

            if (dim > 0 && product > long.MaxValue / dim)
            {
                throw Invalid(tensor, $"the product of its dimensions overflows: [{string.Join(',', dims)}]");
            }

            product *= dim;
        }

        return dims.Count <= 64 ? [.. dims] : throw Invalid(tensor, $"it has {dims.Count} dimensions");
    }

    private TensorPayload Payload(TensorProto tensor) => tensor.Payload.Count == 0 ? _none : payloads[tensor.Payload[0]];

    private Dictionary<string, string> Entries(TensorProto tensor)
    {
        var entries = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var entry in tensor.ExternalData)
        {
            if (!entries.TryAdd(entry.Key, entry.Value))
            {
                throw Invalid(tensor, $"'{Diagnostic.Abbreviate(entry.Key)}' of its external data is given twice");
            }
        }

        return entries;
    }

    private static string Name(TensorProto tensor) => Diagnostic.Abbreviate(tensor.Name);

    private CompileException Invalid(TensorProto tensor, string wrong) => DiagnosticTable.InvalidTensor.Error(modelPath, null, Name(tensor), wrong);
}
