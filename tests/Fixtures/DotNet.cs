using System.Diagnostics;

namespace CompiledBert.Tests;

/// <summary>Programs as a user starts them.</summary>
internal static class DotNet
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>What a program said, both streams together, and how it ended.</summary>
    public sealed record Result(int ExitCode, string Output);

    /// <summary>Runs the dotnet command.</summary>
    public static Result Run(string folder, params string[] arguments) => RunProgram(folder, "dotnet", arguments, []);

    /// <summary>Runs any program.</summary>
    public static Result RunProgram(string folder, string program, params string[] arguments) => RunProgram(folder, program, arguments, []);

    /// <summary>Runs any program with more in its environment.</summary>
    public static Result RunProgram(string folder, string program, string[] arguments, (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };

        // What the test run itself was started with must not decide how consumers are built.
        foreach (var name in start.Environment.Keys.Where(k => k.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase)).ToList())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_CLI_UI_LANGUAGE"] = "en";
        start.Environment["MSBUILDTERMINALLOGGER"] = "off";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(Patience))
        {
            process.Kill(entireProcessTree: true);
        }

        process.WaitForExit();
        return new Result(process.ExitCode, output.Result + error.Result);
    }
}
