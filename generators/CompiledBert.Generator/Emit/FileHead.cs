using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// Writes a model's namespace and, within it, what a file uses: a namespace that is called like a class or namespace of these (<c>Acme.Math</c>,
/// <c>Acme.System</c>) then hides nothing. For the same reason emitted text begins every name of the framework that has dots with <c>global::</c>.
/// </summary>
internal static class FileHead
{
    /// <summary>Writes the lines, an empty one before and after.</summary>
    public static void Write(CodeWriter writer, ModelPlan plan, params string[] namespaces)
    {
        writer.Line();
        if (plan.Namespace.Length > 0)
        {
            writer.Line($"namespace {plan.Namespace};");
            writer.Line();
        }

        foreach (var name in namespaces)
        {
            writer.Line($"using global::{name};");
        }
    }
}
