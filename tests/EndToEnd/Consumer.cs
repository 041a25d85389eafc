using System.Text.Json;
using Xunit;

namespace CompiledBert.EndToEnd;

/// <summary>A folder outside the repository with projects that use the package, as a user would make it.</summary>
internal sealed class Consumer : IDisposable
{
    private readonly PackedPackage _package;

    public Consumer(PackedPackage package)
    {
        _package = package;
        Folder = Directory.CreateTempSubdirectory("compiledbert-consumer-").FullName;
        Write("nuget.config", $"""<configuration><packageSources><add key="packed" value="{package.Folder}" /></packageSources></configuration>""");
    }

    public string Folder { get; }

    /// <summary>The PackageReference of the package.</summary>
    public string Reference => $"""<PackageReference Include="CompiledBert" Version="{_package.Version}" />""";

    /// <summary>The PackageReference of the package with the ecosystem's interfaces.</summary>
    public string Adapters => $"""<PackageReference Include="CompiledBert.Extensions.AI" Version="{_package.Version}" />""";

    public string PathOf(string name) => Path.Combine(Folder, name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    /// <summary>Copies a model of the tests.</summary>
    public void CopyModel(string name, string to)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(to))!);
        File.Copy(PackedPackage.Model(name), PathOf(to), overwrite: true);
        File.SetAttributes(PathOf(to), FileAttributes.Normal);
    }

    /// <summary>A project file with the properties and items given.</summary>
    public void WriteProject(
        string name, string items, string properties = "<OutputType>Exe</OutputType>", string frameworks = "<TargetFramework>net10.0</TargetFramework>") =>
        Write(name, $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>{frameworks}<ImplicitUsings>enable</ImplicitUsings><Nullable>enable</Nullable>{properties}</PropertyGroup>
              <ItemGroup>{items}</ItemGroup>
            </Project>
            """);

    /// <summary>A console app with a model, and a program that prints where the class lies.</summary>
    public void WriteApp(string metadata = "", string className = "Tiny", string properties = "")
    {
        CopyModel("zoo/minilm-meanpool-l2-legacy-op14/model.onnx", "tiny.onnx");
        WriteProject("App.csproj", $"""{Reference}<BertModel Include="tiny.onnx" {metadata} />""", "<OutputType>Exe</OutputType>" + properties);
        Write("Program.cs", $$"""
            using (var model = {{className}}.Load())
            {
                Console.WriteLine($"class {model.GetType().FullName} in {model.GetType().Assembly.GetName().Name}");
            }
            """);
    }

    public string Build(params string[] arguments) => Succeed("build", arguments);

    public string Succeed(string command, params string[] arguments)
    {
        var result = DotNet.Run(Folder, [command, .. arguments]);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }

    public string Fail(string command, params string[] arguments)
    {
        var result = DotNet.Run(Folder, [command, .. arguments]);
        Assert.True(result.ExitCode != 0, result.Output);
        return result.Output;
    }

    /// <summary>Runs a built app and returns what it prints.</summary>
    public string Start(string assembly, params (string Name, string Value)[] environment)
    {
        var result = DotNet.RunProgram(Folder, "dotnet", [PathOf(assembly)], environment);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output.Trim();
    }

    /// <summary>Runs targets as an editor does, and returns the references that the project then has.</summary>
    public IReadOnlyList<string> DesignTimeReferences(string project = "App.csproj") => DesignTimeItems("ResolveAssemblyReferences", "ReferencePath", project);

    /// <summary>Items of one kind after a target of a build that an editor makes.</summary>
    public IReadOnlyList<string> DesignTimeItems(string target, string item, string project = "App.csproj")
    {
        var json = Succeed(
            "msbuild", project, "-nologo", "-t:" + target, "-p:DesignTimeBuild=true", "-p:BuildProjectReferences=false",
            "-p:SkipCompilerExecution=true", "-p:ProvideCommandLineArgs=true", "-getItem:" + item);
        using var document = JsonDocument.Parse(json[json.IndexOf('{', StringComparison.Ordinal)..(json.LastIndexOf('}') + 1)]);
        return [.. document.RootElement.GetProperty("Items").GetProperty(item).EnumerateArray().Select(i => i.GetProperty("Identity").GetString()!)];
    }

    /// <summary>Time of the last write of files below a folder, by relative path.</summary>
    public IReadOnlyDictionary<string, DateTime> Times(string folder, string pattern) =>
        Directory.EnumerateFiles(PathOf(folder), pattern, SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(Folder, f), File.GetLastWriteTimeUtc, StringComparer.Ordinal);

    /// <summary>Names of the results in the cache of a project's folder.</summary>
    public IReadOnlyList<string> Results(string projectFolder = "") => Directory.Exists(PathOf(Path.Combine(projectFolder, "obj/compiledbert")))
        ? [.. Directory.EnumerateDirectories(PathOf(Path.Combine(projectFolder, "obj/compiledbert")))
            .Select(d => Path.GetFileName(d)).Where(d => d != "signatures").Order(StringComparer.Ordinal)]
        : [];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
