using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Schema;
using CompiledBert.Compiler.Schedule;
using Google.Protobuf;
using Xunit;

namespace CompiledBert.Compiler.Tests.Onnx;

public sealed class ImportTests : IDisposable
{
    private readonly ModelFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void Shape_arithmetic_leaves_no_shape_tensors_behind()
    {
        var graph = _file.Input("x", 1, "batch", "tokens", 12)
            .Integers("zero", 0).Integers("heads", 3).Integers("rest", -1)
            .Node("Shape", "x", "shape")
            .Node("Gather", "shape zero", "batch")
            .Node("Concat", "batch rest heads heads2", "target", ModelFile.Attribute("axis", 0)).Integers("heads2", 4)
            .Node("Reshape", "x target", "y")
            .Import("y");
        Assert.Equal(new Reshape(new Shape(Dim.Of(new Symbol("B")), Dim.Of(new Symbol("T")), 3, 4)), Assert.Single(graph.Nodes).Operator);
    }

    [Fact]
    public void The_exporters_roundabout_expand_is_only_an_expand()
    {
        var graph = _file.Input("x", 1, 1, "tokens").Input("ids", 7, "batch", "tokens")
            .Integers("rest", -1).Integers("minus", -1)
            .Node("Shape", "ids", "shape")
            .Node("Reshape", "shape rest", "flat")
            .Node("Shape", "flat", "length")
            .Node("ConstantOfShape", "length", "ones",
                new AttributeProto { Name = "value", Type = 4, T = new TensorProto { DataType = 7, Dims = { 1 }, Int64Data = { 1 } } })
            .Node("Mul", "ones minus", "negative")
            .Node("Equal", "flat negative", "is")
            .Node("Where", "is ones flat", "target")
            .Node("Expand", "x target", "y")
            .Import("y");
        Assert.Equal("Expand", Assert.Single(graph.Nodes).Operator.Name);
        Assert.Equal("[B,T]", graph.Outputs[0].Value.Shape.ToString());
    }

    [Fact]
    public void Lengths_of_two_names_that_meet_become_one()
    {
        var graph = _file.Input("a", 1, "batch", "tokens").Input("b", 1, "batch", "other").Node("Add", "a b", "y").Import("y");
        Assert.Equal("[B,T]", graph.Inputs[1].Shape.ToString());
        Assert.Equal(2, graph.Symbols.Count);
    }

    [Fact]
    public void One_name_on_two_axes_is_two_lengths()
    {
        var graph = _file.Input("a", 7, "batch", "batch").Input("b", 7, "batch", "batch").Node("Add", "a b", "y").Import("y");
        Assert.Equal("[B,T]", graph.Outputs[0].Value.Shape.ToString());
    }

    [Fact]
    public void A_slice_of_a_stored_table_by_a_length_limits_the_length()
    {
        var graph = _file.Input("x", 1, "batch", "tokens").Integers("zero", 0).Integers("one", 1)
            .Tensor(new TensorProto { Name = "table", DataType = 1, Dims = { 1, 40 }, RawData = ByteString.CopyFrom(new byte[160]) })
            .Node("Shape", "x", "shape").Node("Gather", "shape one", "length")
            .Node("Slice", "table zero length one", "part").Node("Add", "x part", "y")
            .Import("y");
        var (length, most) = Assert.Single(graph.Limits.Distinct());
        Assert.Equal(("T", "40"), (length.ToString(), most.ToString()));
    }

    [Fact]
    public void A_slice_that_begins_far_back_and_ends_behind_the_first_element_keeps_the_length_open()
    {
        var graph = _file.Input("x", 1, "batch", "tokens").Integers("start", -99).Integers("end", 1).Integers("axis", 1)
            .Node("Slice", "x start end axis", "first").Node("Squeeze", "first axis", "y").Import("y");
        Assert.Equal("[B,T]", graph.Inputs[0].Shape.ToString());
        Assert.Equal("[B]", graph.Outputs[0].Value.Shape.ToString());
        Assert.Equal(99, TokenLimit.Of(graph, graph.Symbols[1]));
        Assert.Empty(graph.Warnings);
    }

    [Fact]
    public void An_open_length_that_becomes_a_number_is_a_warning_with_its_input_and_node()
    {
        var graph = _file.Input("x", 1, "batch", "tokens")
            .Tensor(new TensorProto { Name = "w", DataType = 1, Dims = { 33 }, RawData = ByteString.CopyFrom(new byte[132]) })
            .Node("Add", "x w", "y").Import("y");
        var warning = Assert.Single(graph.Warnings);
        Assert.Equal(("CBERT0403", Severity.Warning, "Add_y"), (warning.Code, warning.Severity, warning.Node));
        Assert.Contains("Axis 1 of the input 'x'", warning.Message, StringComparison.Ordinal);
        Assert.Contains("a length of 33 only", warning.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_least_length_is_said_without_a_difference()
    {
        var graph = _file.Input("x", 1, "batch", "tokens").Integers("start", -8).Integers("end", long.MaxValue).Integers("axis", 1)
            .Node("Slice", "x start end axis", "y").Import("y");
        var limit = Assert.Single(TokenLimit.Others(graph, []));
        Assert.Equal(("8", "T"), (limit.Length.ToString(), limit.Most.ToString()));
    }

    [Fact]
    public void Nodes_may_be_in_any_order_and_those_not_needed_may_be_unknown()
    {
        var graph = _file.Input("x", 1, "batch").Node("Neg", "m", "y").Node("Frobnicate", "m", "unused").Node("Abs", "x", "m").Import("y");
        Assert.Equal(["Abs", "Neg"], graph.Nodes.Select(n => n.Operator.Name));
        Assert.Equal(["Neg_y"], graph.Nodes[1].Origins);
    }

    [Fact]
    public void A_branch_that_lengths_decide_is_taken()
    {
        var then = new GraphProto { Node = { ModelFile.MakeNode("Neg", "x", "t") }, Output = { new ValueInfoProto { Name = "t" } } };
        var otherwise = new GraphProto { Node = { ModelFile.MakeNode("Frobnicate", "x", "e") }, Output = { new ValueInfoProto { Name = "e" } } };
        var graph = _file.Input("x", 1, "batch", 8).Integers("eight", 8).Integers("one", 1)
            .Node("Shape", "x", "shape").Node("Gather", "shape one", "width").Node("Equal", "width eight", "is")
            .Node("If", "is", "y", ModelFile.Attribute("then_branch", then), ModelFile.Attribute("else_branch", otherwise))
            .Import("y");
        Assert.Equal("Neg", Assert.Single(graph.Nodes).Operator.Name);
    }

    [Fact]
    public void A_branch_that_data_decides_is_refused_by_name()
    {
        var branch = new GraphProto { Node = { ModelFile.MakeNode("Neg", "x", "t") }, Output = { new ValueInfoProto { Name = "t" } } };
        var refusal = _file.Input("x", 1, "batch").Input("flag", 9)
            .Node("If", "flag", "y", ModelFile.Attribute("then_branch", branch), ModelFile.Attribute("else_branch", branch)).Refusal("y");
        Assert.Equal(("CBERT0304", "If_y"), (refusal.Code, refusal.Node));
    }

    [Fact]
    public void Functions_are_expanded_with_their_calls_attributes()
    {
        _file.Model.OpsetImport.Add(new OperatorSetIdProto { Domain = "local", Version = 1 });
        var body = ModelFile.MakeNode("LeakyRelu", "a", "b");
        body.Attribute.Add(new AttributeProto { Name = "alpha", RefAttrName = "slope", Type = 1 });
        _file.Model.Functions.Add(new FunctionProto
        {
            Name = "F",
            Domain = "local",
            Input = { "a" },
            Output = { "b" },
            Attribute = { "slope" },
            Node = { body },
            OpsetImport = { new OperatorSetIdProto { Version = 17 } },
        });
        var call = ModelFile.MakeNode("F", "x", "y");
        call.Domain = "local";
        call.Attribute.Add(new AttributeProto { Name = "slope", F = 0.5f, Type = 1 });
        _file.Model.Graph.Node.Add(call);
        var y = _file.Input("x", 1, "n").Run(["y"], Tensor.Of([2], [-4f, 4f]))["y"];
        Assert.Equal([-2f, 4f], y.Floats);
    }

    [Fact]
    public void A_reshape_that_depends_on_data_is_refused()
    {
        var refusal = _file.Input("x", 1, "batch").Input("shape", 7, 2).Node("Reshape", "x shape", "y").Refusal("y");
        Assert.Equal(("CBERT0401", "Reshape_y"), (refusal.Code, refusal.Node));
    }

    [Theory]
    [InlineData(2, new long[] { 0, 127, 255 })]
    [InlineData(3, new long[] { -128, 0, 127 })]
    [InlineData(5, new long[] { -32768, 1, 32767 })]
    [InlineData(6, new long[] { -70000, 0, 70000 })]
    [InlineData(9, new long[] { 1, 0, 1 })]
    public void Small_integers_lie_in_int32_data(int type, long[] values)
    {
        var tensor = new TensorProto { Name = "c", DataType = type, Dims = { 3 }, Int32Data = { values.Select(v => (int)v) } };
        Assert.Equal(values, _file.Tensor(tensor).Node("Identity", "c", "y").Run(["y"])["y"].Integers);
    }

    [Fact]
    public void Four_bit_integers_are_packed_low_half_first()
    {
        var tensor = new TensorProto { Name = "c", DataType = 22, Dims = { 3 }, RawData = ByteString.CopyFrom(0x8F, 0x07) };
        Assert.Equal([-1L, -8L, 7L], _file.Tensor(tensor).Node("Identity", "c", "y").Run(["y"])["y"].Integers);
    }

    [Theory]
    [InlineData(10, new byte[] { 0x00, 0x3C, 0xFF, 0xFB }, new[] { 1f, -65504f })]
    [InlineData(16, new byte[] { 0x80, 0x3F, 0x00, 0xC0 }, new[] { 1f, -2f })]
    [InlineData(11, new byte[] { 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xEF, 0xFF }, new[] { 1f, float.MinValue })]
    public void Other_floats_are_widened_or_cut_to_32_bits(int type, byte[] raw, float[] expected)
    {
        var tensor = new TensorProto { Name = "c", DataType = type, Dims = { 2 }, RawData = ByteString.CopyFrom(raw) };
        Assert.Equal(expected, _file.Tensor(tensor).Node("Identity", "c", "y").Run(["y"])["y"].Floats);
    }

    [Theory]
    [InlineData("bhqd,bhkd->bhqk")]
    [InlineData("...qd,...kd->...qk")]
    public void Einsum_is_a_matrix_product(string equation)
    {
        var (q, k) = (Tensor.Of([1, 2, 1, 2], [1f, 2f, 3f, 4f]), Tensor.Of([1, 2, 1, 2], [5f, 6f, 7f, 8f]));
        var y = _file.Input("q", 1, 1, 2, 1, 2).Input("k", 1, 1, 2, 1, 2)
            .Node("Einsum", "q k", "y", ModelFile.Attribute("equation", equation))
            .Run(["y"], q, k)["y"];
        Assert.Equal([17f, 53f], y.Floats);
    }

    [Fact]
    public void Initializers_that_are_inputs_too_are_constants()
    {
        var graph = _file.Input("c", 7, 1).Input("x", 7, "n").Integers("c", 3).Node("Add", "x c", "y").Import("y");
        Assert.Equal("x", Assert.Single(graph.Inputs).Name);
    }

    [Fact]
    public void An_attribute_that_no_rule_asks_for_is_refused()
    {
        var refusal = _file.Input("x", 1, "n").Node("Relu", "x", "y", ModelFile.Attribute("slope", 1)).Refusal("y");
        Assert.Equal("CBERT0209", refusal.Code);
    }
}
