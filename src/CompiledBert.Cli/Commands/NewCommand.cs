using System.CommandLine;
using CompiledBert.Cli.Projects;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Commands;

/// <summary><c>compiledbert new</c>: makes a project use a model.</summary>
internal static class NewCommand
{
    private static readonly string[] ProjectPatterns = ["*.csproj", "*.fsproj", "*.vbproj"];

    public static Command Create()
    {
        var model = new ModelOptions();
        var project = new Option<string?>("--project") { Description = "The project; the one in the current folder by default." };
        var link = new Option<bool>("--link")
        {
            Description = "Leaves the model where it is and refers to it there; "
                + "by default it is copied into the project's folder, with the files that describe it.",
        };
        var json = CommonOptions.Json();
        var command = new Command(
            "new", "Makes a project use a model: adds the package and a BertModel item, and copies the model. Run again, it changes nothing.");
        model.AddTo(command);
        command.Add(project);
        command.Add(link);
        command.Add(json);
        command.SetAction(parsed =>
        {
            try
            {
                var options = model.Read(parsed);
                var file = new ProjectFile(parsed.GetValue(project) ?? OnlyProject());
                var calibration = model.CalibrationFile(parsed) is { } path ? Relative(file, path) : null;
                var said = Run(options, [.. model.Metadata(parsed), ("Calibration", calibration)], file, parsed.GetValue(link), out var name);
                Say(name, said, parsed.GetValue(json));
                return ExitCode.Success;
            }
            catch (CompileException e)
            {
                return CommonOptions.Complain(e);
            }
        });
        return command;
    }

    private static List<string> Run(
        CompileOptions options, IReadOnlyList<(string Name, string? Value)> metadata, ProjectFile project, bool isLinked, out string name)
    {
        // Compiled once, so that what cannot be compiled changes no project, and to know which files belong to it.
        using var result = ModelCompilation.Run(options with { ReadsWeights = false });
        CommonOptions.Warn(result);
        name = result.Plan.Name;
        var model = Path.GetFullPath(options.ModelPath);
        var said = new List<string>();
        var fromProject = Path.GetRelativePath(project.Folder, model);
        var isInside = !fromProject.StartsWith("..", StringComparison.Ordinal) && !Path.IsPathRooted(fromProject);
        if (isInside || isLinked)
        {
            metadata = [.. metadata, ("Tokenizer", options.TokenizerFolder is { } folder ? Relative(project, folder) : null)];
        }
        else
        {
            var copy = new ModelCopy(model, result.FilesRead, options.TokenizerFolder, project.Folder);
            model = copy.Model;
            said.AddRange(copy.Run().Select(file => $"copied {Relative(project, file)}"));
        }

        // Elsewhere it may be called otherwise.
        if (options.Name is null && ModelName.ClassNameFor(model) != name)
        {
            metadata = [("Name", name), .. metadata];
        }

        said.AddRange(ModelItem.AddTo(project, model, metadata));
        return said;
    }

    private static string Relative(ProjectFile project, string path) => Path.GetRelativePath(project.Folder, path).Replace(Path.DirectorySeparatorChar, '/');

    private static void Say(string name, IReadOnlyList<string> said, bool asJson)
    {
        if (asJson)
        {
            JsonOutput.WriteObject(json =>
            {
                json.WriteString("name", name);
                json.WriteTexts("done", said);
            });
            return;
        }

        foreach (var line in said)
        {
            Console.Out.WriteLine(line);
        }

        Console.Out.WriteLine($"Build, then: using var model = {name}.Load();");
    }

    private static string OnlyProject()
    {
        var folder = Directory.GetCurrentDirectory();
        var projects = ProjectPatterns.SelectMany(pattern => Directory.GetFiles(folder, pattern)).ToList();
        return projects is [var only] ? only : throw DiagnosticTable.ProjectUnchangeable.Error(
            folder, null, projects.Count == 0 ? "there is none here; name one with --project" : "there are several here; name one with --project");
    }
}
