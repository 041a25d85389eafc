using System.IO.Compression;
using System.Xml.Linq;
using Xunit;

namespace CompiledBert.EndToEnd;

/// <summary>What lies in the packages, unpacked.</summary>
[Collection(Consumers.Name)]
public sealed class PackageTests(PackedPackage package)
{
    private static readonly string[] Always = ["LICENSE", "README.md", "THIRD-PARTY-NOTICES.txt", "icon.png"];

    [Fact]
    public void It_has_licences_readme_icon_and_what_builds_and_apps_need_and_no_more()
    {
        using var archive = ZipFile.OpenRead(Path.Combine(package.Folder, $"CompiledBert.{package.Version}.nupkg"));
        var names = archive.Entries.Select(e => e.FullName).ToList();
        Assert.All(Always, name => Assert.Contains(name, names));
        Assert.Equal(
            ["lib/net10.0/CompiledBert.Runtime.dll", "lib/net10.0/CompiledBert.Runtime.xml",
                "lib/net10.0/CompiledBert.Text.dll", "lib/net10.0/CompiledBert.Text.xml"],
            names.Where(n => n.StartsWith("lib/", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
        Assert.All(
            ["build", "buildTransitive", "buildMultiTargeting", "tools/generator", "tools/host", "tools/tasks"],
            folder => Assert.Contains(names, n => n.StartsWith(folder + "/", StringComparison.Ordinal)));

        var nuspec = XDocument.Load(archive.GetEntry("CompiledBert.nuspec")!.Open()).Root!.Elements().Single();
        string? Field(string name) => nuspec.Elements().SingleOrDefault(e => e.Name.LocalName == name)?.Value;
        Assert.Equal(("MIT", "icon.png", "README.md"), (Field("license"), Field("icon"), Field("readme")));
    }

    [Fact]
    public void Symbols_of_what_apps_link_are_a_package_beside_it()
    {
        using var archive = ZipFile.OpenRead(Path.Combine(package.Folder, $"CompiledBert.{package.Version}.snupkg"));
        Assert.Equal(
            ["lib/net10.0/CompiledBert.Runtime.pdb", "lib/net10.0/CompiledBert.Text.pdb"],
            archive.Entries.Select(e => e.FullName).Where(n => n.EndsWith(".pdb", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Nothing_in_it_names_the_folder_it_was_built_in()
    {
        // Compressed resources could hide it; there are none.
        var folder = System.Text.Encoding.UTF8.GetBytes(PackedPackage.Repository);
        foreach (var path in Directory.GetFiles(package.Folder, "CompiledBert.*nupkg"))
        {
            using var archive = ZipFile.OpenRead(path);
            foreach (var entry in archive.Entries)
            {
                using var content = new MemoryStream();
                using (var stream = entry.Open())
                {
                    stream.CopyTo(content);
                }

                Assert.True(content.GetBuffer().AsSpan(0, (int)content.Length).IndexOf(folder) < 0, entry.FullName);
            }
        }
    }

    [Fact]
    public void It_has_the_same_bytes_each_time()
    {
        using var consumer = new Consumer(package);
        var packed = DotNet.Run(
            PackedPackage.Repository, "pack", "build/package", "--no-build", "--nologo", "-v", "q",
            "-o", consumer.PathOf("again"), "-p:PackageVersion=" + package.Version);
        Assert.True(packed.ExitCode == 0, packed.Output);
        var name = $"CompiledBert.{package.Version}.nupkg";
        Assert.Equal(File.ReadAllBytes(Path.Combine(package.Folder, name)), File.ReadAllBytes(consumer.PathOf("again/" + name)));
    }
}
