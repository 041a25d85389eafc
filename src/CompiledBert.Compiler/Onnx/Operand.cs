using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx;

/// <summary>
/// A value of the model while it is imported. Small integer tensors carry their elements as <see cref="Dim"/>s where these are known or follow
/// from lengths: that is how shape arithmetic is resolved. Such a tensor becomes a value of the graph only when something uses it as data.
/// </summary>
internal sealed class Operand
{
    /// <summary>Elements up to which contents are kept; shapes have a handful, tables of pads a few dozen.</summary>
    public const int MaxContents = 1024;

    private readonly long[]? _dims;
    private Dim[]? _contents;
    private bool _contentsKnown;

    /// <summary>A value of the graph.</summary>
    public Operand(Value value)
    {
        Value = value;
        Type = value.Type;
        Name = value.Name;
        _contentsKnown = !value.IsConstant;
    }

    /// <summary>Elements that follow from lengths.</summary>
    public Operand(string name, DataType type, long[] dims, Dim[] contents)
    {
        Name = name;
        Type = type;
        _dims = dims;
        _contents = contents;
        _contentsKnown = true;
    }

    /// <summary>Stands for an optional input that a call left out.</summary>
    public static Operand Absent { get; } = new("", DataType.String, [], []);

    public string Name { get; }

    public DataType Type { get; }

    /// <summary>The value in the graph; null until something uses the contents as data.</summary>
    public Value? Value { get; set; }

    public Shape Shape => Value?.Shape ?? Shape.Of(_dims!);

    /// <summary>The elements in row-major order where each is a known integer or follows from lengths; truth values are 0 and 1.</summary>
    public Dim[]? Contents
    {
        get
        {
            if (!_contentsKnown)
            {
                _contentsKnown = true;
                _contents = Read(Value!.Constant!);
            }

            return _contents;
        }
    }

    /// <summary>The contents where none depends on a length.</summary>
    public long[]? Integers => Contents is { } contents && Array.TrueForAll(contents, c => c.IsConstant) ? Array.ConvertAll(contents, c => c.Value) : null;

    /// <summary>Replaces a symbol in the contents.</summary>
    public void Substitute(Symbol symbol, Dim replacement)
    {
        if (_contents is { } contents)
        {
            _contents = Array.ConvertAll(contents, c => c.Substitute(symbol, replacement));
        }
    }

    /// <summary>The contents as a constant; null where one depends on a length.</summary>
    public TensorData? ToTensor()
    {
        if (Integers is not { } integers)
        {
            return null;
        }

        var size = Math.Max(1, Type.BitsOf() / 8);
        var bytes = new byte[integers.Length * size];
        for (var i = 0; i < integers.Length; i++)
        {
            var element = Type == DataType.Float32 ? BitConverter.GetBytes((float)integers[i]) : BitConverter.GetBytes(integers[i]);
            element.AsSpan(0, size).CopyTo(bytes.AsSpan(i * size));
        }

        return TensorData.FromBytes(Type, _dims ?? Value!.Shape.ToConstants(), bytes);
    }

    private static Dim[]? Read(TensorData data)
    {
        if (data.Count > MaxContents)
        {
            return null;
        }

        var result = new Dim[data.Count];
        for (var i = 0; i < result.Length; i++)
        {
            switch (data.Type)
            {
                case DataType.Int64: result[i] = data.As<long>()[i]; break;
                case DataType.Int32: result[i] = data.As<int>()[i]; break;
                case DataType.Int16: result[i] = data.As<short>()[i]; break;
                case DataType.Int8: result[i] = data.As<sbyte>()[i]; break;
                case DataType.Bool: result[i] = data.Bytes[i] == 0 ? 0 : 1; break;
                case DataType.UInt8: result[i] = data.Bytes[i]; break;
                case DataType.UInt16: result[i] = data.As<ushort>()[i]; break;
                case DataType.UInt32: result[i] = data.As<uint>()[i]; break;
                case DataType.Float32 when float.IsInteger(data.As<float>()[i]) && Math.Abs(data.As<float>()[i]) < 1 << 24:
                    result[i] = (long)data.As<float>()[i];
                    break;
                default: return null;
            }
        }

        return result;
    }
}
