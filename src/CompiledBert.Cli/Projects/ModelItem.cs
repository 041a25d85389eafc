using CompiledBert.Cli.Output;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Projects;

/// <summary>What makes a project use a model: the package, and an item.</summary>
internal static class ModelItem
{
    private const string Package = "CompiledBert";

    /// <summary>Adds to a project what it does not have yet. Returns what was done, and what was there.</summary>
    /// <param name="project">The project.</param>
    /// <param name="model">Where the model lies.</param>
    /// <param name="metadata">The item's metadata.</param>
    public static IReadOnlyList<string> AddTo(ProjectFile project, string model, IEnumerable<(string Name, string? Value)> metadata)
    {
        var said = new List<string>();
        var central = CentralVersions(project);
        if (References(project))
        {
            said.Add($"{Name(project)}: the package {Package} is referenced already");
        }
        else
        {
            project.Add("PackageReference", ("Include", Package), ("Version", central is null ? LibraryProject.PackageVersion : null));
            said.Add($"{Name(project)}: added PackageReference {Package}{(central is null ? " " + LibraryProject.PackageVersion : "")}");
        }

        if (central is not null && !central.Includes("PackageVersion").Contains(Package, StringComparer.OrdinalIgnoreCase))
        {
            central.Add("PackageVersion", ("Include", Package), ("Version", LibraryProject.PackageVersion));
            said.Add($"{Name(central)}: added PackageVersion {Package} {LibraryProject.PackageVersion}");
        }

        var include = Path.GetRelativePath(project.Folder, model).Replace(Path.DirectorySeparatorChar, '/');
        if (project.Includes("BertModel").Any(i => Path.GetFullPath(i.Replace('\\', '/'), project.Folder) == Path.GetFullPath(model)))
        {
            said.Add($"{Name(project)}: the item BertModel {include} is there already, and stays as it is");
        }
        else
        {
            project.Add("BertModel", [("Include", include), .. metadata]);
            said.Add($"{Name(project)}: added BertModel {include}");
        }

        central?.Save();
        project.Save();
        return said;
    }

    private static string Name(ProjectFile file) => Path.GetFileName(file.Path);

    private static bool References(ProjectFile project) =>
        project.Includes("PackageReference").Contains(Package, StringComparer.OrdinalIgnoreCase)
        || (Nearest(project.Folder, "Directory.Build.props") is { } props
            && new ProjectFile(props).Includes("PackageReference").Contains(Package, StringComparer.OrdinalIgnoreCase));

    /// <summary>The file with the versions of all packages, where the project has such.</summary>
    private static ProjectFile? CentralVersions(ProjectFile project)
    {
        if (Nearest(project.Folder, "Directory.Packages.props") is not { } path)
        {
            return null;
        }

        var central = new ProjectFile(path);
        var manages = project.Property("ManagePackageVersionsCentrally")
            ?? central.Property("ManagePackageVersionsCentrally")
            ?? (Nearest(project.Folder, "Directory.Build.props") is { } props ? new ProjectFile(props).Property("ManagePackageVersionsCentrally") : null);
        return string.Equals(manages, "true", StringComparison.OrdinalIgnoreCase) ? central : null;
    }

    private static string? Nearest(string folder, string name)
    {
        for (var at = new DirectoryInfo(folder); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, name)))
            {
                return Path.Combine(at.FullName, name);
            }
        }

        return null;
    }
}
