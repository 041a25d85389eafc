using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Operators that make constants, and those that hand on what they get.</summary>
internal static class Constants
{
    public static void Register(OperatorTable table)
    {
        table.Add("Constant", 0, 0, Constant);
        table.Add("ConstantOfShape", 1, 1, ConstantOfShape);
        table.Add("Identity", 1, 1, n => n.Set(0, n.In(0)));
        table.Add("Dropout", 1, 3, Dropout, maxOutputs: 2);
        table.Add("EyeLike", 1, 1, EyeLike);
    }

    private static void Constant(NodeImport n)
    {
        if (n.Tensor("value") is { } tensor)
        {
            n.Set(0, n.Load(tensor));
        }
        else if (n.SparseTensor("sparse_value") is { } sparse)
        {
            n.Set(0, n.Load(sparse));
        }
        else if (n.Float("value_float") is { } number)
        {
            n.Set(NodeImport.Scalar(DataType.Float32, number));
        }
        else if (n.Has("value_int"))
        {
            n.Set(DataType.Int64, [], [n.Int("value_int", 0)]);
        }
        else if (n.Floats("value_floats") is { } numbers)
        {
            n.Set(ModelGraph.Constant(n.Name, TensorData.FromFloats([numbers.Length], numbers)));
        }
        else if (n.Ints("value_ints") is { } integers)
        {
            n.Set(DataType.Int64, [integers.Length], [.. integers.Select(i => Dim.Of(i))]);
        }
        else
        {
            throw n.Has("value_string") || n.Has("value_strings") ? n.Unsupported("text as its value") : n.BadAttribute("value", "is required and missing");
        }
    }

    private static void ConstantOfShape(NodeImport n)
    {
        var value = n.Tensor("value") is { } tensor ? n.Load(tensor) : new Operand(NodeImport.Scalar(DataType.Float32, 0));
        if (!value.Shape.Elements.Is(1))
        {
            throw n.BadAttribute("value", $"must have one element, it has {value.Shape.Elements}");
        }

        var shape = Shapes.ShapeFrom(n, n.In(0));
        if (value.Type != DataType.Float32 && shape.IsConstant && shape.Elements.Value <= Operand.MaxContents && value.Contents is [var element])
        {
            n.Set(value.Type, shape.ToConstants(), [.. Enumerable.Repeat(element, (int)shape.Elements.Value)]);
            return;
        }

        n.Set(n.Emit(new Expand(shape), n.EmitReshape(n.Materialise(value))));
    }

    private static void Dropout(NodeImport n)
    {
        n.Ignore("ratio");
        n.Ignore("seed");
        n.Ignore("is_test");
        var drops = n.Optional(1) is not { } ratio || ratio.Integers is not [0];
        if (n.Optional(2) is { } training && training.Integers is not [0] && drops)
        {
            throw n.Unsupported("training_mode");
        }

        var x = n.In(0);
        n.Set(0, x);
        if (n.Wants(1))
        {
            n.Set(1, n.Emit(new Expand(x.Shape), NodeImport.Scalar(DataType.Bool, 1)));
        }
    }

    private static void EyeLike(NodeImport n)
    {
        var shape = n.In(0).Shape;
        var type = n.Has("dtype") ? n.ElementType("dtype", null) : n.In(0).Type;
        var k = n.Int("k", 0);
        if (shape.Rank != 2)
        {
            throw new ShapeException($"a matrix is needed, not {shape}");
        }

        var rows = n.EmitReshape(n.Emit(new Iota(k, 1, shape[0])), shape[0], 1);
        n.Set(n.EmitCast(n.Emit(BinaryKind.Equal, rows, n.Emit(new Iota(0, 1, shape[1]))), type));
    }
}
