using CompiledBert.Build.Protocol;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Reports;

namespace CompiledBert.Build.Host;

/// <summary>One request from start to end: each model found in the cache or compiled, and everything said line by line.</summary>
/// <param name="request">What is asked.</param>
/// <param name="compile">The compiler.</param>
/// <param name="compiler">Which compiler it is.</param>
/// <param name="write">Takes the answer's lines.</param>
internal sealed class BuildSession(BuildRequest request, Func<CompileOptions, CompileResult> compile, CompilerIdentity compiler, Action<string> write)
{
    /// <summary>What an assembly can hold: its resources are counted in 31 bits.</summary>
    private const long MostEmbeddedBytes = 2_000_000_000;

    /// <summary>Metadata that names a file.</summary>
    private static readonly string[] SettingFiles = ["Profile", "Calibration"];

    private readonly Dictionary<string, InputStamp> _inputs = new(StringComparer.Ordinal);
    private bool _failed;

    /// <summary>Answers the request. Returns whether all models were compiled.</summary>
    public bool Run()
    {
        compiler.Files.ToList().ForEach(Watch);
        var taken = new Dictionary<string, ModelSettings>(StringComparer.OrdinalIgnoreCase);
        foreach (var model in request.Models)
        {
            try
            {
                Answer(model, taken);
            }
            catch (CompileException exception)
            {
                Report(exception.Diagnostic);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                Report(DiagnosticTable.FileInaccessible.At(model.Path, null, exception.Message));
            }
            catch (Exception exception)
            {
                Console.Error.WriteLine(exception);
                Report(DiagnosticTable.InternalError.At(model.Path, null, exception.GetType().Name + ": " + exception.Message));
            }
        }

        foreach (var stamp in _inputs.Values)
        {
            write(stamp.ToLine());
        }

        write(BuildAnswer.End);
        return !_failed;
    }

    private void Answer(BuildRequest.Model model, Dictionary<string, ModelSettings> taken)
    {
        Watch(model.Path);
        foreach (var file in SettingFiles.Where(model.Metadata.ContainsKey))
        {
            Watch(model.Metadata[file]);
        }

        var settings = ModelSettings.From(model, request.RootNamespace, request.SignatureOnly);
        RefuseWhatIsNoFile(model.Path);
        RefuseDuplicate(settings, taken);
        var files = request.SignatureOnly ? new Files(Signature(settings), "", "", "") : Full(settings);
        write(new BuildAnswer.Model(
            model.Path, settings.ClassName, settings.Options.Namespace, settings.Options.IsPublic ? "public" : "internal", settings.WeightsPlace,
            files.Plan, files.Weights, files.Report, files.Page, PlanParser.HasHead(File.ReadLines(files.Plan)) ? "true" : "false").ToLine());
    }

    /// <summary>What a model became, file by file; nothing where there is none.</summary>
    private sealed record Files(string Plan, string Weights, string Report, string Page);

    private Files Full(ModelSettings settings)
    {
        InputContents.CompanionsOf(settings.Options.ModelPath).ToList().ForEach(Watch);
        var result = new ResultCache(request.CacheFolder, compiler.Id).FindOrCompile(settings, compile, Report);
        foreach (var input in result.Inputs)
        {
            Watch(input);
        }

        if (!_inputs[settings.Options.ModelPath].StillHolds())
        {
            throw DiagnosticTable.FileChanged.Error(settings.Options.ModelPath, null);
        }

        var bytes = new FileInfo(result.Weights).Length;
        if (settings.WeightsPlace == ModelSettings.Embedded && bytes > MostEmbeddedBytes)
        {
            throw DiagnosticTable.WeightsTooLarge.Error(settings.Options.ModelPath, null, bytes / 1_000_000, MostEmbeddedBytes / 1_000_000);
        }

        var origin = result.IsNew ? "" : " (unchanged, from the cache)";
        write(new BuildAnswer.Message("summary", "", "", settings.FullName + ": " + result.Summary + origin).ToLine());
        CheckLimits(settings, result);
        return new Files(result.Plan, result.Weights, settings.Report == "none" ? "" : result.Report, settings.Report == "html" ? PageOf(result.Report) : "");
    }

    /// <summary>Says what the model takes that it may not, and for those who want to know more what it takes.</summary>
    private void CheckLimits(ModelSettings settings, ResultCache.Result result)
    {
        if (settings.Limits.Baseline is { } baseline)
        {
            Watch(baseline);
        }

        foreach (var broken in settings.Limits.Check(result.Plan, result.Report, settings.Options))
        {
            Report(broken);
        }

        if (result.IsNew && settings.Options.Targets.Count > 0)
        {
            foreach (var line in ReportTable.Lines(ReportFile.Read(result.Report, settings.Options.ModelPath)))
            {
                write(new BuildAnswer.Message("table", "", "", "  " + line).ToLine());
            }
        }
    }

    /// <summary>The page of a report, beside it; written where it is not there yet.</summary>
    private static string PageOf(string report)
    {
        var page = Path.ChangeExtension(report, ".html");
        if (!File.Exists(page))
        {
            var temporary = page + "." + Guid.NewGuid().ToString("N");
            File.WriteAllText(temporary, ReportPage.Write(File.ReadAllText(report)));
            File.Move(temporary, page, overwrite: true);
        }

        return page;
    }

    private string Signature(ModelSettings settings)
    {
        var folder = Path.Combine(request.CacheFolder, "signatures");
        Directory.CreateDirectory(folder);
        var plan = Path.Combine(folder, settings.FullName + "-" + ResultCache.Hash(settings.Fingerprint) + ".plan");
        using var result = compile(settings.Options);
        foreach (var input in result.FilesRead)
        {
            Watch(input);
        }

        // Written only when it differs, so that an editor that asks often finds nothing to do.
        if (!File.Exists(plan) || File.ReadAllText(plan) != result.PlanText)
        {
            var temporary = plan + "." + Guid.NewGuid().ToString("N");
            File.WriteAllText(temporary, result.PlanText);
            File.Move(temporary, plan, overwrite: true);
        }

        return plan;
    }

    private static void RefuseWhatIsNoFile(string path)
    {
        if (Directory.Exists(path))
        {
            throw DiagnosticTable.ModelIsFolder.Error(path, null);
        }

        if (!File.Exists(path))
        {
            throw DiagnosticTable.FileNotFound.Error(path, null);
        }
    }

    private static void RefuseDuplicate(ModelSettings settings, Dictionary<string, ModelSettings> taken)
    {
        // File systems that do not tell upper from lower case would give both the same files.
        if (!taken.TryAdd(settings.FullName, settings))
        {
            throw DiagnosticTable.DuplicateClass.Error(settings.Options.ModelPath, null, taken[settings.FullName].Options.ModelPath, settings.FullName);
        }
    }

    /// <summary>Remembers a file as it is before it is read, so that a change while it is read is not missed.</summary>
    private void Watch(string path) => _inputs.TryAdd(path, InputStamp.Of(path));

    private void Report(Diagnostic diagnostic)
    {
        _failed |= diagnostic.Severity == Severity.Error;
        var node = diagnostic.Node is null ? "" : $"node '{Diagnostic.Abbreviate(diagnostic.Node)}': ";
        write(new BuildAnswer.Message(diagnostic.Severity.ToString(), diagnostic.Code, diagnostic.File ?? "", node + diagnostic.Message).ToLine());
    }
}
