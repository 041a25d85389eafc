using System.Diagnostics;

namespace CompiledBert.Cli.Tests;

/// <summary>Runs the tool as a process, its streams piped.</summary>
internal static class Tool
{
    public static string Models { get; } = Path.Combine(RepositoryFiles.Root, "tests", "models");

    /// <summary>A small model with test data.</summary>
    public static string Model => Path.Combine(Models, "zoo", "minilm-maxpool-legacy-op14", "model.onnx");

    public static (int Code, string Output, string Errors) Run(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (var argument in new[] { "exec", Path.Combine(AppContext.BaseDirectory, "compiledbert.dll") }.Concat(arguments))
        {
            start.ArgumentList.Add(argument);
        }

        // A culture that writes 1,5 for 1.5 must change nothing.
        start.Environment["LANG"] = "de_DE.UTF-8";
        start.Environment["NO_COLOR"] = "1";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.Result);
    }
}
