using System.Diagnostics;
using System.Globalization;

namespace CompiledBert.Training.Tests;

/// <summary>Runs as processes, killed at moments by chance. <c>CBERT_KILLS</c> says how often; a few by default.</summary>
public sealed class KillTests : IDisposable
{
    private const int Few = 3;

    private readonly string _folder = Directory.CreateTempSubdirectory("cbert-kill").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [TorchFact]
    public void A_run_that_is_killed_again_and_again_ends_with_the_same_model()
    {
        var texts = Path.Combine(_folder, "texts.tsv");
        var random = new Random(8);
        File.WriteAllLines(
            texts, Enumerable.Range(0, 600).Select(i => $"{(i % 3 == 0 ? "a good" : "an awful")} film number {random.Next(100)}\t{(i % 3 == 0 ? 1 : 0)}"));
        var clock = Stopwatch.StartNew();
        Assert.Equal(0, Run(texts, "whole", null).Code);
        var whole = clock.Elapsed;

        var kills = int.TryParse(Environment.GetEnvironmentVariable("CBERT_KILLS"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked)
            ? asked
            : Few;
        var killed = 0;
        for (var ended = 0; killed < kills; ended++)
        {
            Assert.True(ended < kills + 10, "Runs end before they are killed.");
            var output = string.Create(CultureInfo.InvariantCulture, $"killed-{ended}");
            for (var (code, errors) = (-1, ""); code != 0; killed += code < 0 ? 1 : 0)
            {
                (code, errors) = Run(texts, output, killed < kills ? whole * random.NextDouble() : null);
                Assert.True(code <= 0, errors);
            }

            foreach (var model in new[] { "model", "front-1", "front-2" })
            {
                Assert.Equal(
                    File.ReadAllBytes(Path.Combine(_folder, "whole", model, "model.onnx")),
                    File.ReadAllBytes(Path.Combine(_folder, output, model, "model.onnx")));
            }

            // It came to its end, so kills come sooner from now on: the machine may have been busier while the first one ran.
            whole *= 0.7;
        }
    }

    /// <summary>The exit code, or less than 0 where the process was killed.</summary>
    private (int Code, string Errors) Run(string texts, string output, TimeSpan? killAfter)
    {
        var start = new ProcessStartInfo("dotnet",
        [
            "exec", Path.Combine(AppContext.BaseDirectory, "compiledbert-training.dll"), "search", "--teacher", Toy.MovieMood,
            "--train", texts, "--out", Path.Combine(_folder, output), "--preset", "minute", "--candidates", "4",
            "--max-tokens", "24", "--epochs", "2", "--front", "2", "--target", "cortex-a55", "--resume",
        ]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var said = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        if (killAfter is { } time && !process.WaitForExit(time))
        {
            process.Kill();
            process.WaitForExit();
            return (-1, "");
        }

        process.WaitForExit();
        said.Wait();
        return (process.ExitCode, errors.Result);
    }
}
