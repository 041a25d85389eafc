using System.CommandLine;
using System.Globalization;
using CompiledBert.Training.Commands;

CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var root = new RootCommand("Trains and searches for 'compiledbert train' and 'compiledbert search'.") { TrainCommand.Create(), SearchCommand.Create() };
var parsed = root.Parse(args);
var code = parsed.Invoke();
return parsed.Errors.Count > 0 ? 2 : code;
