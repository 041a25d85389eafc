using Xunit;

namespace CompiledBert.EndToEnd;

/// <summary>The package and its adapters, packed once for all tests under a version that nobody has restored before.</summary>
public sealed class PackedPackage : IDisposable
{
    public PackedPackage()
    {
        Version = "0.1.0-e2e-" + Guid.NewGuid().ToString("N")[..12];
        Folder = Directory.CreateTempSubdirectory("compiledbert-package-").FullName;
        foreach (var project in new[] { "build/package", "src/CompiledBert.Extensions.AI" })
        {
            var packed = DotNet.Run(Repository, "pack", project, "--nologo", "-v", "q", "-o", Folder, "-p:PackageVersion=" + Version);
            Assert.True(packed.ExitCode == 0, packed.Output);
        }
    }

    /// <summary>The root of the repository.</summary>
    public static string Repository => RepositoryFiles.Root;

    /// <summary>The package's version.</summary>
    public string Version { get; }

    /// <summary>The folder with the package: a source to restore from.</summary>
    public string Folder { get; }

    /// <summary>Makes a file that names the package's released version name this one.</summary>
    public void UseIn(string file) =>
        File.WriteAllText(file, File.ReadAllText(file).Replace(
            """Include="CompiledBert" Version="0.1.0" """.TrimEnd(), $"""Include="CompiledBert" Version="{Version}" """.TrimEnd(), StringComparison.Ordinal));

    /// <summary>A model of the tests.</summary>
    public static string Model(string name) => Path.Combine(Repository, "tests", "models", name);

    public void Dispose()
    {
        Directory.Delete(Folder, recursive: true);
        var packages = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var restored in new[] { "compiledbert", "compiledbert.extensions.ai" }
            .Select(id => Path.Combine(packages, id, Version)).Where(Directory.Exists))
        {
            Directory.Delete(restored, recursive: true);
        }
    }
}

/// <summary>All tests share the package, and run one after the other: each one is a build.</summary>
[CollectionDefinition(Name)]
public sealed class Consumers : ICollectionFixture<PackedPackage>
{
    public const string Name = "Consumers";
}
