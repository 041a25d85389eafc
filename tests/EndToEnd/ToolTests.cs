using Xunit;

namespace CompiledBert.EndToEnd;

/// <summary>What the tool writes, built by the SDK as a user would.</summary>
[Collection(Consumers.Name)]
public sealed class ToolTests(PackedPackage package)
{
    [Fact]
    public void A_class_library_without_MSBuild_builds_in_Debug_and_is_referenced()
    {
        using var consumer = new Consumer(package);
        consumer.CopyModel("zoo/minilm-meanpool-l2-legacy-op14/model.onnx", "tiny.onnx");
        Tool.Succeed(consumer.Folder, "compile", "tiny.onnx", "-o", "Lib", "--library", "--namespace", "Acme.Models");
        package.UseIn(consumer.PathOf("Lib/Tiny.csproj"));
        consumer.WriteProject("App/App.csproj", """<ProjectReference Include="../Lib/Tiny.csproj" />""");
        consumer.Write("App/Program.cs", """
            using var model = Acme.Models.Tiny.Load();
            Console.WriteLine($"{model.GetType().Assembly.GetName().Name}, {model.GetType().Assembly.GetCustomAttributes(typeof(System.Diagnostics.DebuggableAttribute), false).Cast<System.Diagnostics.DebuggableAttribute>().All(d => !d.IsJITOptimizerDisabled)}");
            """);
        consumer.Build("App/App.csproj", "-c", "Debug");
        Assert.Equal("Acme.Models.Tiny, True", consumer.Start("App/bin/Debug/net10.0/App.dll"));
    }

    [Fact]
    public void A_project_that_was_given_a_model_builds_and_answers()
    {
        using var consumer = new Consumer(package);
        consumer.WriteProject("App/App.csproj", "");
        consumer.Write("App/Program.cs", "");
        var model = Path.Combine(PackedPackage.Repository, "samples", "MovieMood", "model", "sentiment.onnx");
        var said = Tool.Succeed(consumer.PathOf("App"), "new", model, "--precision", "int8");
        Assert.Contains("copied model/sentiment/tokenizer.json", said, StringComparison.Ordinal);
        package.UseIn(consumer.PathOf("App/App.csproj"));
        consumer.Write("App/Program.cs", """
            using var model = Sentiment.Load();
            Console.WriteLine(model.Classify("a gorgeous, witty, seductive movie").Label);
            """);
        consumer.Build("App/App.csproj");
        Assert.Equal("positive", consumer.Start("App/bin/Debug/net10.0/App.dll"));
    }

    [Fact]
    public void The_template_makes_an_app_that_answers()
    {
        using var consumer = new Consumer(package);
        var packed = DotNet.Run(
            PackedPackage.Repository, "pack", "build/templates", "--nologo", "-v", "q",
            "-o", consumer.PathOf("templates"), "-p:PackageVersion=" + package.Version);
        Assert.True(packed.ExitCode == 0, packed.Output);
        (string, string)[] home = [("DOTNET_CLI_HOME", consumer.PathOf("home")), ("DOTNET_NOLOGO", "1"), ("DOTNET_CLI_TELEMETRY_OPTOUT", "1")];
        Succeed(consumer, home, "new", "install", Directory.GetFiles(consumer.PathOf("templates"), "*.nupkg").Single());
        Succeed(consumer, home, "new", "compiledbert", "-o", "My-App", "--precision", "int8");
        Assert.Contains("Precision=\"int8\"", File.ReadAllText(consumer.PathOf("My-App/My-App.csproj")), StringComparison.Ordinal);
        consumer.Build("My-App/My-App.csproj");
        Assert.StartsWith("positive", consumer.Start("My-App/bin/Debug/net10.0/My-App.dll"), StringComparison.Ordinal);
    }

    private static void Succeed(Consumer consumer, (string, string)[] environment, params string[] arguments)
    {
        var result = DotNet.RunProgram(consumer.Folder, "dotnet", arguments, environment);
        Assert.True(result.ExitCode == 0, result.Output);
    }
}

/// <summary>The tool, as it stands in the repository.</summary>
internal static class Tool
{
    /// <summary>Runs it in a folder and returns what it says.</summary>
    public static string Succeed(string folder, params string[] arguments)
    {
        var result = DotNet.Run(
            folder, ["run", "--project", Path.Combine(PackedPackage.Repository, "src", "CompiledBert.Cli"), "-c", "Release", "--", .. arguments]);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }
}
