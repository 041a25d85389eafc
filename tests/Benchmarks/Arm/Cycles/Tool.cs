using System.Diagnostics;

namespace CompiledBert.Benchmarks.Cycles;

/// <summary>Programs of LLVM. The environment variable LLVM_SUFFIX says which version's: <c>-19</c> for llvm-mca-19.</summary>
internal static class Tool
{
    /// <summary>Runs a program on a text and returns what it prints.</summary>
    /// <exception cref="InvalidOperationException">It ended with an error.</exception>
    public static string Run(string name, string[] arguments, string input)
    {
        var start = new ProcessStartInfo(name + Environment.GetEnvironmentVariable("LLVM_SUFFIX"), arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(input);
        process.StandardInput.Close();
        process.WaitForExit();
        return process.ExitCode == 0
            ? output.Result
            : throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}: {error.Result[..Math.Min(500, error.Result.Length)]}");
    }
}
