extern alias generator;

using CompiledBert.Compiler;
using PlanCompiler = generator::CompiledBert.Generator.PlanCompiler;

namespace CompiledBert.Cli.Sessions;

/// <summary>From a model file to C# text, with every failure a <see cref="CompileException"/>.</summary>
internal static class ModelCompilation
{
    /// <summary>Compiles a model to its plan.</summary>
    public static CompileResult Run(CompileOptions options)
    {
        using var progress = ProgressLine.OnErrorStream();
        progress.Say($"compiling {Path.GetFileName(options.ModelPath)}, {options.Precision.ToString().ToLowerInvariant()}");
        return Guard(options.ModelPath, () => CompilePipeline.Compile(options));
    }

    /// <summary>The C# of a plan, as the source generator writes it.</summary>
    public static IReadOnlyList<(string Path, string Text)> SourcesOf(CompileResult result, bool timeSteps = false) =>
        PlanCompiler.Compile(result.PlanText, timeSteps);

    /// <summary>Turns whatever goes wrong in the compiler itself into its own diagnostic.</summary>
    public static T Guard<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is not (CompileException or OperationCanceledException))
        {
            throw new CompileException(DiagnosticTable.InternalError.At(path, null, $"{e.GetType().Name}: {e.Message}"), e);
        }
    }
}
