using System.IO.Compression;
using Xunit;

namespace CompiledBert.EndToEnd;

[Collection(Consumers.Name)]
public sealed class LibraryTests(PackedPackage package) : IDisposable
{
    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public void Models_of_a_library_reach_the_apps_that_use_it_and_its_package()
    {
        _consumer.CopyModel("zoo/minilm-meanpool-l2-legacy-op14/model.onnx", "Lib/tiny.onnx");
        _consumer.WriteProject(
            "Lib/Lib.csproj",
            $"""{_consumer.Reference}<BertModel Include="tiny.onnx" Weights="file" /><BertModel Include="tiny.onnx" Name="Inner" Access="internal" />""",
            "<PackageId>Consumer.Lib</PackageId><Version>1.0.0-beta</Version>");
        _consumer.Write("Lib/Api.cs",
            "namespace Lib;\npublic static class Api { public static string Name() { using var model = Inner.Load(); return model.GetType().Name; } }\n");
        _consumer.WriteProject("Middle/Middle.csproj", """<ProjectReference Include="../Lib/Lib.csproj" />""", "");
        _consumer.Write("Middle/Api.cs", "namespace Middle;\npublic static class Api { public static string Name() => Lib.Api.Name(); }\n");
        _consumer.WriteProject("App/App.csproj", """<ProjectReference Include="../Middle/Middle.csproj" />""");
        _consumer.Write("App/Program.cs", "using var model = Lib.Tiny.Load();\nConsole.WriteLine(model.GetType().Name + \" \" + Middle.Api.Name());\n");
        _consumer.Build("App");
        Assert.Equal("Tiny Inner", _consumer.Start("App/bin/Debug/net10.0/App.dll"));
        Assert.DoesNotContain("Lib.Tiny: ", _consumer.Build("App"), StringComparison.Ordinal);
        _consumer.Succeed("publish", "App", "-o", _consumer.PathOf("published"));
        Assert.Equal("Tiny Inner", _consumer.Start("published/App.dll"));

        _consumer.Succeed("pack", "Lib", "-o", _consumer.PathOf("packages"));
        using (var archive = ZipFile.OpenRead(_consumer.PathOf("packages/Consumer.Lib.1.0.0-beta.nupkg")))
        {
            var names = archive.Entries.Select(e => e.FullName).ToList();
            Assert.Superset(
                new HashSet<string> { "lib/net10.0/Lib.dll", "lib/net10.0/Lib.Tiny.dll", "lib/net10.0/Lib.Inner.dll", "contentFiles/any/net10.0/Tiny.weights" },
                names.ToHashSet());
        }

        UseThePackage();
    }

    private void UseThePackage()
    {
        _consumer.Write("Other/nuget.config", $"""
            <configuration>
              <config><add key="globalPackagesFolder" value="{_consumer.PathOf("restored")}" /></config>
              <fallbackPackageFolders><add key="shared" value="{Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages")}" /></fallbackPackageFolders>
              <packageSources><add key="library" value="{_consumer.PathOf("packages")}" /></packageSources>
            </configuration>
            """);
        _consumer.WriteProject("Other/Other.csproj", """<PackageReference Include="Consumer.Lib" Version="1.0.0-beta" />""");
        _consumer.Write("Other/Program.cs", "using var model = Lib.Tiny.Load();\nConsole.WriteLine(model.GetType().Name + \" \" + Lib.Api.Name());\n");
        _consumer.Build("Other");
        Assert.Equal("Tiny Inner", _consumer.Start("Other/bin/Debug/net10.0/Other.dll"));
    }
}
