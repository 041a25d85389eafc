using System.CommandLine;
using System.Globalization;
using CompiledBert.Cli;
using CompiledBert.Cli.Commands;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var root = new RootCommand("Verifies, measures and inspects ONNX models compiled to C#.")
{
    VerifyCommand.Create(),
    BenchCommand.Create(),
    InspectCommand.Create(),
    TargetsCommand.Create(),
    ReportCommand.Create(),
    DiffCommand.Create(),
};
var parsed = root.Parse(args);
var code = parsed.Invoke();
return parsed.Errors.Count > 0 ? ExitCode.Usage : code;
