using CompiledBert.Compiler.Onnx.Operators;

namespace CompiledBert.Compiler.Onnx;

/// <summary>How one operator of ONNX is imported.</summary>
/// <param name="MinInputs">Inputs that must be present.</param>
/// <param name="MaxInputs">Inputs that may be present.</param>
/// <param name="MaxOutputs">Outputs that may be asked for.</param>
/// <param name="Import">Expresses the node in canonical operators.</param>
internal sealed record OperatorRule(int MinInputs, int MaxInputs, int MaxOutputs, Action<NodeImport> Import);

/// <summary>All operators that are supported, by domain and name. Each family of operators adds its own.</summary>
internal sealed class OperatorTable
{
    /// <summary>Domain of ONNX Runtime's own operators.</summary>
    public const string Microsoft = "com.microsoft";

    /// <summary>For operators with any number of inputs or outputs.</summary>
    public const int Any = int.MaxValue;

    /// <summary>Operators of ONNX's own domain that meant before the oldest opset what they mean in it.</summary>
    private static readonly HashSet<string> Unchanged = new(
        [
            "Abs", "Ceil", "Constant", "Elu", "Exp", "Floor", "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "Identity",
            "InstanceNormalization", "LeakyRelu", "Log", "LpNormalization", "MatMul", "Neg", "Not", "Reciprocal", "ReduceL1", "ReduceL2",
            "ReduceLogSum", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Shape",
            "Sigmoid", "Size", "Softmax", "Softplus", "Softsign", "Sqrt", "Squeeze", "Tanh", "Transpose", "Unsqueeze",
        ],
        StringComparer.Ordinal);

    private readonly Dictionary<(string Domain, string Name), OperatorRule> _rules = [];

    private OperatorTable()
    {
        Constants.Register(this);
        Shapes.Register(this);
        Elementwise.Register(this);
        Activations.Register(this);
        Trigonometry.Register(this);
        Bits.Register(this);
        Layout.Register(this);
        Blocks.Register(this);
        Gathers.Register(this);
        Scatters.Register(this);
        Selection.Register(this);
        Reductions.Register(this);
        MatrixProducts.Register(this);
        Convolutions.Register(this);
        Normalization.Register(this);
        Attention.Register(this);
        Operators.Quantization.Register(this);
        Contrib.Register(this);
        ContribQuantization.Register(this);
    }

    /// <summary>The table.</summary>
    public static OperatorTable Instance { get; } = new();

    /// <summary>Every supported operator, as domain and name.</summary>
    public IEnumerable<(string Domain, string Name)> Supported => _rules.Keys.Order();

    /// <summary>Adds an operator of ONNX's own domain.</summary>
    public void Add(string name, int minInputs, int maxInputs, Action<NodeImport> import, int maxOutputs = 1) =>
        Add("", name, minInputs, maxInputs, import, maxOutputs);

    /// <summary>Adds an operator of a domain.</summary>
    public void Add(string domain, string name, int minInputs, int maxInputs, Action<NodeImport> import, int maxOutputs = 1) =>
        _rules.Add((domain, name), new OperatorRule(minInputs, maxInputs, maxOutputs, import));

    /// <summary>Whether an operator of ONNX's own domain means the same in an opset as in those that are supported.</summary>
    public static bool IsUnchanged(string name, long opset) => opset >= ModelChecks.OldestOpset || Unchanged.Contains(name) || (opset == 6 && name == "Selu");

    /// <summary>The rule for an operator, or null.</summary>
    public OperatorRule? Find(string domain, string name) => _rules.GetValueOrDefault((domain, name));
}
