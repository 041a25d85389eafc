using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit;

/// <summary>Writes attention: softmax(score(Q·Kᵀ))·V, a sequence and head at a time, its keys and values packed once, for tiles of queries.</summary>
internal sealed class AttentionEmitter : IStepEmitter
{
    /// <inheritdoc/>
    public void Emit(StepContext context, CodeWriter writer, VectorTarget target)
    {
        var step = (AttentionStep)context.Step;
        var call = Share(context, step, target);
        var ofMoreKeys = step.IsInteger && MostKeys(step, context.Plan) > AttentionStep.MostIntegerKeys
            ? Share(context, step with { IsInteger = false }, target)
            : null;
        using (writer.Block(context.MethodHead()))
        {
            if (ofMoreKeys is not null)
            {
                writer.Line(context.SymbolLocals);
                writer.Line($"if ({step.Keys} > {Text(AttentionStep.MostIntegerKeys)}) {{ {ofMoreKeys} return; }}");
            }

            writer.Line(call);
        }
    }

    private static string Share(StepContext context, AttentionStep step, VectorTarget target)
    {
        var shared = new SharedProgram(context, []);
        AttentionLoops loops = step.IsInteger
            ? new IntegerAttentionLoops(context, step, target, shared)
            : new FloatAttentionLoops(context, step, target, shared);
        return shared.Share($"Attention{Text(step.Heads)}x{Text(step.HeadSize)}{(step.IsInteger ? "Int8" : "")}", loops.Write);
    }

    private static long MostKeys(AttentionStep step, ModelPlan plan) => step.Keys.IsConstant
        ? step.Keys.Value
        : step.Keys.AsSymbol is { } symbol && plan.Symbols.FirstOrDefault(s => s.Name == symbol.Name)?.Max is { } most ? most : long.MaxValue;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
