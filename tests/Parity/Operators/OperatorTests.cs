using CompiledBert.Compiler;
using CompiledBert.Compiler.Tests.Onnx;

namespace CompiledBert.Parity.Operators;

/// <summary>Operators in forms that ONNX's own tests leave out, against ONNX Runtime.</summary>
public sealed class OperatorTests
{
    private const int Float = 1;
    private const int Int64 = 7;

    [Theory]
    [InlineData(3, 1)]
    [InlineData(3, 0)]
    [InlineData(33, 1)]
    [InlineData(40, 0)]
    public void The_largest_elements_come_in_order_and_the_first_of_equal_ones_first(int count, int largest)
    {
        using var file = new ModelFile(11).Input("x", Int64, "batch", 50).Integers("k", count)
            .Node("TopK", "x k", "v i", ModelFile.Attribute("axis", -1), ModelFile.Attribute("largest", largest));
        OnnxRuntimeReference.Agrees(file, "v i", 0, SampleTensors.Integers(DataType.Int64, 3, 0, 20, 7, 50));
    }

    [Fact]
    public void The_largest_elements_of_an_open_length_are_found_in_turn()
    {
        using var file = new ModelFile(11).Input("x", Float, "batch", "tokens", 5).Integers("k", 4).Node("TopK", "x k", "v i", ModelFile.Attribute("axis", 1));
        OnnxRuntimeReference.Agrees(file, "v i", 0, SampleTensors.Floats(4, 2, 33, 5));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("add")]
    [InlineData("mul")]
    [InlineData("max")]
    public void Elements_are_scattered_and_combined(string reduction)
    {
        using var file = new ModelFile(18).Input("x", Float, "rows", 6).Input("at", Int64, "rows", 6).Input("u", Float, "rows", 6)
            .Node("ScatterElements", "x at u", "y", ModelFile.Attribute("axis", 1), ModelFile.Attribute("reduction", reduction));
        var at = reduction == "none"
            ? SampleTensors.Given(DataType.Int64, [2, 6], 5, 4, 3, 2, 1, 0, -1, 0, 1, -2, 3, 2)
            : SampleTensors.Integers(DataType.Int64, 5, -6, 6, 2, 6);
        OnnxRuntimeReference.Agrees(file, "y", 1e-6, SampleTensors.Floats(1, 2, 6), at, SampleTensors.Floats(2, 2, 6));
    }

    [Theory]
    [InlineData("Add", 3)]
    [InlineData("Mul", 2)]
    [InlineData("Sub", 12)]
    [InlineData("Div", 4)]
    public void Small_integers_wrap_as_their_type_does(string op, int type)
    {
        var (kind, low) = type switch
        {
            2 => (DataType.UInt8, 1),
            3 => (DataType.Int8, -128),
            4 => (DataType.UInt16, 1),
            5 => (DataType.Int16, -128),
            _ => (DataType.UInt32, 1),
        };
        using var file = new ModelFile(14).Input("a", type, "n", 7).Input("b", type, "n", 7).Node(op, "a b", "c").Node(op, "c a", "y");
        OnnxRuntimeReference.Agrees(file, "y", 0, SampleTensors.Integers(kind, 1, low, 128, 5, 7), SampleTensors.Integers(kind, 2, low, 128, 5, 7));
    }

    [Theory]
    [InlineData(6)]
    [InlineData(7)]
    public void Products_of_integer_matrices_are_exact(int type)
    {
        var kind = type == 6 ? DataType.Int32 : DataType.Int64;
        using var file = new ModelFile(13).Input("a", type, "n", 3, 7).Input("b", type, 7, 5).Node("MatMul", "a b", "y");
        OnnxRuntimeReference.Agrees(
            file, "y", 0, SampleTensors.Integers(kind, 1, -20000, 20000, 2, 3, 7), SampleTensors.Integers(kind, 2, -20000, 20000, 7, 5));
    }

    [Fact]
    public void Indices_from_the_end_count_in_what_is_no_table()
    {
        using var file = new ModelFile(13).Input("x", Float, 4, 6).Input("at", Int64, "n").Node("Gather", "x at", "y", ModelFile.Attribute("axis", 1));
        OnnxRuntimeReference.Agrees(file, "y", 0, SampleTensors.Floats(1, 4, 6), SampleTensors.Given(DataType.Int64, [3], -1, 2, -6));
    }

    [Fact]
    public void A_convolution_over_planes_with_groups_is_a_product_of_windows()
    {
        using var file = new ModelFile(11).Input("x", Float, "n", 4, 9, 7).Input("w", Float, 6, 2, 3, 2).Input("b", Float, 6)
            .Node("Conv", "x w b", "y", ModelFile.Attribute("group", 2), ModelFile.Attribute("auto_pad", "SAME_UPPER"));
        OnnxRuntimeReference.Agrees(file, "y", 1e-5, SampleTensors.Floats(1, 2, 4, 9, 7), SampleTensors.Floats(2, 6, 2, 3, 2), SampleTensors.Floats(3, 6));
    }
}
