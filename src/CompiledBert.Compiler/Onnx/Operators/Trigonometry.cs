using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Trigonometric and hyperbolic functions and their inverses, as compositions that keep their digits where they are small.</summary>
internal static class Trigonometry
{
    public static void Register(OperatorTable table)
    {
        Add(table, "Tan", (n, x) => n.Emit(BinaryKind.Div, n.Emit(UnaryKind.Sin, x), n.Emit(UnaryKind.Cos, x)));
        Add(table, "Sinh", (n, x) => Half(n, n.Emit(BinaryKind.Sub, n.Emit(UnaryKind.Exp, x), n.Emit(UnaryKind.Exp, n.Emit(UnaryKind.Neg, x)))));
        Add(table, "Cosh", (n, x) => Half(n, n.Emit(BinaryKind.Add, n.Emit(UnaryKind.Exp, x), n.Emit(UnaryKind.Exp, n.Emit(UnaryKind.Neg, x)))));
        Add(table, "Atan", Atan);
        Add(table, "Asin", (n, x) =>
            Atan(n, n.Emit(BinaryKind.Div, x, n.Emit(UnaryKind.Sqrt, n.Emit(BinaryKind.Mul, Less(n, x, 1), n.Emit(BinaryKind.Add, x, 1))))));
        Add(table, "Acos", (n, x) =>
            n.Emit(BinaryKind.Mul, Atan(n, n.Emit(UnaryKind.Sqrt, n.Emit(BinaryKind.Div, Less(n, x, 1), n.Emit(BinaryKind.Add, x, 1)))), 2));
        Add(table, "Asinh", Asinh);
        Add(table, "Acosh", Acosh);
        Add(table, "Atanh", (n, x) => Half(n, LogOfOnePlus(n, n.Emit(BinaryKind.Div, n.Emit(BinaryKind.Mul, x, 2), Less(n, x, 1)))));
    }

    private static void Add(OperatorTable table, string name, Func<NodeImport, Value, Value> express) =>
        table.Add(name, 1, 1, n => n.Set(express(n, Elementwise.Float(n, n.Data(0)))));

    private static Value Half(NodeImport n, Value x) => n.Emit(BinaryKind.Mul, x, 0.5);

    /// <summary>number − x.</summary>
    private static Value Less(NodeImport n, Value x, double number) => n.Emit(BinaryKind.Sub, NodeImport.Scalar(x.Type, number), x);

    /// <summary>
    /// Reduced to |x| ≤ tan(π/8) by atan x = π/4 + atan((x − 1)/(x + 1)) and π/2 − atan(1/x), then by its series in x² with coefficients fitted to that
    /// range (Moshier's Cephes library, atanf).
    /// </summary>
    private static Value Atan(NodeImport n, Value x)
    {
        var size = n.Emit(UnaryKind.Abs, x);
        var (isLarge, isMiddle) = (n.Emit(BinaryKind.Greater, size, Math.Tan(3 * Math.PI / 8)), n.Emit(BinaryKind.Greater, size, Math.Tan(Math.PI / 8)));
        var middle = n.Emit(BinaryKind.Div, n.Emit(BinaryKind.Sub, size, 1), n.Emit(BinaryKind.Add, size, 1));
        var large = n.Emit(UnaryKind.Neg, n.Emit(UnaryKind.Reciprocal, size));
        var reduced = n.EmitSelect(isLarge, large, n.EmitSelect(isMiddle, middle, size));
        var start = n.EmitSelect(isLarge, Number(Math.PI / 2), n.EmitSelect(isMiddle, Number(Math.PI / 4), Number(0)));
        var square = n.Emit(BinaryKind.Mul, reduced, reduced);
        var series = Number(8.05374449538e-2);
        foreach (var coefficient in new[] { -1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1 })
        {
            series = n.Emit(BinaryKind.Add, n.Emit(BinaryKind.Mul, series, square), coefficient);
        }

        var rest = n.Emit(BinaryKind.Add, n.Emit(BinaryKind.Mul, n.Emit(BinaryKind.Mul, series, square), reduced), reduced);
        return n.Emit(BinaryKind.Mul, n.Emit(BinaryKind.Add, start, rest), n.Emit(UnaryKind.Sign, x));

        static Value Number(double number) => NodeImport.Scalar(DataType.Float32, number);
    }

    // sign(x)·ln(1 + (|x| + x²/(1 + √(1 + x²))))
    private static Value Asinh(NodeImport n, Value x)
    {
        var (size, square) = (n.Emit(UnaryKind.Abs, x), n.Emit(BinaryKind.Mul, x, x));
        var root = n.Emit(BinaryKind.Add, n.Emit(UnaryKind.Sqrt, n.Emit(BinaryKind.Add, square, 1)), 1);
        return n.Emit(BinaryKind.Mul, LogOfOnePlus(n, n.Emit(BinaryKind.Add, size, n.Emit(BinaryKind.Div, square, root))), n.Emit(UnaryKind.Sign, x));
    }

    // ln(1 + (t + √(2t + t²))) with t = x − 1
    private static Value Acosh(NodeImport n, Value x)
    {
        var t = n.Emit(BinaryKind.Sub, x, 1);
        var root = n.Emit(UnaryKind.Sqrt, n.Emit(BinaryKind.Mul, t, n.Emit(BinaryKind.Add, t, 2)));
        return LogOfOnePlus(n, n.Emit(BinaryKind.Add, t, root));
    }

    /// <summary>ln(1 + x): the rounding of 1 + x is undone by the ratio of x to what was really added (Kahan).</summary>
    private static Value LogOfOnePlus(NodeImport n, Value x)
    {
        var sum = n.Emit(BinaryKind.Add, x, 1);
        var added = n.Emit(BinaryKind.Sub, sum, 1);
        var log = n.Emit(BinaryKind.Mul, n.Emit(UnaryKind.Log, sum), n.Emit(BinaryKind.Div, x, added));
        return n.EmitSelect(n.Emit(BinaryKind.Equal, added, 0), x, n.EmitSelect(n.Emit(UnaryKind.IsInf, x), x, log));
    }
}
