using System.Globalization;
using System.Text;
using CompiledBert.Compiler.Reports;
using Microsoft.Build.Framework;

namespace CompiledBert.Build.Tasks;

/// <summary>
/// Puts the reports of a project's models where people look for them, with what is known only now: the size of the emitted C#. Files that are right
/// already are left alone.
/// </summary>
public sealed class PlaceBertReports : Microsoft.Build.Utilities.Task
{
    /// <summary>The models: with the metadata Report and ReportPage, the files to place; Generated, the folder of emitted C#; ReportStem, where to.</summary>
    [Required]
    public ITaskItem[] Models { get; set; } = [];

    /// <summary>The files that are in their place.</summary>
    [Output]
    public ITaskItem[] Placed { get; private set; } = [];

    /// <inheritdoc/>
    public override bool Execute()
    {
        var placed = new List<ITaskItem>();
        foreach (var model in Models)
        {
            var known = EmittedSize.Unknown.Replace("null", SizeOf(model.GetMetadata("Generated")).ToString(CultureInfo.InvariantCulture));
            foreach (var (source, extension) in new[] { (model.GetMetadata("Report"), ".report.json"), (model.GetMetadata("ReportPage"), ".report.html") })
            {
                if (source.Length == 0)
                {
                    continue;
                }

                var to = model.GetMetadata("ReportStem") + extension;
                var text = File.ReadAllText(source).Replace(EmittedSize.Unknown, known);
                if (!File.Exists(to) || File.ReadAllText(to) != text)
                {
                    File.WriteAllText(to, text, new UTF8Encoding(false));
                    Log.LogMessage(
                        extension == ".report.html" ? MessageImportance.High : MessageImportance.Low, "{0}: report {1}", model.GetMetadata("ClassName"), to);
                }

                placed.Add(new Microsoft.Build.Utilities.TaskItem(to));
            }
        }

        Placed = [.. placed];
        return true;
    }

    private static long SizeOf(string folder) => Directory.Exists(folder)
        ? Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories).Sum(file => new FileInfo(file).Length)
        : 0;
}
