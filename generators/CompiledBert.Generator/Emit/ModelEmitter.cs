using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Facade;

namespace CompiledBert.Generator.Emit;

/// <summary>A plan to C#: the class that callers see, and its steps once for each variant of vectors.</summary>
internal static class ModelEmitter
{
    private static readonly string[] Reserved = ["frame", "longest", "length", "sum", "pin"];

    /// <summary>The files of a plan: name and text. Throws <see cref="EmitException"/> where the plan cannot be written as C#.</summary>
    public static IReadOnlyList<(string Name, string Text)> Emit(ModelPlan plan, bool timeSteps = false)
    {
        plan = plan with { Inputs = [.. plan.Inputs.Select(Distinct)], Outputs = [.. plan.Outputs.Select(Distinct)] };
        var files = new List<(string Name, string Text)>();
        var scratch = plan.Steps.Select(_ => new List<string>()).ToArray();
        foreach (var target in VectorTarget.All.Where(_ => !plan.IsStub && plan.Steps.Count > 0))
        {
            files.Add(($"{plan.Name}.{target.Name}.g.cs", VariantEmitter.Emit(plan, target, scratch)));
        }

        if (plan.Head is { } head)
        {
            files.Insert(0, ($"{plan.Name}.Text.g.cs", HeadEmitter.Emit(plan, head)));
            files.Add(($"{plan.Name}.Services.g.cs", ServicesEmitter.Emit(plan)));
        }

        files.Insert(0, ($"{plan.Name}.g.cs", FacadeEmitter.Emit(plan, scratch, timeSteps)));
        return files;
    }

    /// <summary>Keeps parameters apart from the locals of the emitted methods.</summary>
    private static PlanTensor Distinct(PlanTensor tensor) =>
        Array.IndexOf(Reserved, tensor.Identifier.TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9')) >= 0
            ? tensor with { Identifier = tensor.Identifier + "Values" }
            : tensor;
}
