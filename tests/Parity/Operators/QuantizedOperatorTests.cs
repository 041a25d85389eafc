using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Onnx.Schema;
using CompiledBert.Compiler.Tests.Onnx;
using Google.Protobuf;

namespace CompiledBert.Parity.Operators;

/// <summary>Quantised operators by their literal meaning, against ONNX Runtime with its optimisations off.</summary>
public sealed class QuantizedOperatorTests
{
    private const int Float = 1;
    private const int UInt8 = 2;
    private const int Int8 = 3;
    private const int UInt16 = 4;
    private const int Int16 = 5;
    private const int Int32 = 6;
    private const int UInt4 = 21;
    private const int Int4 = 22;

    [Theory]
    [InlineData(4, 16, "none")]
    [InlineData(4, 32, "packed")]
    [InlineData(4, 128, "packed")]
    [InlineData(4, 64, "float")]
    [InlineData(8, 32, "packed")]
    [InlineData(8, 128, "none")]
    public void Weights_in_blocks_of_few_bits(int bits, int block, string zeros)
    {
        const int K = 100, N = 33;
        var blocks = (K + block - 1) / block;
        var zeroBytes = ((blocks * bits) + 7) / 8;
        using var file = Microsoft(14).Input("x", Float, "n", 7, K)
            .Tensor(Raw("w", UInt8, Bytes(1, N * blocks * block * bits / 8), N, blocks, block * bits / 8))
            .Tensor(Floats("s", 2, 0.1f, N * blocks));
        if (zeros == "packed")
        {
            file.Tensor(Raw("z", UInt8, Bytes(3, N * zeroBytes), N * zeroBytes));
        }
        else if (zeros == "float")
        {
            file.Tensor(Floats("z", 4, 10f, N * blocks));
        }

        Node(file, "MatMulNBits", zeros == "none" ? "x w s" : "x w s z", "y", ("K", K), ("N", N), ("bits", bits), ("block_size", block));
        OnnxRuntimeReference.Agrees(file, "y", 1e-5, SampleTensors.Floats(5, 2, 7, K));
    }

    [Theory]
    [InlineData(Int4, 4, 16, true)]
    [InlineData(UInt4, 4, 32, false)]
    [InlineData(UInt8, 4, 16, false)]
    [InlineData(UInt8, 4, 16, true)]
    [InlineData(UInt8, 4, 32, true)]
    [InlineData(UInt8, 8, 16, false)]
    [InlineData(UInt8, 8, 32, true)]
    public void Rows_of_a_table_in_blocks_of_few_bits(int type, int bits, int block, bool hasZeros)
    {
        // Three blocks of 16 in a row, or two of 32, the last one cut short.
        const int Rows = 40, Width = 48;
        var blocks = (Width + block - 1) / block;
        var isPacked = type == UInt8;
        var zeroBytes = isPacked ? Rows * (((blocks * bits) + 7) / 8) : (Rows * blocks * bits) / 8;
        using var file = Microsoft(21).Input("i", 7, "n", 5)
            .Tensor(Raw("w", type, Bytes(1, Rows * Width * bits / 8), Rows, isPacked ? Width * bits / 8 : Width))
            .Tensor(Floats("s", 2, 0.1f, Rows, blocks));
        if (hasZeros)
        {
            file.Tensor(Raw("z", type, Bytes(3, zeroBytes), Rows, isPacked ? zeroBytes / Rows : blocks));
        }

        Node(
            file, "GatherBlockQuantized", hasZeros ? "w i s z" : "w i s", "y", ("bits", bits), ("block_size", block), ("gather_axis", 0), ("quantize_axis", 1));
        OnnxRuntimeReference.Agrees(file, "y", 1e-6, HostTensor.Of([3, 5], [.. Enumerable.Range(0, 15).Select(i => (long)(i * 7 % Rows))]));
    }

    [Theory]
    [InlineData(Int8, false)]
    [InlineData(UInt8, true)]
    public void Products_with_activations_quantised_on_the_way(int type, bool perColumn)
    {
        var count = perColumn ? 9 : 1;
        using var file = Microsoft(14).Input("x", Float, "n", 7, 20)
            .Tensor(Raw("w", type, Bytes(1, 20 * 9), 20, 9)).Tensor(Floats("s", 2, 0.1f, count))
            .Tensor(Raw("z", type, Small(3, count), count)).Tensor(Floats("b", 4, 1f, 9));
        Node(file, "DynamicQuantizeMatMul", "x w s z b", "y");
        OnnxRuntimeReference.Agrees(file, "y", 1e-5, SampleTensors.Floats(5, 2, 7, 20));
    }

    [Theory]
    [InlineData(UInt8, Int8)]
    [InlineData(UInt8, UInt8)]
    [InlineData(Int8, Int8)]
    public void Products_of_integers_are_summed_exactly_and_scaled(int a, int b)
    {
        using var file = Microsoft(14).Input("a", a, "n", 7, 70).Tensor(Raw("w", b, Bytes(1, 70 * 9), 70, 9)).Tensor(Raw("za", a, Small(2, 1)))
            .Tensor(Raw("zb", b, Small(3, 9), 9)).Tensor(Floats("sa", 4, 0.1f)).Tensor(Floats("sb", 5, 0.1f, 9)).Tensor(Floats("bias", 6, 1f, 9))
            .Node("MatMulInteger", "a w za zb", "i");
        Node(file, "MatMulIntegerToFloat", "a w sa sb za zb bias", "y");
        OnnxRuntimeReference.Agrees(file, "i y", 1e-6, SampleTensors.Integers(Type(a), 7, a == UInt8 ? 0 : -128, a == UInt8 ? 256 : 128, 2, 7, 70));
    }

    [Theory]
    [InlineData("QLinearAdd", UInt8)]
    [InlineData("QLinearAdd", Int8)]
    [InlineData("QLinearMul", UInt8)]
    [InlineData("QLinearMul", Int8)]
    public void Elementwise_operators_on_quantised_values_round_once(string op, int type)
    {
        using var file = Microsoft(14).Input("a", type, "n", 7, 9).Input("b", type, 9)
            .Tensor(Floats("sa", 1, 0.1f)).Tensor(Raw("za", type, Small(2, 1))).Tensor(Floats("sb", 3, 0.1f)).Tensor(Raw("zb", type, Small(4, 1)))
            .Tensor(Floats("sc", 5, 0.5f)).Tensor(Raw("zc", type, Small(6, 1)));
        Node(file, op, "a sa za b sb zb sc zc", "y");
        OnnxRuntimeReference.Agrees(file, "y", 0, Whole(type, 7, 2, 7, 9), Whole(type, 8, 9));
    }

    [Theory]
    [InlineData("QLinearSigmoid")]
    [InlineData("QLinearLeakyRelu")]
    [InlineData("QLinearSoftmax")]
    [InlineData("QLinearGlobalAveragePool")]
    public void Functions_of_quantised_values(string op)
    {
        using var file = Microsoft(14).Input("x", UInt8, "n", 7, 9)
            .Tensor(Floats("s", 1, 0.05f)).Tensor(Raw("z", UInt8, [128]))
            .Tensor(Scalar("sy", 1f / 256)).Tensor(Raw("zy", UInt8, [(byte)(op == "QLinearLeakyRelu" || op == "QLinearGlobalAveragePool" ? 128 : 0)]));
        (string, object)[] attributes = op switch
        {
            "QLinearSoftmax" => [("axis", 2), ("opset", 13)],
            "QLinearGlobalAveragePool" => [("channels_last", 0)],
            _ => [],
        };
        Node(file, op, "x s z sy zy", "y", attributes);
        OnnxRuntimeReference.Agrees(file, "y", 0.005, Whole(UInt8, 7, 2, 7, 9));
    }

    [Fact]
    public void Quantised_values_are_chosen_and_joined()
    {
        using var file = Microsoft(14).Input("c", 9, "n", 9).Input("a", UInt8, "n", 9).Input("b", UInt8, "n", 9)
            .Tensor(Floats("sa", 1, 0.1f)).Tensor(Raw("za", UInt8, [7]))
            .Tensor(Floats("sb", 3, 0.1f)).Tensor(Raw("zb", UInt8, [100]))
            .Tensor(Floats("sc", 5, 0.1f)).Tensor(Raw("zc", UInt8, [50]));
        Node(file, "QLinearWhere", "c a sa za b sb zb sc zc", "w");
        Node(file, "QLinearConcat", "sc zc a sa za b sb zb", "j", ("axis", 1));
        OnnxRuntimeReference.Agrees(file, "w j", 0.01, SampleTensors.Integers(DataType.Bool, 1, 0, 2, 3, 9), Whole(UInt8, 2, 3, 9), Whole(UInt8, 3, 3, 9));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Products_with_a_bias_of_integers(bool isQuantised)
    {
        using var file = Microsoft(14).Input("a", UInt8, "n", 20).Tensor(Raw("w", Int8, Bytes(1, 9 * 20), 9, 20))
            .Tensor(Floats("sa", 2, 0.1f)).Tensor(Raw("za", UInt8, [120])).Tensor(Floats("sw", 3, 0.1f, 9)).Tensor(Raw("zw", Int8, Small(4, 9), 9))
            .Tensor(Raw("c", Int32, [.. Enumerable.Range(-4, 9).SelectMany(i => BitConverter.GetBytes(i * 100))], 9))
            .Tensor(Scalar("sy", 30f)).Tensor(Raw("zy", UInt8, [90]));
        Node(file, "QGemm", isQuantised ? "a sa za w sw zw c sy zy" : "a sa za w sw zw c", "y", ("transB", 1));
        OnnxRuntimeReference.Agrees(file, "y", isQuantised ? 0 : 1e-6, Whole(UInt8, 5, 4, 20));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Attention_with_quantised_projections(bool perColumn)
    {
        const int Width = 16;
        var count = perColumn ? 3 * Width : 1;
        using var file = Microsoft(14).Input("x", UInt8, "batch", "tokens", Width).Input("mask", Int32, "batch", "tokens")
            .Tensor(Raw("w", Int8, Bytes(1, Width * 3 * Width), Width, 3 * Width)).Tensor(Floats("b", 2, 1f, 3 * Width)).Tensor(Scalar("sx", 0.02f))
            .Tensor(perColumn ? Floats("sw", 3, 0.01f, count) : Scalar("sw", 0.01f)).Tensor(Raw("zx", UInt8, [130]))
            .Tensor(perColumn ? Raw("zw", Int8, Small(4, count), count) : Raw("zw", Int8, [3]));
        Node(file, "QAttention", "x w b sx sw mask zx zw", "y", ("num_heads", 4));
        OnnxRuntimeReference.Agrees(
            file, "y", 1e-5, Whole(UInt8, 5, 2, 7, Width), SampleTensors.Given(DataType.Int32, [2, 7], 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0));
    }

    [Fact]
    public void Embeddings_with_quantised_tables()
    {
        const int Width = 12;
        using var file = Microsoft(14)
            .Input("ids", Int32, "batch", "tokens")
            .Input("segments", Int32, "batch", "tokens")
            .Input("mask", Int32, "batch", "tokens");
        foreach (var (name, rows, seed) in new[] { ("w", 30, 1), ("p", 20, 2), ("t", 2, 3) })
        {
            file.Tensor(Raw(name, UInt8, Bytes(seed, rows * Width), rows, Width)).Tensor(Scalar("s" + name, 0.01f)).Tensor(Raw("z" + name, UInt8, [127]));
        }

        foreach (var (name, seed) in new[] { ("g", 4), ("b", 5) })
        {
            file.Tensor(Raw(name, UInt8, Bytes(seed, Width), Width)).Tensor(Scalar("s" + name, 0.01f)).Tensor(Raw("z" + name, UInt8, [100]));
        }

        Node(file, "QEmbedLayerNormalization", "ids segments w p t g b mask sw sp st sg sb zw zp zt zg zb", "y m", ("epsilon", 1e-12f));
        OnnxRuntimeReference.Agrees(
            file, "y m", 1e-5, SampleTensors.Integers(DataType.Int32, 1, 0, 30, 2, 7),
            SampleTensors.Integers(DataType.Int32, 2, 0, 2, 2, 7),
            SampleTensors.Given(DataType.Int32, [2, 7], 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0));
    }

    [Theory]
    [InlineData(UInt16)]
    [InlineData(Int16)]
    [InlineData(Int8)]
    public void Values_quantised_and_back_in_8_and_16_bits(int type)
    {
        var bytes = type is Int8 ? 1 : 2;
        using var file = new ModelFile(21).Input("x", Float, "n", 5, 9).Tensor(Floats("s", 1, 0.001f, 5)).Tensor(Raw("z", type, new byte[5 * bytes], 5))
            .Node("QuantizeLinear", "x s z", "q", ModelFile.Attribute("axis", 1)).Node("DequantizeLinear", "q s z", "y", ModelFile.Attribute("axis", 1));
        OnnxRuntimeReference.Agrees(file, "q y", 1e-6, SampleTensors.Floats(2, 3, 5, 9));
    }

    [Theory]
    [InlineData(UInt4)]
    [InlineData(Int4)]
    public void Weights_of_4_bits_in_blocks(int type)
    {
        using var file = new ModelFile(21).Input("x", Float, "n", 64)
            .Tensor(Raw("w", type, Bytes(1, 64 * 9 / 2), 64, 9)).Tensor(Floats("s", 2, 0.1f, 2, 9)).Tensor(Raw("z", type, Bytes(3, 9), 2, 9))
            .Node("DequantizeLinear", "w s z", "d", ModelFile.Attribute("axis", 0), ModelFile.Attribute("block_size", 32)).Node("MatMul", "x d", "y");
        OnnxRuntimeReference.Agrees(file, "y", 1e-5, SampleTensors.Floats(4, 3, 64));
    }

    [Fact]
    public void Convolutions_of_quantised_values()
    {
        using var file = new ModelFile(14).Input("x", UInt8, "n", 4, "tokens")
            .Tensor(Raw("w", UInt8, Bytes(1, 6 * 2 * 3), 6, 2, 3)).Tensor(Raw("zx", UInt8, [120])).Tensor(Raw("zw", UInt8, [100]))
            .Tensor(Floats("sx", 2, 0.1f)).Tensor(Floats("sw", 3, 0.1f)).Tensor(Scalar("sy", 20f)).Tensor(Raw("zy", UInt8, [110]))
            .Tensor(Raw("b", Int32, [.. Enumerable.Range(-3, 6).SelectMany(i => BitConverter.GetBytes(i * 100))], 6))
            .Node("ConvInteger", "x w zx zw", "i", ModelFile.Attribute("group", 2))
            .Node("QLinearConv", "x sx zx w sw zw sy zy b", "q", ModelFile.Attribute("group", 2));
        OnnxRuntimeReference.Agrees(file, "i q", 0, Whole(UInt8, 5, 2, 4, 11));
    }

    private static ModelFile Microsoft(long opset)
    {
        var file = new ModelFile(opset);
        file.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "com.microsoft", Version = 1 });
        return file;
    }

    private static void Node(ModelFile file, string op, string inputs, string outputs, params (string Name, object Value)[] attributes)
    {
        file.Node(op, inputs, outputs, [.. attributes.Select(a =>
            a.Value is float f ? new AttributeProto { Name = a.Name, F = f, Type = 1 } : ModelFile.Attribute(a.Name, (int)a.Value))]);
        file.Model.Graph.Node[^1].Domain = "com.microsoft";
    }

    private static DataType Type(int type) => type switch { UInt8 => DataType.UInt8, Int8 => DataType.Int8, _ => DataType.Int32 };

    private static HostTensor Whole(int type, int seed, params long[] dims) =>
        SampleTensors.Integers(Type(type), seed, type == UInt8 ? 0 : -128, type == UInt8 ? 256 : 128, dims);

    private static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static byte[] Small(int seed, int count) => [.. Bytes(seed, count).Select(b => (byte)(b & 15))];

    private static TensorProto Raw(string name, int type, byte[] bytes, params long[] dims) =>
        new() { Name = name, DataType = type, Dims = { dims }, RawData = ByteString.CopyFrom(bytes) };

    private static TensorProto Floats(string name, int seed, float most, params long[] dims)
    {
        var random = new Random(seed);
        var values = Enumerable.Range(0, (int)dims.Aggregate(1L, (p, d) => p * d)).Select(_ => most * (0.1f + (0.9f * random.NextSingle())));
        return new() { Name = name, DataType = 1, Dims = { dims }, FloatData = { values } };
    }

    private static TensorProto Scalar(string name, float value) => new() { Name = name, DataType = 1, FloatData = { value } };
}
