using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Arithmetic, comparisons, logic and casts, element by element. On operands that follow from lengths they are computed while importing.</summary>
internal static class Elementwise
{
    public static void Register(OperatorTable table)
    {
        foreach (var (name, kind) in new[]
        {
            ("Sqrt", UnaryKind.Sqrt), ("Reciprocal", UnaryKind.Reciprocal), ("Exp", UnaryKind.Exp), ("Log", UnaryKind.Log), ("Erf", UnaryKind.Erf),
            ("Sin", UnaryKind.Sin), ("Cos", UnaryKind.Cos), ("IsNaN", UnaryKind.IsNaN),
        })
        {
            table.Add(name, 1, 1, n => n.Set(n.Emit(kind, Float(n, n.Data(0)))));
        }

        AddUnary(table, "Neg", UnaryKind.Neg, (_, x) => Dim.Zero - x);
        AddUnary(table, "Abs", UnaryKind.Abs, (n, x) => n.Lengths.Least(x) >= 0 ? x : n.Lengths.Greatest(x) <= 0 ? Dim.Zero - x : null);
        AddUnary(table, "Sign", UnaryKind.Sign, (n, x) => n.Lengths.Least(x) > 0 ? 1 : n.Lengths.Greatest(x) < 0 ? -1 : x.Is(0) ? 0 : null);
        AddUnary(table, "Floor", UnaryKind.Floor, (_, x) => x);
        AddUnary(table, "Ceil", UnaryKind.Ceil, (_, x) => x);
        AddUnary(table, "Round", UnaryKind.Round, (_, x) => x);
        AddUnary(table, "Not", UnaryKind.Not, (_, x) => x.IsConstant ? 1 - x.Value : null);
        table.Add("IsInf", 1, 1, IsInf);

        AddBinary(table, "Add", BinaryKind.Add, (_, a, b) => a + b);
        AddBinary(table, "Sub", BinaryKind.Sub, (_, a, b) => a - b);
        AddBinary(table, "Mul", BinaryKind.Mul, (_, a, b) => a * b);
        AddBinary(table, "Div", BinaryKind.Div, Divide);
        AddBinary(table, "And", BinaryKind.And, (_, a, b) => a.Is(0) || b.Is(0) ? 0 : a.IsConstant && b.IsConstant ? 1 : null);
        AddBinary(table, "Or", BinaryKind.Or, (_, a, b) => a.Is(1) || b.Is(1) ? 1 : a.IsConstant && b.IsConstant ? 0 : null);
        AddBinary(table, "Xor", BinaryKind.Xor, (_, a, b) => a.IsConstant && b.IsConstant ? a.Value ^ b.Value : null);
        AddBinary(table, "Equal", BinaryKind.Equal, (n, a, b) => Truth(n.Lengths.Same(a, b)));
        AddBinary(table, "Less", BinaryKind.Less, (n, a, b) => Truth(!n.Lengths.AtMost(b, a)));
        AddBinary(table, "LessOrEqual", BinaryKind.LessOrEqual, (n, a, b) => Truth(n.Lengths.AtMost(a, b)));
        AddBinary(table, "Greater", BinaryKind.Greater, (n, a, b) => Truth(!n.Lengths.AtMost(a, b)));
        AddBinary(table, "GreaterOrEqual", BinaryKind.GreaterOrEqual, (n, a, b) => Truth(n.Lengths.AtMost(b, a)));
        table.Add("Mod", 2, 2, Mod);
        table.Add("Pow", 2, 2, Pow);
        table.Add("Min", 1, OperatorTable.Any, n => Variadic(n, BinaryKind.Min, Least));
        table.Add("Max", 1, OperatorTable.Any, n => Variadic(n, BinaryKind.Max, Greatest));
        table.Add("Sum", 1, OperatorTable.Any, n => Variadic(n, BinaryKind.Add, (_, a, b) => a + b));
        table.Add("Mean", 1, OperatorTable.Any, Mean);
        table.Add("Where", 3, 3, Where);
        table.Add("Cast", 1, 1, n => Cast(n, n.ElementType("to", null)));
        table.Add("CastLike", 2, 2, n => Cast(n, n.In(1).Type));
        table.Add("Clip", 1, 3, Clip);
    }

    /// <summary>An operand that has to be floating point.</summary>
    public static Value Float(NodeImport n, Value x) => x.Type == DataType.Float32 ? x : throw n.BadTypes($"floating point is needed, not {x.Type}");

    /// <summary>Whether arithmetic on contents means the same as on elements: lengths and integers; floats only where they stand for lengths.</summary>
    private static bool IsSymbolic(params Operand[] operands)
    {
        if (!Array.TrueForAll(operands, o => o.Type is DataType.Int64 or DataType.Int32 or DataType.Bool or DataType.Float32 && o.Contents is not null))
        {
            return false;
        }

        return Array.TrueForAll(operands, o => o.Type != DataType.Float32) || Array.Exists(operands, o => o.Integers is null);
    }

    private static void AddUnary(OperatorTable table, string name, UnaryKind kind, Func<NodeImport, Dim, Dim?> symbolic) => table.Add(name, 1, 1, n =>
    {
        n.Ignore("consumed_inputs");
        var x = n.In(0);
        var isLogic = kind == UnaryKind.Not;
        if ((x.Type == DataType.Bool) != isLogic || (kind is UnaryKind.Floor or UnaryKind.Ceil or UnaryKind.Round && x.Type != DataType.Float32))
        {
            throw n.BadTypes($"it does not take {x.Type}");
        }

        if (IsSymbolic(x))
        {
            var results = Array.ConvertAll(x.Contents!, c => symbolic(n, c));
            if (Array.TrueForAll(results, r => r is not null))
            {
                n.Set(x.Type, x.Shape.ToConstants(), results!);
                return;
            }
        }

        n.Set((kind, IsUnsigned(x.Type)) switch
        {
            (UnaryKind.Neg, true) => throw n.BadTypes($"it does not take {x.Type}"),
            (UnaryKind.Abs, true) => n.Data(0),
            (UnaryKind.Sign, true) => n.Emit(BinaryKind.Min, n.Data(0), NodeImport.Scalar(x.Type, 1)),
            _ => n.Emit(kind, n.Data(0)),
        });
    });

    private static bool IsUnsigned(DataType type) => type is DataType.UInt8 or DataType.UInt16 or DataType.UInt32 or DataType.UInt64;

    private static void AddBinary(OperatorTable table, string name, BinaryKind kind, Func<NodeImport, Dim, Dim, Dim?> symbolic) => table.Add(name, 2, 2, n =>
    {
        var legacyBroadcast = n.Int("broadcast", 0);
        if (legacyBroadcast != 0 && n.Has("axis"))
        {
            throw n.Unsupported("an axis to broadcast along (opset 6 and before)");
        }

        n.Ignore("consumed_inputs");
        Binary(n, kind, n.In(0), n.In(1), (a, b) => symbolic(n, a, b), out var result);
        n.Set(0, result);
    });

    private static void Binary(NodeImport n, BinaryKind kind, Operand a, Operand b, Func<Dim, Dim, Dim?> symbolic, out Operand result)
    {
        if (a.Type != b.Type)
        {
            throw n.BadTypes($"{a.Type} and {b.Type} differ");
        }

        var isLogic = kind is BinaryKind.And or BinaryKind.Or or BinaryKind.Xor;
        if (isLogic != (a.Type == DataType.Bool) && kind != BinaryKind.Equal)
        {
            throw n.BadTypes($"it does not take {a.Type}");
        }

        if (IsSymbolic(a, b) && SymbolicTensor.Binary(a, b, symbolic) is var (dims, contents))
        {
            var isTruth = kind is BinaryKind.Equal or BinaryKind.Less or BinaryKind.LessOrEqual or BinaryKind.Greater or BinaryKind.GreaterOrEqual;
            result = n.Symbolic(isTruth ? DataType.Bool : a.Type, dims, contents);
            return;
        }

        result = new Operand(n.Emit(kind, n.Materialise(a), n.Materialise(b)));
    }

    private static Dim? Truth(bool? value) => value is { } known ? (known ? 1 : 0) : null;

    private static Dim? Least(NodeImport n, Dim a, Dim b) => n.Lengths.AtMost(a, b) switch
    {
        true => a,
        false => b,
        _ => n.Lengths.AtMost(b, a) == true ? b : Within(n, a, b) ?? Within(n, b, a),
    };

    /// <summary>A length next to a number of many elements is meant to stay within it (relative positions): taken so, and checked at run time.</summary>
    private static Dim? Within(NodeImport n, Dim length, Dim most) =>
        most.IsConstant && most.Value >= 8 && n.Lengths.Least(length) >= 0 && n.Lengths.Assume(length, most) ? length : null;

    private static Dim? Greatest(NodeImport n, Dim a, Dim b) => n.Lengths.AtMost(a, b) switch
    {
        true => b,
        false => a,
        _ => n.Lengths.AtMost(b, a) == true ? a : null,
    };

    private static Dim? Divide(NodeImport n, Dim a, Dim b)
    {
        if (b.Is(0))
        {
            return n.In(0).Type == DataType.Float32 ? null : throw new ShapeException("division by zero");
        }

        return n.In(0).Type != DataType.Float32 && a.IsConstant && b.IsConstant ? Dim.Of(a.Value / b.Value) : a.DivideExactly(b);
    }

    private static void Mod(NodeImport n)
    {
        var isFmod = n.Flag("fmod", false);
        Binary(n, isFmod ? BinaryKind.FMod : BinaryKind.Mod, n.In(0), n.In(1), Remainder, out var result);
        n.Set(0, result);

        Dim? Remainder(Dim a, Dim b)
        {
            if (!a.IsConstant || !b.IsConstant)
            {
                return a.DivideExactly(b) is null ? null : 0;
            }

            if (b.Is(0))
            {
                throw new ShapeException("division by zero");
            }

            var rest = a.Value % b.Value;
            return !isFmod && rest != 0 && (rest < 0) != (b.Value < 0) ? rest + b.Value : rest;
        }
    }

    private static void Pow(NodeImport n)
    {
        var (x, y) = (n.Data(0), n.Data(1));
        if (x.Type is DataType.Bool || y.Type is DataType.Bool)
        {
            throw n.BadTypes("it does not take Bool");
        }

        if (x.Type == y.Type)
        {
            n.Set(n.Emit(BinaryKind.Pow, x, y));
            return;
        }

        // The result has the base's type; mixed types are computed in floating point.
        n.Set(n.EmitCast(n.Emit(BinaryKind.Pow, n.EmitCast(x, DataType.Float32), n.EmitCast(y, DataType.Float32)), x.Type));
    }

    private static void Variadic(NodeImport n, BinaryKind kind, Func<NodeImport, Dim, Dim, Dim?> symbolic)
    {
        var result = n.In(0);
        for (var i = 1; i < n.InputCount; i++)
        {
            Binary(n, kind, result, n.In(i), (a, b) => symbolic(n, a, b), out result);
        }

        n.Set(0, result);
    }

    private static void Mean(NodeImport n)
    {
        var sum = Float(n, n.Data(0));
        for (var i = 1; i < n.InputCount; i++)
        {
            sum = n.Emit(BinaryKind.Add, sum, n.Data(i));
        }

        n.Set(n.Emit(BinaryKind.Div, sum, n.InputCount));
    }

    private static void Where(NodeImport n)
    {
        var (condition, a, b) = (n.In(0), n.In(1), n.In(2));
        if (condition.Type != DataType.Bool || a.Type != b.Type)
        {
            throw n.BadTypes($"a condition of {condition.Type} over {a.Type} and {b.Type}");
        }

        if (condition.Integers is { } && IsSymbolic(a, b))
        {
            var chosen = SymbolicTensor.Binary(a, b, (_, _) => Dim.Zero);
            var dims = chosen is { } c ? ShapeInference.Broadcast(condition.Shape, Shape.Of(c.Dims)).ToConstants() : null;
            if (dims is not null && SymbolicTensor.Count(dims) <= Operand.MaxContents)
            {
                var at = new[] { condition, a, b }.Select(o => SymbolicTensor.Expanded(o.Shape.ToConstants(), dims)).ToArray();
                n.Set(a.Type, dims, [.. Enumerable.Range(0, at[0].Length)
                    .Select(i => condition.Contents![at[0][i]].Is(1) ? a.Contents![at[1][i]] : b.Contents![at[2][i]])]);
                return;
            }
        }

        n.Set(n.EmitSelect(n.Data(0), n.Data(1), n.Data(2)));
    }

    private static void Cast(NodeImport n, DataType to)
    {
        n.Ignore("saturate");
        n.Ignore("round_mode");
        var x = n.In(0);
        if (x.Type == to)
        {
            n.Set(0, x);
            return;
        }

        if (x.Type is DataType.Int64 or DataType.Int32 or DataType.Bool or DataType.Float32
            && to is DataType.Int64 or DataType.Int32 or DataType.Bool or DataType.Float32
            && x.Contents is { } contents && (x.Type != DataType.Float32 || to != DataType.Bool))
        {
            var results = to == DataType.Bool
                ? Array.ConvertAll(contents, c => Truth(!n.Lengths.Same(c, 0)))
                : to == DataType.Int32 ? Array.ConvertAll(contents, c => c.IsConstant ? (int)c.Value : c)
                : contents;
            if (Array.TrueForAll(results, r => r is not null))
            {
                n.Set(to, x.Shape.ToConstants(), results!);
                return;
            }
        }

        n.Set(n.EmitCast(n.Data(0), to));
    }

    private static void Clip(NodeImport n)
    {
        var x = n.In(0);
        var (low, high) = (n.Float("min"), n.Float("max"));
        var minimum = n.Optional(1) ?? (low is { } l ? new Operand(NodeImport.Scalar(DataType.Float32, l)) : null);
        var maximum = n.Optional(2) ?? (high is { } h ? new Operand(NodeImport.Scalar(DataType.Float32, h)) : null);
        if (minimum is not null)
        {
            Binary(n, BinaryKind.Max, x, minimum, (a, b) => Greatest(n, a, b), out x);
        }

        if (maximum is not null)
        {
            Binary(n, BinaryKind.Min, x, maximum, (a, b) => Least(n, a, b), out x);
        }

        n.Set(0, x);
    }

    private static void IsInf(NodeImport n)
    {
        var x = Float(n, n.Data(0));
        var (negative, positive) = (n.Flag("detect_negative", true), n.Flag("detect_positive", true));
        n.Set((negative, positive) switch
        {
            (true, true) => n.Emit(UnaryKind.IsInf, x),
            (false, true) => n.Emit(BinaryKind.Equal, x, double.PositiveInfinity),
            (true, false) => n.Emit(BinaryKind.Equal, x, double.NegativeInfinity),
            _ => n.Emit(new Expand(x.Shape), NodeImport.Scalar(DataType.Bool, 0)),
        });
    }
}
