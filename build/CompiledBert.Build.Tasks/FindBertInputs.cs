using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace CompiledBert.Build.Tasks;

/// <summary>
/// Finds what the last build read for a project's models besides them: tokenizers, settings, weights in files of their own. Editors look at these
/// to see whether there is anything to build.
/// </summary>
public sealed class FindBertInputs : Microsoft.Build.Utilities.Task
{
    /// <summary>The file in which the last build left its answer.</summary>
    [Required]
    public string RecordFile { get; set; } = "";

    /// <summary>The compiler's assembly; what lies in its folder is no file of the project.</summary>
    [Required]
    public string HostAssembly { get; set; } = "";

    /// <summary>The files that are there, by absolute path.</summary>
    [Output]
    public ITaskItem[] Inputs { get; private set; } = [];

    /// <inheritdoc/>
    public override bool Execute()
    {
        var compiler = Path.GetDirectoryName(Path.GetFullPath(HostAssembly));
        Inputs = [.. BuildRecord.InputsOf(RecordFile)
            .Where(path => Path.GetDirectoryName(path) != compiler && File.Exists(path))
            .Select(path => new TaskItem(path))];
        return true;
    }
}
