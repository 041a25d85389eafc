namespace CompiledBert.Compiler.Targets;

/// <summary>What the estimates of a core are multiplied with, kind by kind of step, as somebody measured it there. All ones where nobody did.</summary>
/// <param name="Linear">Products with weights in floats, what is done on their tiles and rows included.</param>
/// <param name="IntegerLinear">The same in 8-bit integers.</param>
/// <param name="Attention">Attention.</param>
/// <param name="MatMul">Other products.</param>
/// <param name="Nest">Everything else.</param>
public sealed record StepCorrections(double Linear = 1, double IntegerLinear = 1, double Attention = 1, double MatMul = 1, double Nest = 1)
{
    /// <summary>Nothing is corrected.</summary>
    public static StepCorrections None { get; } = new();

    /// <summary>The factor of a step.</summary>
    public double Of(Step step) => step switch
    {
        LinearStep { IsInteger: true } => IntegerLinear,
        LinearStep => Linear,
        AttentionStep => Attention,
        MatMulStep => MatMul,
        _ => Nest,
    };
}
