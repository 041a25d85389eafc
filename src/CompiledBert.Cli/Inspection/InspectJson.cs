using System.Text.Json;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Cost;

namespace CompiledBert.Cli.Inspection;

/// <summary>What <c>inspect</c> shows, as JSON.</summary>
internal static class InspectJson
{
    /// <summary>What the field <c>schema</c> says. Another number is another meaning of the fields.</summary>
    public const string Schema = "compiledbert-inspect-1";

    /// <summary>Writes a compiled model, and what a call costs on each core.</summary>
    public static void Write(CompileResult result, Precision precision, IReadOnlyList<PlanCost> costs, long tokens) => JsonOutput.WriteObject(json =>
    {
        var plan = result.Plan;
        json.WriteString("schema", Schema);
        json.WriteString("name", plan.Namespace.Length == 0 ? plan.Name : plan.Namespace + "." + plan.Name);
        json.WriteString("source", plan.Source);
        json.WriteString("precision", precision.ToString().ToLowerInvariant());
        json.WriteNumber("sourceNodes", plan.SourceNodes);
        json.WriteNumber("weightsBytes", plan.Weights.Bytes);
        json.WriteString("summary", result.Summary);
        json.WriteBoolean("isRagged", plan.IsRagged);
        WriteTensors(json, "inputs", plan.Inputs);
        WriteTensors(json, "outputs", plan.Outputs);
        json.WriteAll("lengths", plan.Symbols, symbol =>
        {
            json.WriteString("name", symbol.Name);
            json.WriteString("role", symbol.Role.ToString().ToLowerInvariant());
            json.WriteWhole("max", symbol.Max);
        });
        json.WriteAll("checks", plan.Checks, check =>
        {
            json.WriteString("input", plan.Inputs[check.Input].Name);
            json.WriteNumber("least", check.Low);
            json.WriteNumber("below", check.High);
        });
        json.WriteTexts("text", result.TextDecisions);
        json.WriteAll("diagnostics", result.Diagnostics, diagnostic =>
        {
            json.WriteString("code", diagnostic.Code);
            json.WriteString("severity", diagnostic.Severity.ToString().ToLowerInvariant());
            json.WriteString("node", diagnostic.Node);
            json.WriteString("message", diagnostic.Message);
        });
        json.WriteAll("steps", plan.Steps, step =>
        {
            json.WriteString("title", step.Title);
            json.WriteString("kind", StepText.KindOf(step));
            json.WriteString("shape", StepText.ShapeOf(step));
            json.WriteBoolean("isInteger", step is LinearStep { IsInteger: true });
            json.WriteString("ragged", step.Ragged.ToString());
            json.WriteFinite("signalToNoise", QualityReport.OfWeights(result, step));
            json.WriteFinite("resultSignalToNoise", QualityReport.OfResults(result, step));
            json.WriteTexts("nodes", step.Origins);
        });
        json.WriteAll("costs", costs, cost => Write(json, cost, tokens));
    });

    private static void Write(Utf8JsonWriter json, PlanCost cost, long tokens)
    {
        json.WriteString("kind", "estimate");
        json.WriteString("core", cost.Core.Name);
        json.WriteNumber("gigahertz", cost.Core.Gigahertz);
        json.WriteBoolean("isCorrected", cost.Core.IsCorrected);
        json.WriteNumber("tokens", tokens);
        json.WriteNumber("milliseconds", Math.Round(cost.Milliseconds, 6));
        json.WriteNumber("cycles", Math.Round(cost.Cycles));
        json.WriteNumber("unknownSteps", cost.UnknownSteps);
        json.WriteAll("steps", cost.Steps, step =>
        {
            json.WriteFinite("cycles", step.Cycles is { } cycles ? Math.Round(cycles) : null);
            json.WriteBoolean("isMemoryBound", step.IsMemoryBound);
            json.WriteNumber("bytes", step.Bytes);
        });
    }

    private static void WriteTensors(Utf8JsonWriter json, string name, IReadOnlyList<PlanTensor> tensors) => json.WriteAll(name, tensors, tensor =>
    {
        json.WriteString("name", tensor.Name);
        json.WriteString("type", tensor.Type.ToString());
        json.WriteTexts("shape", tensor.Shape.Select(dim => dim.ToString()));
    });
}
