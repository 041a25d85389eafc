namespace CompiledBert.Compiler.Cost;

/// <summary>What a call of a plan costs on a core, step by step: an estimate.</summary>
/// <param name="Core">The core.</param>
/// <param name="Steps">The steps in the plan's order.</param>
public sealed record PlanCost(Targets.Core Core, IReadOnlyList<StepCost> Steps)
{
    /// <summary>Cycles of all steps whose cost is known.</summary>
    public double Cycles => Steps.Sum(s => s.Cycles ?? 0);

    /// <summary>The same without waiting for memory.</summary>
    public double CoreCycles => Steps.Sum(s => s.CoreCycles ?? 0);

    /// <summary>Bytes that all steps read and write, each buffer once a step.</summary>
    public long Bytes => Steps.Sum(s => s.Bytes);

    /// <summary>Steps of unknown cost; <see cref="Cycles"/> leaves them out.</summary>
    public int UnknownSteps => Steps.Count(s => s.Cycles is null);

    /// <summary>Time at the core's clock, steps of unknown cost left out.</summary>
    public double Milliseconds => Cycles / Core.Gigahertz / 1e6;
}

/// <summary>What one step costs.</summary>
/// <param name="Step">The step.</param>
/// <param name="CoreCycles">Cycles that the core itself needs; null where that is not known, which is not zero.</param>
/// <param name="MemoryCycles">Cycles that its bytes take from memory; zero where they lie in a cache.</param>
/// <param name="Bytes">Bytes it reads and writes.</param>
public sealed record StepCost(Step Step, double? CoreCycles, double MemoryCycles, long Bytes)
{
    /// <summary>Cycles of the step: memory is read ahead while the core computes, so the longer of both. Null where unknown.</summary>
    public double? Cycles => CoreCycles is { } core ? Math.Max(core, MemoryCycles) : null;

    /// <summary>Whether memory and not the core decides.</summary>
    public bool IsMemoryBound => MemoryCycles > CoreCycles;
}
