using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Activation functions: the canonical ones, and the rest as compositions.</summary>
internal static class Activations
{
    public static void Register(OperatorTable table)
    {
        foreach (var (name, kind) in new[]
        {
            ("Tanh", UnaryKind.Tanh), ("Sigmoid", UnaryKind.Sigmoid), ("Softplus", UnaryKind.Softplus), ("Relu", UnaryKind.Relu),
        })
        {
            table.Add(name, 1, 1, n =>
            {
                n.Ignore("consumed_inputs");
                n.Set(n.Emit(kind, Elementwise.Float(n, n.Data(0))));
            });
        }

        table.Add("Gelu", 1, 1, Gelu);
        Add(table, "LeakyRelu", (n, x) => n.EmitSelect(Negative(n, x), n.Emit(BinaryKind.Mul, x, n.Float("alpha", 0.01f)), x));
        Add(table, "Elu", (n, x) => n.EmitSelect(Negative(n, x), n.Emit(BinaryKind.Mul, ExpM1(n, x), n.Float("alpha", 1)), x));
        Add(table, "Selu", Selu);
        Add(table, "Celu", Celu);
        Add(table, "ThresholdedRelu", (n, x) =>
            n.EmitSelect(n.Emit(BinaryKind.Greater, x, n.Float("alpha", 1)), x, n.Emit(new Expand(x.Shape), NodeImport.Scalar(x.Type, 0))));
        Add(table, "HardSigmoid", (n, x) => HardSigmoid(n, x, n.Float("alpha", 0.2f), n.Float("beta", 0.5f)));
        Add(table, "HardSwish", (n, x) => n.Emit(BinaryKind.Mul, x, HardSigmoid(n, x, 1f / 6, 0.5f)));
        Add(table, "Softsign", (n, x) => n.Emit(BinaryKind.Div, x, n.Emit(BinaryKind.Add, n.Emit(UnaryKind.Abs, x), 1)));
        Add(table, "Mish", (n, x) => n.Emit(BinaryKind.Mul, x, n.Emit(UnaryKind.Tanh, n.Emit(UnaryKind.Softplus, x))));
        Add(table, "Swish", (n, x) => Swish(n, x, n.Float("alpha", 1)));
        Add(table, "Shrink", Shrink);
        table.Add("PRelu", 2, 2, n =>
        {
            var x = Elementwise.Float(n, n.Data(0));
            n.Set(n.EmitSelect(Negative(n, x), n.Emit(BinaryKind.Mul, x, n.Data(1)), x));
        });
    }

    /// <summary>x·sigmoid(alpha·x).</summary>
    public static Value Swish(NodeImport n, Value x, float alpha) => alpha == 1
        ? n.Emit(UnaryKind.Silu, x)
        : n.Emit(BinaryKind.Mul, x, n.Emit(UnaryKind.Sigmoid, n.Emit(BinaryKind.Mul, x, alpha)));

    private static void Add(OperatorTable table, string name, Func<NodeImport, Value, Value> express) => table.Add(name, 1, 1, n =>
    {
        n.Ignore("consumed_inputs");
        n.Set(express(n, Elementwise.Float(n, n.Data(0))));
    });

    private static void Gelu(NodeImport n)
    {
        var x = Elementwise.Float(n, n.Data(0));
        n.Set(n.Text("approximate", "none") switch
        {
            "none" => n.Emit(UnaryKind.GeluErf, x),
            "tanh" => n.Emit(UnaryKind.GeluTanh, x),
            var other => throw n.BadAttribute("approximate", $"is '{Diagnostic.Abbreviate(other)}', not 'none' or 'tanh'"),
        });
    }

    private static Value Selu(NodeImport n, Value x)
    {
        var (alpha, gamma) = (n.Float("alpha", 1.6732632f), n.Float("gamma", 1.0507010f));
        return n.EmitSelect(Negative(n, x), n.Emit(BinaryKind.Mul, ExpM1(n, x), (double)alpha * gamma), n.Emit(BinaryKind.Mul, x, gamma));
    }

    private static Value Celu(NodeImport n, Value x)
    {
        var alpha = n.Float("alpha", 1);
        return n.EmitSelect(Negative(n, x), n.Emit(BinaryKind.Mul, ExpM1(n, n.Emit(BinaryKind.Div, x, alpha)), alpha), x);
    }

    private static Value HardSigmoid(NodeImport n, Value x, float alpha, float beta) =>
        n.Emit(BinaryKind.Max, n.Emit(BinaryKind.Min, n.Emit(BinaryKind.Add, n.Emit(BinaryKind.Mul, x, alpha), beta), 1), 0);

    private static Value Shrink(NodeImport n, Value x)
    {
        var (lambda, bias) = (n.Float("lambd", 0.5f), n.Float("bias", 0));
        var zero = n.Emit(BinaryKind.Mul, x, 0);
        var below = n.EmitSelect(n.Emit(BinaryKind.Less, x, -lambda), n.Emit(BinaryKind.Add, x, bias), zero);
        return n.EmitSelect(n.Emit(BinaryKind.Greater, x, lambda), n.Emit(BinaryKind.Sub, x, bias), below);
    }

    private static Value Negative(NodeImport n, Value x) => n.Emit(BinaryKind.Less, x, 0);

    private static Value ExpM1(NodeImport n, Value x) => n.Emit(BinaryKind.Sub, n.Emit(UnaryKind.Exp, x), 1);
}
