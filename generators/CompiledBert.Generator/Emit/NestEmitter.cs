using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// Writes nests: the loop program becomes a method over pointers, which layers with the same program share; each task does its share of the parallel
/// iterations.
/// </summary>
internal sealed class NestEmitter : IStepEmitter
{
    /// <inheritdoc/>
    public void Emit(StepContext context, CodeWriter writer, VectorTarget target)
    {
        var step = (NestStep)context.Step;
        var program = new SharedProgram(context, step.Scratch);
        var shape = NestShape.Of(program.Rename(step.Body), target.Lanes);
        program.Write("Nest", writer, body => shape.Write(body, context.Kernels, program.Scope()));
    }
}
