using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Cli.Verification;

/// <summary>One output of one data set.</summary>
/// <param name="DataSet">The folder's name.</param>
/// <param name="Output">The output's name; null where the call failed before there was one.</param>
/// <param name="Comparison">How it compares; null where there is nothing to compare.</param>
/// <param name="Failure">Why there is nothing; null where there is.</param>
internal sealed record VerifiedOutput(string DataSet, string? Output, TensorComparison? Comparison, string? Failure)
{
    public bool Agrees => Comparison is { Agrees: true };
}

/// <summary>What came of verifying one model.</summary>
/// <param name="Model">The file.</param>
/// <param name="Tolerance">What was allowed.</param>
/// <param name="Refusal">Why the model could not be compiled; null where it was.</param>
/// <param name="Outputs">Every output of every data set.</param>
internal sealed record Verification(string Model, Tolerance Tolerance, CompileException? Refusal, IReadOnlyList<VerifiedOutput> Outputs)
{
    public bool Agrees => Refusal is null && Outputs.Count > 0 && Outputs.All(o => o.Agrees);

    /// <summary>The exit code that says it.</summary>
    public int Code => Refusal is not null ? ExitCode.Refused : Outputs.Count == 0 ? ExitCode.NoData : Agrees ? ExitCode.Success : ExitCode.Disagrees;
}

/// <summary>Compiles a model and runs it on the data sets beside it.</summary>
internal static class Verifier
{
    /// <param name="modelPath">The model.</param>
    /// <param name="outputs">Names of outputs, or <c>*</c> for all.</param>
    /// <param name="tolerance">What is allowed; null for what the folder says.</param>
    /// <param name="precision">Precision of the compiled model.</param>
    /// <param name="threads">Threads of the calls.</param>
    public static Verification Verify(
        string modelPath, IReadOnlyList<string> outputs, Tolerance? tolerance = null, Precision precision = Precision.Fp32, int threads = 1)
    {
        tolerance ??= precision == Precision.Int8 ? Tolerance.Int8 : Tolerance.Beside(modelPath);
        try
        {
            var options = new CompileOptions { ModelPath = modelPath, Outputs = outputs, Precision = precision, Threads = threads };
            using var session = ModelSession.Compile(options);
            var positions = PositionsOf(session.Plan, options);
            return new Verification(modelPath, tolerance, null, [.. DataSet.Beside(modelPath).SelectMany(set => Verify(session, set, positions, tolerance))]);
        }
        catch (CompileException e)
        {
            return new Verification(modelPath, tolerance, e, []);
        }
    }

    private static IEnumerable<VerifiedOutput> Verify(ModelSession session, DataSet set, List<int> positions, Tolerance tolerance)
    {
        IReadOnlyList<HostTensor> results;
        string? failure = null;
        try
        {
            results = session.Run([.. session.Plan.Inputs.Select((input, i) => HostTensor.From(set.Input(i), input.Type))]);
        }
        catch (Exception e) when (e is ArgumentException or ArithmeticException or IndexOutOfRangeException or CompileException or OutOfMemoryException)
        {
            results = [];
            failure = e.Message;
        }

        return failure is not null
            ? [new VerifiedOutput(set.Name, null, null, failure)]
            : results.Select((result, i) => Compare(set, session.Plan.Outputs[i].Name, result, set.Output(positions[i]), tolerance));
    }

    private static VerifiedOutput Compare(DataSet set, string name, HostTensor result, TensorData? expected, Tolerance tolerance)
    {
        if (expected is null)
        {
            return new VerifiedOutput(set.Name, name, null, "the data set has no reference for it");
        }

        return result.Dims.SequenceEqual(expected.Dims)
            ? new VerifiedOutput(set.Name, name, TensorComparison.Of(result, expected.Type, expected.Bytes, tolerance), null)
            : new VerifiedOutput(set.Name, name, null, $"its shape is [{string.Join(", ", result.Dims)}], it should be [{string.Join(", ", expected.Dims)}]");
    }

    /// <summary>Positions of the plan's outputs among all of the graph's.</summary>
    private static List<int> PositionsOf(ModelPlan plan, CompileOptions options)
    {
        using var signature = ModelCompilation.Run(options with { Outputs = ["*"], SignatureOnly = true });
        var names = signature.Plan.Outputs.Select(o => o.Name).ToList();
        return [.. plan.Outputs.Select(o => names.IndexOf(o.Name))];
    }
}
