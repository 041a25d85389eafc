using System.Globalization;
using CompiledBert.Compiler.Cost;

namespace CompiledBert.Cli.Inspection;

/// <summary>What a call costs on a core, step by step, for people.</summary>
internal static class CostReport
{
    public static void Write(TextWriter writer, PlanCost cost, long tokens)
    {
        writer.WriteLine();
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{cost.Core.Title} at {cost.Core.Gigahertz:0.0#} GHz, {tokens} tokens, estimated{(cost.Core.IsCorrected ? ", corrected by a profile" : "")}: "
                + $"{cost.CoreCycles / 1e6:0.00} Mcycles of the core, {cost.Milliseconds:0.00} ms with memory, {cost.Bytes / 1e6:0.0} MB"));
        for (var i = 0; i < cost.Steps.Count; i++)
        {
            var step = cost.Steps[i];
            var cycles = step.CoreCycles is { } known ? (known / 1e6).ToString("0.000", CultureInfo.InvariantCulture) : "unknown";
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{i,5} {cycles,10} Mcycles  {step.Bytes / 1e6,8:0.00} MB"
                    + $"{(step.IsMemoryBound ? $", {step.MemoryCycles / 1e6:0.000} Mcycles from memory" : "")}  {step.Step.Title}"));
        }

        if (cost.UnknownSteps > 0)
        {
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{cost.UnknownSteps} steps are of unknown cost and are not in the sums."));
        }
    }
}
