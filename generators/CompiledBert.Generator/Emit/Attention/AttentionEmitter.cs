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
        var shared = new SharedProgram(context, []);
        AttentionLoops loops = step.IsInteger ? new IntegerAttentionLoops(context, step, target, shared) : new FloatAttentionLoops(context, step, target, shared);
        var size = step.HeadSize.ToString(CultureInfo.InvariantCulture);
        shared.Write($"Attention{step.Heads.ToString(CultureInfo.InvariantCulture)}x{size}{(step.IsInteger ? "Int8" : "")}", writer, loops.Write);
    }
}
