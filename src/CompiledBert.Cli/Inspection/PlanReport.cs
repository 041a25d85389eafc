using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Inspection;

/// <summary>A plan for people: signature, what was recognised, memory, and one line a step.</summary>
internal static class PlanReport
{
    public static void Write(TextWriter writer, CompileResult result)
    {
        var plan = result.Plan;
        writer.WriteLine($"{plan.Source} -> {(plan.Namespace.Length == 0 ? "" : plan.Namespace + ".")}{plan.Name}");
        writer.WriteLine(result.Summary);
        foreach (var diagnostic in result.Diagnostics)
        {
            writer.WriteLine(diagnostic);
        }

        writer.WriteLine();
        WriteTensors(writer, "input ", plan.Inputs);
        WriteTensors(writer, "output", plan.Outputs);
        foreach (var symbol in plan.Symbols)
        {
            var most = symbol.Max is { } max ? string.Create(CultureInfo.InvariantCulture, $", at most {max}") : "";
            writer.WriteLine($"length  {symbol.Name}: {symbol.Role.ToString().ToLowerInvariant()}{most}");
        }

        foreach (var check in plan.Checks)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"check   {plan.Inputs[check.Input].Name}: at least {check.Low}, below {check.High}"));
        }

        foreach (var decision in result.TextDecisions)
        {
            writer.WriteLine($"text    {decision}");
        }

        writer.WriteLine($"batches of different lengths: {(plan.IsRagged ? "yes" : "no")}");
        writer.WriteLine();
        WriteKinds(writer, plan);
        writer.WriteLine();
        WriteSteps(writer, plan);
    }

    private static void WriteTensors(TextWriter writer, string what, IReadOnlyList<PlanTensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            writer.WriteLine($"{what}  {Diagnostic.Abbreviate(tensor.Name)}: {tensor.Type} [{string.Join(", ", tensor.Shape)}]");
        }
    }

    private static void WriteKinds(TextWriter writer, ModelPlan plan)
    {
        foreach (var kind in plan.Steps.GroupBy(StepText.KindOf).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var linears = kind.OfType<LinearStep>().ToList();
            var details = linears.Count == 0 ? "" : string.Create(
                CultureInfo.InvariantCulture,
                $" ({linears.Count(l => l.Bias is not null)} with bias, "
                    + $"{linears.Count(l => l.Tile.Count > 0)} with work on tiles, {linears.Count(l => l.Row.Count > 0)} with work on rows)");
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{kind.Count(),5} {kind.Key}{details}"));
        }
    }

    private static void WriteSteps(TextWriter writer, ModelPlan plan)
    {
        var shapes = plan.Steps.Select(StepText.ShapeOf).ToList();
        var titleWidth = plan.Steps.Select(s => s.Title.Length).DefaultIfEmpty(0).Max();
        var shapeWidth = shapes.Select(s => s.Length).DefaultIfEmpty(0).Max();
        for (var i = 0; i < plan.Steps.Count; i++)
        {
            var step = plan.Steps[i];
            var origins = step.Origins.Count == 0
                ? ""
                : $"{step.Origins.Count} nodes: {Diagnostic.Abbreviate(step.Origins[0])}{(step.Origins.Count > 1 ? " …" : "")}";
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{i,5} {StepText.KindOf(step),-9} {step.Title.PadRight(titleWidth)}  {shapes[i].PadRight(shapeWidth)}  {step.Ragged,-12}  {origins}"));
        }
    }
}
