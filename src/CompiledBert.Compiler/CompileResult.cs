using CompiledBert.Compiler.Quantization;

namespace CompiledBert.Compiler;

/// <summary>A compiled model, before anything is written.</summary>
public sealed class CompileResult : IDisposable
{
    private readonly Action<Stream> _writeWeights;
    private readonly IDisposable? _source;

    /// <summary>Creates the result; <paramref name="source"/> keeps the model file mapped while weights may be written.</summary>
    public CompileResult(ModelPlan plan, string planText, Action<Stream> writeWeights, IDisposable? source)
    {
        Plan = plan;
        PlanText = planText;
        _writeWeights = writeWeights;
        _source = source;
    }

    /// <summary>The plan.</summary>
    public ModelPlan Plan { get; }

    /// <summary>The plan as text, what the generator takes.</summary>
    public string PlanText { get; }

    /// <summary>Infos and warnings.</summary>
    public IReadOnlyList<Diagnostic> Diagnostics { get; init; } = [];

    /// <summary>Every file that was read, the model first: what a build must watch.</summary>
    public IReadOnlyList<string> FilesRead { get; init; } = [];

    /// <summary>One line for the build log: nodes in, fused steps out, weights, arena.</summary>
    public string Summary { get; init; } = "";

    /// <summary>What was decided about texts, each with the file that says so.</summary>
    public IReadOnlyList<string> TextDecisions { get; init; } = [];

    /// <summary>Bytes of intermediate results if each node of the model wrote its own, as a polynomial of the lengths.</summary>
    public Dim NodeByNodeBytes { get; init; } = Dim.Zero;

    /// <summary>What the model calls each buffer of weights.</summary>
    public IReadOnlyDictionary<string, string> WeightNames { get; init; } = new Dictionary<string, string>();

    /// <summary>What 8 bits made of the model.</summary>
    public QuantizationQuality Quality { get; init; } = new();

    /// <summary>Writes the blob of packed weights, header first.</summary>
    public void WriteWeights(Stream destination) => _writeWeights(destination);

    /// <inheritdoc/>
    public void Dispose() => _source?.Dispose();
}
