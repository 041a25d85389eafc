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
        consumer.CopyModel("minilm-meanpool-l2-legacy-op14/model.onnx", "tiny.onnx");
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
}

/// <summary>The tool, as it stands in the repository.</summary>
internal static class Tool
{
    /// <summary>Runs it in a folder and returns what it says.</summary>
    public static string Succeed(string folder, params string[] arguments)
    {
        var result = DotNet.Run(folder, ["run", "--project", Path.Combine(PackedPackage.Repository, "src", "CompiledBert.Cli"), "-c", "Release", "--", .. arguments]);
        Assert.True(result.ExitCode == 0, result.Output);
        return result.Output;
    }
}
