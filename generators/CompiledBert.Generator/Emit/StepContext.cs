using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit;

/// <summary>What a step emitter knows and may ask for while it writes one step of one variant.</summary>
/// <remarks>
/// The step is a method <c>public static void Step{i}(Frame* f, int task, int tasks)</c>. Its emitter writes the whole method. Text made from a
/// <see cref="Dim"/> names symbols bare, so a method begins with <see cref="SymbolLocals"/>. Buffers are read as <c>(float*)f-&gt;a3</c>.
/// </remarks>
internal sealed class StepContext
{
    private readonly List<string> _scratch = [];

    /// <summary>Creates the context of a step.</summary>
    public StepContext(ModelPlan plan, int index, MicroKernels kernels)
    {
        Plan = plan;
        Index = index;
        Kernels = kernels;
    }

    /// <summary>The whole plan.</summary>
    public ModelPlan Plan { get; }

    /// <summary>Position of the step in the plan.</summary>
    public int Index { get; }

    /// <summary>The step.</summary>
    public Step Step => Plan.Steps[Index];

    /// <summary>The methods that steps of this variant share.</summary>
    public MicroKernels Kernels { get; }

    /// <summary>Statement that declares the plan's symbols as locals, <c>long B = f-&gt;B, T = f-&gt;T;</c>; empty where the plan has none.</summary>
    public string SymbolLocals => Plan.Symbols.Count == 0
        ? ""
        : "long " + string.Join(", ", Plan.Symbols.Select(s => $"{s.Name} = f->{s.Name}")) + ";";

    /// <summary>
    /// C# expression of a task's own scratch memory, aligned to 64 bytes; what the step asked for lies at the offsets that <see cref="RequestScratch"/> gave.
    /// </summary>
    public static string TaskScratch => "(f->Scratch + task * f->ScratchStride)";

    /// <summary>All that was asked for: a C# expression in bytes over the plan's symbols; null where it was nothing.</summary>
    public string? ScratchBytes => _scratch.Count == 0 ? null : Sum(_scratch);

    /// <summary>Asks for scratch memory for each task of this step.</summary>
    /// <param name="sizeInBytes">C# expression of type long over the plan's symbols.</param>
    /// <returns>C# expression of the byte offset within <see cref="TaskScratch"/>, a multiple of 64.</returns>
    public string RequestScratch(string sizeInBytes)
    {
        var offset = Sum(_scratch);
        _scratch.Add(long.TryParse(sizeInBytes, NumberStyles.None, CultureInfo.InvariantCulture, out var constant)
            ? ((constant + 63) & ~63L).ToString(CultureInfo.InvariantCulture)
            : $"({sizeInBytes} + 63L & ~63L)");
        return offset;
    }

    private static string Sum(List<string> sizes)
    {
        var constant = sizes.Where(s => s[0] != '(').Sum(s => long.Parse(s, CultureInfo.InvariantCulture));
        var terms = sizes.Where(s => s[0] == '(').Concat(constant != 0 || sizes.All(s => s[0] != '(') ? [constant.ToString(CultureInfo.InvariantCulture)] : []);
        return string.Join(" + ", terms);
    }

    /// <summary>The head of the step's method: its comment, attribute and signature, for <see cref="CodeWriter.Block"/>.</summary>
    public string MethodHead() => $"""
        // {Comment(Step)}
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public static void Step{Index}(Frame* f, int task, int tasks)
        """;

    /// <summary>A step for people, in one line: its title and the nodes it stands for.</summary>
    public static string Comment(Step step)
    {
        var origins = step.Origins.Count switch
        {
            0 => "",
            1 => " · " + step.Origins[0],
            _ => $" · {step.Origins[0]} … {step.Origins[step.Origins.Count - 1]} ({step.Origins.Count.ToString(CultureInfo.InvariantCulture)} nodes)",
        };
        return OneLine(step.Title + origins);
    }

    /// <summary>Text fit for a line comment: names come from a model file and may hold anything.</summary>
    public static string OneLine(string text) =>
        string.Concat(text.Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) is UnicodeCategory.LineSeparator
            or UnicodeCategory.ParagraphSeparator or UnicodeCategory.Surrogate ? '?' : c));
}
