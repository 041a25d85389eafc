using CompiledBert.Compiler;
using CompiledBert.Compiler.Reports;

namespace CompiledBert.Build.Host;

/// <summary>What a model may take: budgets, and a report of an earlier state that it must not be worse than.</summary>
internal sealed record ModelLimits
{
    /// <summary>How much worse than its baseline a model may be where the project does not say.</summary>
    public const double UsualTolerance = 0.01;

    /// <summary>Milliseconds of a call.</summary>
    public IReadOnlyList<Budget> Latency { get; init; } = [];

    /// <summary>Bytes of the weights; null for any.</summary>
    public double? Bytes { get; init; }

    /// <summary>Bytes of a call's arena.</summary>
    public IReadOnlyList<Budget> Memory { get; init; } = [];

    /// <summary>The file of the baseline; null for none.</summary>
    public string? Baseline { get; init; }

    /// <summary>How much worse than the baseline it may be.</summary>
    public double Tolerance { get; init; }

    /// <summary>What is not kept.</summary>
    /// <param name="planFile">The plan.</param>
    /// <param name="reportFile">The report of it.</param>
    /// <param name="options">What the compiler was asked for.</param>
    /// <exception cref="CompileException">A budget does not fit the model, or the baseline is none.</exception>
    public IEnumerable<Diagnostic> Check(string planFile, string reportFile, CompileOptions options)
    {
        if (Latency.Count > 0 || Bytes is not null || Memory.Count > 0)
        {
            var plan = PlanParser.Parse(File.ReadAllText(planFile));
            foreach (var broken in BudgetCheck.Latency(plan, options, Latency)
                .Concat(Bytes is { } bytes ? BudgetCheck.Size(plan, options, bytes) : [])
                .Concat(BudgetCheck.Memory(plan, options, Memory)))
            {
                yield return broken;
            }
        }

        if (Baseline is not null)
        {
            var name = Path.GetFileName(Baseline);
            var comparison = ReportComparison.Of(ReportFile.Read(Baseline, options.ModelPath), ReportFile.Read(reportFile, options.ModelPath));
            if (comparison.Calls.Count == 0)
            {
                throw DiagnosticTable.InvalidBaseline.Error(
                    options.ModelPath, null, name, "It has no target and length in common with the model's: name the same Targets.");
            }

            foreach (var worse in comparison.Worse(Tolerance))
            {
                yield return DiagnosticTable.WorseThanBaseline.At(options.ModelPath, null, name, worse, reportFile);
            }
        }
    }
}
