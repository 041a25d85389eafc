using System.Buffers.Binary;
using System.Globalization;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Schema;
using Google.Protobuf;

namespace CompiledBert.Compiler.Onnx.Writing;

/// <summary>Collects the nodes and initializers of a file; every value gets a name of its own.</summary>
internal sealed class NodeWriter(ModelGraph graph, GraphProto file, bool halves)
{
    private const int HalfNumber = 10;

    private readonly Dictionary<object, string> _names = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<string> _taken = [.. graph.Inputs.Select(i => i.Name), .. graph.Outputs.Select(o => o.Name)];
    private readonly Dictionary<Symbol, string> _lengths = [];

    /// <summary>The name of a value. A constant becomes an initializer when it is first asked for.</summary>
    public string NameOf(Value value)
    {
        if (_names.TryGetValue(value, out var name))
        {
            return name;
        }

        if (graph.Inputs.Contains(value))
        {
            return value.Name;
        }

        _names[value] = name = Unique(value.Name);
        if (value.Constant is { } data)
        {
            if (halves && data.Type == DataType.Float32 && data.Dims.Count > 1)
            {
                Add("Cast", [Halved(Unique(name + ".half"), data)], name, ("to", (long)NumberOf(DataType.Float32)));
            }
            else
            {
                Add(name, data);
            }
        }

        return name;
    }

    /// <summary>Adds a node with one result and returns its name.</summary>
    public string Add(string type, IEnumerable<string> inputs, string output, params (string Name, object Value)[] attributes)
    {
        var node = new NodeProto { OpType = type, Name = output, Output = { output } };
        node.Input.AddRange(inputs);
        node.Attribute.AddRange(attributes.Select(a => a.Value switch
        {
            float f => new AttributeProto { Name = a.Name, Type = 1, F = f },
            long i => new AttributeProto { Name = a.Name, Type = 2, I = i },
            long[] list => new AttributeProto { Name = a.Name, Type = 7, Ints = { list } },
            _ => throw new NotSupportedException($"An attribute of type {a.Value.GetType().Name} cannot be written."),
        }));
        file.Node.Add(node);
        return output;
    }

    /// <summary>A name that nothing has yet, for a value in between.</summary>
    public string Between(Value value, string part) => Unique(NameOf(value) + "." + part);

    /// <summary>Whole numbers as an initializer.</summary>
    public string Integers(Value value, string part, params long[] numbers) => Add(Between(value, part), TensorData.FromInt64s([numbers.Length], numbers));

    /// <summary>A float as an initializer.</summary>
    public string Scalar(Value value, string part, float number) => Add(Between(value, part), TensorData.FromFloats([], [number]));

    /// <summary>A length known at run time only, as a tensor of one element: taken from the shape of an input that has it as an axis.</summary>
    public string Length(Symbol symbol)
    {
        if (!_lengths.TryGetValue(symbol, out var name))
        {
            var (input, axis) = graph.Inputs
                .SelectMany(i => i.Shape.Select((dim, at) => (Input: i, Axis: at, dim.AsSymbol)))
                .Where(a => a.AsSymbol == symbol)
                .Select(a => (a.Input, (long)a.Axis))
                .FirstOrDefault();
            name = input is null
                ? throw new NotSupportedException($"The length {symbol} is no axis of an input.")
                : Add("Shape", [input.Name], Unique("length." + symbol.Name), ("start", axis), ("end", axis + 1));
            _lengths[symbol] = name;
        }

        return name;
    }

    /// <summary>The number that ONNX gives an element type.</summary>
    public static int NumberOf(DataType type) => type switch
    {
        DataType.Float32 => 1,
        DataType.UInt8 => 2,
        DataType.Int8 => 3,
        DataType.Int32 => 6,
        DataType.Int64 => 7,
        DataType.Bool => 9,
        _ => throw new NotSupportedException($"Tensors of {type} cannot be written."),
    };

    private string Add(string name, TensorData data) => Add(name, NumberOf(data.Type), data.Bytes, data.Dims);

    private string Halved(string name, TensorData data)
    {
        var numbers = data.As<float>();
        var bytes = new byte[numbers.Length * sizeof(short)];
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(i * sizeof(short)), (Half)numbers[i]);
        }

        return Add(name, HalfNumber, bytes, data.Dims);
    }

    private string Add(string name, int type, ReadOnlySpan<byte> bytes, IEnumerable<long> dims)
    {
        var tensor = new TensorProto { Name = name, DataType = type, RawData = ByteString.CopyFrom(bytes) };
        tensor.Dims.AddRange(dims);
        file.Initializer.Add(tensor);
        return name;
    }

    private string Unique(string wanted)
    {
        var name = wanted;
        for (var i = 2; !_taken.Add(name); i++)
        {
            name = string.Create(CultureInfo.InvariantCulture, $"{wanted}_{i}");
        }

        return name;
    }
}
