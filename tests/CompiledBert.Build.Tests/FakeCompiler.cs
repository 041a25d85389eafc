using CompiledBert.Compiler;

namespace CompiledBert.Build.Tests;

/// <summary>A compiler whose plan is the model's text, and that counts how often it ran.</summary>
internal sealed class FakeCompiler
{
    private int _runs;

    public int Runs => _runs;

    /// <summary>Files besides the model that it says it read.</summary>
    public IReadOnlyList<string> OtherFiles { get; init; } = [];

    /// <summary>The plan; an empty one where there is none.</summary>
    public ModelPlan? Plan { get; init; }

    /// <summary>Runs before anything is made.</summary>
    public Action Before { get; init; } = () => { };

    public CompileResult Compile(CompileOptions options)
    {
        Interlocked.Increment(ref _runs);
        Before();
        var text = File.ReadAllText(options.ModelPath);
        if (text == "broken")
        {
            throw DiagnosticTable.UnsupportedOperator.Error(options.ModelPath, "/layer.0/Foo", "Foo", 17, "");
        }

        var plan = Plan ?? new ModelPlan
        {
            Name = options.Name!,
            Namespace = options.Namespace,
            IsPublic = options.IsPublic,
            Source = Path.GetFileName(options.ModelPath),
            SourceNodes = 1,
            Symbols = [],
            Inputs = [],
            Outputs = [],
            Weights = new WeightsInfo(0, ""),
            Buffers = [],
            Steps = [],
        };
        return new CompileResult(
            plan, Plan is null ? text + (options.SignatureOnly ? " (stub)" : "") : PlanWriter.Write(Plan), stream => stream.Write([1, 2, 3]), source: null)
        {
            FilesRead = [options.ModelPath, .. OtherFiles],
            Summary = "1 node",
        };
    }
}
