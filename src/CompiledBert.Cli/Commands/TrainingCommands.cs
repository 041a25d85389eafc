using System.CommandLine;
using System.Diagnostics;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Commands;

/// <summary>
/// <c>compiledbert train</c> and <c>search</c>: started as a tool of their own, whose native library takes hundreds of megabytes that nobody else needs.
/// </summary>
internal static class TrainingCommands
{
    private const string Tool = "compiledbert-training";
    private const string Variable = "COMPILEDBERT_TRAINING";

    public static Command Create(string verb, string description)
    {
        var arguments = new Argument<string[]>("arguments")
        {
            Description = $"Those of '{Tool} {verb}'; '{Tool} {verb} --help' lists them.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command(verb, description + " Needs the tool CompiledBert.Training, which takes the arguments as they are.") { arguments };
        command.TreatUnmatchedTokensAsErrors = false;
        command.SetAction(parsed =>
        {
            // What this command line takes for options it does not know goes on as it was written.
            var given = parsed.Tokens.Select(t => t.Value).SkipWhile(t => t != verb).Skip(1);
            return Find() is { } found
                ? Run(found, [verb, .. given])
                : CommonOptions.Complain(DiagnosticTable.TrainingMissing.Error(
                    null, null, $"the tool {Tool}, which is not installed",
                    $"Install it with 'dotnet tool install -g CompiledBert.Training', or name its file in the environment variable {Variable}."));
        });
        return command;
    }

    /// <summary>The tool: where the variable says, on the path, or among the user's tools.</summary>
    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return File.Exists(named) ? named : null;
        }

        var name = OperatingSystem.IsWindows() ? Tool + ".exe" : Tool;
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dotnet", "tools"))
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
    }

    private static int Run(string tool, IEnumerable<string> arguments)
    {
        var isAssembly = string.Equals(Path.GetExtension(tool), ".dll", StringComparison.OrdinalIgnoreCase);
        var start = new ProcessStartInfo(isAssembly ? "dotnet" : tool, isAssembly ? [tool, .. arguments] : arguments);

        // Ctrl-C reaches the tool too, which has to keep its state before both end.
        ConsoleCancelEventHandler wait = (_, e) => e.Cancel = true;
        Console.CancelKeyPress += wait;
        try
        {
            using var process = Process.Start(start)!;
            process.WaitForExit();
            return process.ExitCode;
        }
        finally
        {
            Console.CancelKeyPress -= wait;
        }
    }
}
