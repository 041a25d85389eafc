using System.CommandLine;
using System.Globalization;
using CompiledBert.Cli;
using CompiledBert.Cli.Commands;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var root = new RootCommand($"Compiles, verifies, measures and inspects ONNX models compiled to C#.\n\nExit codes:\n{ExitCode.Table}")
{
    InspectCommand.Create(),
    NewCommand.Create(),
    CompileCommand.Create(),
    VerifyCommand.Create(),
    AccuracyCommand.Create(),
    BenchCommand.Create(),
    TuneCommand.Create(),
    ReportCommand.Create(),
    DiffCommand.Create(),
    TargetsCommand.Create(),
    TrainingCommands.Create("train", "Fine-tunes an encoder into a classifier or a tagger."),
    TrainingCommands.Create("search", "Finds the BERT that is best within a budget, trains it and writes it."),
};
var parsed = root.Parse(args);
try
{
    var code = parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
}
catch (Exception e)
{
    Console.Error.WriteLine($"compiledbert failed; this is a defect in compiledbert. {e}");
    return ExitCode.Failed;
}
