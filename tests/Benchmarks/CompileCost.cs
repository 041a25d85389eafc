using System.Diagnostics;
using System.Globalization;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Benchmarks;

/// <summary>What it takes to compile a model to C# and weights: seconds and memory of a process that does nothing else.</summary>
/// <param name="Seconds">From the file to the emitted C# and the written weights, in a process that has just started.</param>
/// <param name="PeakBytes">The most memory the process had at once, the mapped model and the runtime included.</param>
/// <param name="WeightBytes">Bytes of the compiled weights.</param>
internal sealed record CompileCost(double Seconds, long PeakBytes, long WeightBytes)
{
    /// <summary>Compiles in a process of its own.</summary>
    public static CompileCost Measure(string modelPath, Precision precision)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!, ["compile", "--model", modelPath, "--precision", precision.ToString()]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var numbers = process.StandardOutput.ReadToEnd().Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        process.WaitForExit();
        return process.ExitCode == 0 && numbers.Length == 3
            ? new CompileCost(
                double.Parse(numbers[0], CultureInfo.InvariantCulture),
                long.Parse(numbers[1], CultureInfo.InvariantCulture), long.Parse(numbers[2], CultureInfo.InvariantCulture))
            : throw new InvalidOperationException($"{modelPath} did not compile.");
    }

    /// <summary>Compiles in this process and prints what it took.</summary>
    public static void Print(string modelPath, Precision precision, TextWriter writer)
    {
        var clock = Stopwatch.StartNew();
        using var result = ModelCompilation.Run(new CompileOptions { ModelPath = modelPath, Precision = precision });
        _ = ModelCompilation.SourcesOf(result);
        var path = Path.GetTempFileName();
        try
        {
            using (var weights = File.Create(path))
            {
                result.WriteWeights(weights);
            }

            using var process = Process.GetCurrentProcess();
            writer.WriteLine(FormattableString.Invariant($"{clock.Elapsed.TotalSeconds:0.00} {process.PeakWorkingSet64} {new FileInfo(path).Length}"));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
