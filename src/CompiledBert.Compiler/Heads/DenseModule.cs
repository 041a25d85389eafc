using System.Globalization;
using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>A layer that sentence-transformers puts behind the pooling: <c>y = activation(W x + b)</c>.</summary>
/// <param name="Inputs">Elements of x.</param>
/// <param name="Outputs">Elements of y.</param>
/// <param name="Activation">What follows.</param>
/// <param name="HasBias">Whether there is a b.</param>
/// <param name="Weights">W row by row, then b.</param>
/// <param name="From">The file that describes it.</param>
internal sealed record DenseModule(int Inputs, int Outputs, DenseActivation Activation, bool HasBias, float[] Weights, string From)
{
    private const string Tensors = "model.safetensors";
    private const string Pickle = "pytorch_model.bin";

    /// <summary>Reads the module in a folder of the model's.</summary>
    public static DenseModule Read(ModelFolder folder, JsonPart module, string path)
    {
        var name = Path.Combine(path, "config.json");
        var config = folder.Read(name) ?? throw DiagnosticTable.ModuleWeights.Error(module.File, null, path, $"has no config.json ({name.Replace('\\', '/')})");
        foreach (var key in new[] { "module_input_name", "module_output_name" })
        {
            if (config[key].TextOrNull() is { } tensor && tensor != "sentence_embedding")
            {
                throw DiagnosticTable.UnsupportedText.Error(
                    config.File, null,
                    $"{key} is '{tensor}', and a layer is known only where it makes one vector of a text of another (sentence_embedding)",
                    "Head");
            }
        }

        var (inputs, outputs, hasBias) = (Size(config["in_features"]), Size(config["out_features"]), config["bias"].Flag(true));
        var weights = Open(folder, module, path);
        float[] bias = hasBias ? weights.Floats("linear.bias", outputs) : [];
        if (!hasBias && weights.Has("linear.bias"))
        {
            throw config["bias"].Invalid("is false, and the weights have a bias");
        }

        return new DenseModule(
            inputs, outputs, ActivationOf(config["activation_function"]), hasBias, [.. weights.Floats("linear.weight", outputs, inputs), .. bias],
            path.Replace('\\', '/') + "/config.json");
    }

    private static SafeTensors Open(ModelFolder folder, JsonPart module, string path) =>
        folder.Find(Path.Combine(path, Tensors)) is { } file ? SafeTensors.Open(file)
            : folder.Find(Path.Combine(path, Pickle)) is { } pickle
                ? throw DiagnosticTable.ModuleWeights.Error(
                    pickle, null, path, $"has its weights in {Pickle}, a pickle: reading one can run any code, so it is not read")
            : throw DiagnosticTable.ModuleWeights.Error(module.File, null, path, $"has no {Tensors}");

    private static int Size(JsonPart part) => part.Number() is > 0 and <= 1 << 16 and var size ? size : throw part.Invalid("must be from 1 to 65536");

    private static DenseActivation ActivationOf(JsonPart part)
    {
        var name = part.TextOrNull() ?? "torch.nn.modules.activation.Tanh";
        return name[(name.LastIndexOf('.') + 1)..] switch
        {
            _ when !name.StartsWith("torch.nn.", StringComparison.Ordinal) => throw Unknown(part, name),
            "Identity" => DenseActivation.None,
            "Tanh" => DenseActivation.Tanh,
            "ReLU" => DenseActivation.Relu,
            "Sigmoid" => DenseActivation.Sigmoid,
            _ => throw Unknown(part, name),
        };
    }

    private static CompileException Unknown(JsonPart part, string name) =>
        DiagnosticTable.UnsupportedText.Error(part.File, null, $"the activation {name} is not supported (Identity, Tanh, ReLU and Sigmoid are)", "Head");

    /// <summary>What <c>inspect</c> says of it.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Inputs} to {Outputs}{(HasBias ? "" : " without bias")}, {Activation.ToString().ToLowerInvariant()}");
}
