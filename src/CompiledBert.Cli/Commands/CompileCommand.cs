using System.CommandLine;
using CompiledBert.Cli.Output;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Commands;

/// <summary><c>compiledbert compile</c>: a model to C# and weights without MSBuild, or to a class library.</summary>
internal static class CompileCommand
{
    public static Command Create()
    {
        var model = new ModelOptions();
        var folder = new Option<string>("--output", "-o")
        {
            Description = "The folder to write. One that an earlier run wrote is replaced; one with other files is refused.",
            Required = true,
        };
        var library = new Option<bool>("--library") { Description = "Adds a project, so that the folder is a class library to build, reference and pack." };
        var json = CommonOptions.Json();
        var command = new Command("compile", "Compiles a model to C# and weights, without MSBuild.");
        model.AddTo(command);
        command.Add(folder);
        command.Add(library);
        command.Add(json);
        command.SetAction(parsed =>
        {
            try
            {
                return Run(model.Read(parsed), parsed.GetRequiredValue(folder), parsed.GetValue(library), model.IsEmbedded(parsed), parsed.GetValue(json));
            }
            catch (CompileException e)
            {
                return CommonOptions.Complain(e);
            }
        });
        return command;
    }

    private static int Run(CompileOptions options, string folder, bool isLibrary, bool isEmbedded, bool asJson)
    {
        using var result = ModelCompilation.Run(options);
        CommonOptions.Warn(result);
        var files = CompiledFiles.Write(options.ModelPath, result, folder, isLibrary, isEmbedded);
        var sizes = files.Select(name => (Name: name, Bytes: new FileInfo(Path.Combine(folder, name)).Length)).ToList();
        if (asJson)
        {
            JsonOutput.WriteObject(json =>
            {
                json.WriteString("name", result.Plan.Namespace.Length == 0 ? result.Plan.Name : result.Plan.Namespace + "." + result.Plan.Name);
                json.WriteString("summary", result.Summary);
                json.WriteAll("files", sizes, file =>
                {
                    json.WriteString("name", file.Name);
                    json.WriteNumber("bytes", file.Bytes);
                });
            });
            return ExitCode.Success;
        }

        Console.Out.WriteLine($"{result.Plan.Name}: {result.Summary}");
        foreach (var (name, bytes) in sizes)
        {
            Console.Out.WriteLine(FormattableString.Invariant($"{bytes,12}  {Path.Combine(folder, name)}"));
        }

        return ExitCode.Success;
    }
}
