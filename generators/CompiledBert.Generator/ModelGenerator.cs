using System.Collections.Immutable;
using System.Text;
using CompiledBert.Compiler;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace CompiledBert.Generator;

/// <summary>Every <c>.plan</c> file among the additional files becomes a class.</summary>
[Generator(LanguageNames.CSharp)]
public sealed class ModelGenerator : IIncrementalGenerator
{
    /// <summary>Tracking name of the step that finds plans: path and text.</summary>
    public const string PlansStep = "Plans";

    /// <summary>Tracking name of the step that writes C#: everything expensive.</summary>
    public const string SourcesStep = "Sources";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        var plans = context.AdditionalTextsProvider
            .Where(file => file.Path.EndsWith(".plan", StringComparison.OrdinalIgnoreCase))
            .Select((file, cancellation) => new PlanFile(file.Path, file.GetText(cancellation)?.ToString() ?? ""))
            .WithTrackingName(PlansStep);
        var sources = plans.Select((plan, _) => EmittedModel.Of(plan)).WithTrackingName(SourcesStep);
        context.RegisterSourceOutput(sources, Output);
    }

    private static void Output(SourceProductionContext context, EmittedModel model)
    {
        if (model.Error is { } error)
        {
            var at = new LinePosition(error.Line - 1, 0);
            context.ReportDiagnostic(Diagnostic.Create(
                GeneratorDiagnostics.MalformedPlan, Location.Create(model.Path, default, new LinePositionSpan(at, at)), error.Reason));
            return;
        }

        foreach (var (name, text) in model.Files)
        {
            context.AddSource(name, SourceText.From(text, Encoding.UTF8));
        }
    }

    /// <summary>A plan as it lies on disk: equal where path and text are.</summary>
    private sealed record PlanFile(string Path, string Text);

    /// <summary>What became of a plan: files, or what is wrong with it. Equal where the texts are.</summary>
    private sealed record EmittedModel(string Path, ImmutableArray<(string Name, string Text)> Files, (int Line, string Reason)? Error)
    {
        public static EmittedModel Of(PlanFile plan)
        {
            try
            {
                return new(plan.Path, [.. PlanCompiler.Compile(plan.Text)], null);
            }
            catch (PlanFormatException e)
            {
                return new(plan.Path, [], (e.Line, e.Reason));
            }
            catch (FormatException e)
            {
                return new(plan.Path, [], (1, e.Message));
            }
        }

        public bool Equals(EmittedModel? other) =>
            other is not null && Path == other.Path && Error == other.Error && Files.SequenceEqual(other.Files);

        public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Path);
    }
}
