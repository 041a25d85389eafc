using CompiledBert.Compiler;
using CompiledBert.Generator.Emit;

namespace CompiledBert.Generator;

/// <summary>A plan's text to C#: a pure function, for the generator and for tools that compile in memory.</summary>
public static class PlanCompiler
{
    /// <summary>The C# files of a plan: the class that callers see first, then its steps once for each width of vectors.</summary>
    /// <param name="planText">The plan, as the compiler wrote it.</param>
    /// <param name="timeSteps">Whether the class measures its steps: it then has a public static <c>long[] StepTicks</c>, to
    /// which each call adds. For tools.</param>
    /// <returns>Name and text of each file.</returns>
    /// <exception cref="FormatException">The text is not a plan of this version, or asks for what cannot be written; the
    /// message has the line or the step.</exception>
    public static IReadOnlyList<(string HintName, string Source)> Compile(string planText, bool timeSteps = false)
    {
        var plan = PlanParser.Parse(planText);
        try
        {
            return ModelEmitter.Emit(plan, timeSteps);
        }
        catch (EmitException e)
        {
            throw new FormatException(e.Message, e);
        }
    }
}
