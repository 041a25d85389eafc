namespace CompiledBert.Generator.Emit;

/// <summary>Writes the method of one kind of step.</summary>
internal interface IStepEmitter
{
    /// <summary>Writes <c>Step{i}</c> of a variant.</summary>
    void Emit(StepContext context, CodeWriter writer, VectorTarget target);
}
