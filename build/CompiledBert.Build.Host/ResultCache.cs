using System.Security.Cryptography;
using System.Text;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Reports;

namespace CompiledBert.Build.Host;

/// <summary>
/// Compiled models by their content: one folder a result, <c>ClassName-hash</c>, that appears complete by rename and never changes afterwards.
/// Several builds may use it at the same time.
/// </summary>
internal sealed class ResultCache(string folder, string compilerId)
{
    private const string TemporaryPrefix = ".new-";

    /// <summary>How many results of one class are kept: enough for two configurations that differ, and for going back.</summary>
    private const int KeptResults = 4;

    /// <summary>A result used less than this ago may be in use by another build.</summary>
    private static readonly TimeSpan InUse = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan LockPatience = TimeSpan.FromMinutes(10);

    /// <summary>A result on disk.</summary>
    /// <param name="Plan">The plan file.</param>
    /// <param name="Weights">The weights file.</param>
    /// <param name="Report">The report, as JSON.</param>
    /// <param name="Summary">The line for the build log.</param>
    /// <param name="Inputs">The files it was made of besides the model.</param>
    /// <param name="IsNew">Whether it was compiled just now.</param>
    public sealed record Result(string Plan, string Weights, string Report, string Summary, IReadOnlyList<string> Inputs, bool IsNew);

    /// <summary>The result for a model with these settings: found, or compiled and kept.</summary>
    public Result FindOrCompile(ModelSettings settings, Func<CompileOptions, CompileResult> compile, Action<Diagnostic> report)
    {
        Directory.CreateDirectory(folder);
        var modelPath = settings.Options.ModelPath;
        var key = Hash(compilerId, settings.Fingerprint, InputContents.HashOf(modelPath));
        var prefix = settings.ClassName + "-" + key;
        if (Find(settings, prefix) is { } found)
        {
            return found;
        }

        // Target frameworks are built side by side: the second one waits here, and finds what the first one made.
        using var gate = Lock(Path.Combine(folder, prefix + ".lock"));
        return Find(settings, prefix) ?? Compile(settings, prefix, compile, report);
    }

    private Result? Find(ModelSettings settings, string prefix)
    {
        foreach (var candidate in Directory.EnumerateDirectories(folder, prefix + "*").Order(StringComparer.Ordinal))
        {
            var description = InputsFile(candidate, settings);
            if (File.Exists(description) && InputContents.Match(settings.Options.ModelPath, File.ReadAllText(description)) is { } inputs)
            {
                TryTo(() => File.SetLastWriteTimeUtc(description, DateTime.UtcNow));
                return ResultIn(candidate, settings, inputs, isNew: false);
            }
        }

        return null;
    }

    private Result Compile(ModelSettings settings, string prefix, Func<CompileOptions, CompileResult> compile, Action<Diagnostic> report)
    {
        var temporary = Path.Combine(folder, TemporaryPrefix + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(temporary);
        try
        {
            var inputs = CompileInto(temporary, settings, compile, report);
            var description = InputContents.Describe(settings.Options.ModelPath, inputs);
            File.WriteAllText(InputsFile(temporary, settings), description);
            var final = Path.Combine(folder, prefix + "-" + Hash(description)[..8]);
            Publish(temporary, final);
            RemoveOldResults(settings.ClassName, final);
            return ResultIn(final, settings, inputs, isNew: true);
        }
        finally
        {
            TryTo(() => Directory.Delete(temporary, recursive: true));
        }
    }

    private static IReadOnlyList<string> CompileInto(
        string temporary, ModelSettings settings, Func<CompileOptions, CompileResult> compile, Action<Diagnostic> report)
    {
        using var result = compile(settings.Options);
        foreach (var diagnostic in result.Diagnostics)
        {
            report(diagnostic);
        }

        File.WriteAllText(PlanFile(temporary, settings), result.PlanText);
        File.WriteAllText(SummaryFile(temporary, settings), result.Summary);
        File.WriteAllText(ReportFileOf(temporary, settings), ReportJson.Write(ReportBuilder.Build(result, settings.Options)));
        using (var weights = new FileStream(WeightsFile(temporary, settings), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20))
        {
            result.WriteWeights(weights);
        }

        return [.. result.FilesRead.Skip(1).Concat(InputContents.CompanionsOf(settings.Options.ModelPath)).Distinct(StringComparer.Ordinal)];
    }

    private static void Publish(string temporary, string final)
    {
        try
        {
            Directory.Move(temporary, final);
        }
        catch (IOException) when (Directory.Exists(final))
        {
            // Another build was faster with the same content; its result is as good.
        }
    }

    private void RemoveOldResults(string className, string current)
    {
        var now = DateTime.UtcNow;
        var old = Directory.EnumerateDirectories(folder)
            .Where(d => IsResultOf(className, Path.GetFileName(d)) && d != current)
            .Select(d => (Folder: d, Used: LastUse(d, className)))
            .OrderByDescending(d => d.Used)
            .Skip(KeptResults - 1)
            .Where(d => now - d.Used > InUse)
            .Select(d => d.Folder);
        var abandoned = Directory.EnumerateDirectories(folder, TemporaryPrefix + "*").Where(d => now - Directory.GetLastWriteTimeUtc(d) > LockPatience + InUse);
        foreach (var leftover in old.Concat(abandoned).ToList())
        {
            TryTo(() => Directory.Delete(leftover, recursive: true));
        }
    }

    private static bool IsResultOf(string className, string folderName) =>
        folderName.StartsWith(className + "-", StringComparison.Ordinal)
            && folderName[(className.Length + 1)..].All(c => c == '-' || char.IsAsciiHexDigitLower(c));

    private static DateTime LastUse(string result, string className) => File.GetLastWriteTimeUtc(Path.Combine(result, className + ".inputs"));

    private static Result ResultIn(string result, ModelSettings settings, IReadOnlyList<string> inputs, bool isNew) =>
        new(PlanFile(result, settings), WeightsFile(result, settings), ReportFileOf(result, settings),
            File.ReadAllText(SummaryFile(result, settings)), inputs, isNew);

    private static string PlanFile(string result, ModelSettings settings) => Path.Combine(result, settings.ClassName + ".plan");

    private static string WeightsFile(string result, ModelSettings settings) => Path.Combine(result, settings.ClassName + ".weights");

    private static string SummaryFile(string result, ModelSettings settings) => Path.Combine(result, settings.ClassName + ".summary");

    private static string ReportFileOf(string result, ModelSettings settings) => Path.Combine(result, settings.ClassName + ".report.json");

    private static string InputsFile(string result, ModelSettings settings) => Path.Combine(result, settings.ClassName + ".inputs");

    private static FileStream? Lock(string path)
    {
        var deadline = DateTime.UtcNow + LockPatience;
        while (DateTime.UtcNow < deadline)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Thread.Sleep(50);
            }
        }

        // Whoever holds it hangs. Compiling twice is only slow: results appear by rename.
        return null;
    }

    /// <summary>Sixteen hexadecimal digits that stand for texts.</summary>
    public static string Hash(params ReadOnlySpan<string> parts) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\0', parts))))[..16];

    /// <summary>For what only tidies up: another build may be at the same file.</summary>
    private static void TryTo(Action action)
    {
        try
        {
            action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
        }
    }
}
