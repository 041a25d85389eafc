using CompiledBert.Compiler.Cost;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Costs;

/// <summary>What a candidate takes, and how that stands to what it may take.</summary>
/// <param name="Shape">The candidate.</param>
/// <param name="Cycles">Estimated cycles of a call at the first budget of time, or at the reference length where there is
/// none: what candidates are ranked by.</param>
/// <param name="WeightBytes">Bytes of the packed weights.</param>
/// <param name="Measures">One for each limit, in its order.</param>
public sealed record CandidateCost(BertShape Shape, double Cycles, long WeightBytes, IReadOnlyList<Measure> Measures)
{
    /// <summary>Whether every limit is kept.</summary>
    public bool IsWithin => Measures.All(m => m.Ratio <= 1);

    /// <summary>How many times as much as it may the worst measure is; 0 without limits.</summary>
    public double WorstRatio => Measures.Count == 0 ? 0 : Measures.Max(m => m.Ratio);
}

/// <summary>A limit and what a candidate takes of it.</summary>
/// <param name="Limit">The limit.</param>
/// <param name="Value">Milliseconds or bytes.</param>
public sealed record Measure(Limit Limit, double Value)
{
    /// <summary>How many times the limit.</summary>
    public double Ratio => Value / Limit.Most;
}
