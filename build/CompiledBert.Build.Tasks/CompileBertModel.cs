using System.ComponentModel;
using CompiledBert.Build.Protocol;
using CompiledBert.Compiler;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;

namespace CompiledBert.Build.Tasks;

/// <summary>
/// Compiles the models of a project: hands them to the compiler process, logs what it says and returns where its results are.
/// Starts no process where a record of an earlier build shows that nothing changed.
/// </summary>
public sealed class CompileBertModel : Microsoft.Build.Utilities.Task, ICancelableTask
{
    private const string Tokenizer = "Tokenizer";

    private readonly object _gate = new();
    private CompilerProcess? _process;
    private bool _cancelled;

    /// <summary>The models.</summary>
    [Required]
    public ITaskItem[] Models { get; set; } = [];

    /// <summary>Namespace of models that name none: the project's.</summary>
    public string RootNamespace { get; set; } = "";

    /// <summary>Folder of results, shared by the project's target frameworks and configurations.</summary>
    [Required]
    public string CacheFolder { get; set; } = "";

    /// <summary>File in which this build's answer is kept for the next one.</summary>
    [Required]
    public string RecordFile { get; set; } = "";

    /// <summary>The same for builds that an editor makes to know the classes.</summary>
    [Required]
    public string SignatureRecordFile { get; set; } = "";

    /// <summary>The compiler's assembly.</summary>
    [Required]
    public string HostAssembly { get; set; } = "";

    /// <summary>The dotnet program that runs it.</summary>
    public string DotNetHost { get; set; } = "dotnet";

    /// <summary>Whether an editor asks: the classes' signatures are enough, and what cannot be read is a warning.</summary>
    public bool SignatureOnly { get; set; }

    /// <summary>MSBuild runs tasks in it.</summary>
    private static string ProjectFolder => Directory.GetCurrentDirectory();

    /// <summary>The compiled models: the model file, with what the targets need to make an assembly of each.</summary>
    [Output]
    public ITaskItem[] CompiledModels { get; private set; } = [];

    /// <inheritdoc/>
    public override bool Execute()
    {
        CheckMetadata();
        if (Log.HasLoggedErrors)
        {
            return false;
        }

        var request = RequestFor(signatureOnly: false);
        var recorded = BuildRecord.Find(RecordFile, request);
        if (recorded is null && SignatureOnly)
        {
            request = RequestFor(signatureOnly: true);
            recorded = BuildRecord.Find(SignatureRecordFile, request);
            if (recorded is not null)
            {
                LogMessages(recorded);
            }
        }

        if (recorded is not null)
        {
            Log.LogMessage(MessageImportance.Low, "Models are unchanged; the compiler is not started.");
            CompiledModels = ItemsFor(recorded, request.SignatureOnly);
            return true;
        }

        return Compile(request);
    }

    /// <inheritdoc/>
    public void Cancel()
    {
        lock (_gate)
        {
            _cancelled = true;
            _process?.Kill();
        }
    }

    private bool Compile(BuildRequest request)
    {
        var record = request.SignatureOnly ? SignatureRecordFile : RecordFile;
        if (!TryTo(() => BuildRecord.Remove(record), record))
        {
            return request.SignatureOnly;
        }

        BuildAnswer answer;
        int exitCode;
        string lastWords;
        try
        {
            using var process = CompilerProcess.Start(DotNetHost, HostAssembly);
            lock (_gate)
            {
                _process = process;
                if (_cancelled)
                {
                    process.Kill();
                }
            }

            answer = process.Converse(request);
            (exitCode, lastWords) = (process.ExitCode, process.LastErrorLines);
            lock (_gate)
            {
                _process = null;
            }
        }
        catch (Win32Exception exception)
        {
            Say(DiagnosticTable.CompilerNotStarted.At(null, null, DotNetHost, exception.Message));
            return request.SignatureOnly;
        }

        if (_cancelled)
        {
            return false;
        }

        LogMessages(answer);
        if (!answer.IsComplete)
        {
            var reason = lastWords.Length == 0 ? "" : ": " + lastWords;
            Say(DiagnosticTable.CompilerCrashed.At(null, null, exitCode, reason));
        }
        else if (!Log.HasLoggedErrors)
        {
            TryTo(() => BuildRecord.Write(record, request, answer), record);
        }

        CompiledModels = ItemsFor(answer, request.SignatureOnly);
        return !Log.HasLoggedErrors;
    }

    /// <summary>Whether a file could be written; says why not where it could not.</summary>
    private bool TryTo(Action write, string file)
    {
        try
        {
            write();
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Say(DiagnosticTable.FileInaccessible.At(file, null, exception.Message));
            return false;
        }
    }

    private BuildRequest RequestFor(bool signatureOnly) => new()
    {
        SignatureOnly = signatureOnly,
        CacheFolder = Path.GetFullPath(CacheFolder),
        RootNamespace = RootNamespace,
        Models = [.. Models.Select(item => new BuildRequest.Model { Path = item.GetMetadata("FullPath"), Metadata = MetadataOf(item) })],
    };

    private static Dictionary<string, string> MetadataOf(ITaskItem item)
    {
        var given = item.CloneCustomMetadata().Keys.Cast<string>().ToList();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var known in ItemMetadata.All.Where(known => given.Contains(known.Name, StringComparer.OrdinalIgnoreCase)))
        {
            var value = item.GetMetadata(known.Name);
            if (known.KeepsBlanks || value.Trim().Length > 0)
            {
                metadata[known.Name] = known.KeepsBlanks ? value : known.IsProjectFile ? Path.GetFullPath(value.Trim()) : value.Trim();
            }
        }

        if (metadata.TryGetValue(Tokenizer, out var named))
        {
            metadata[Tokenizer] = TokenizerFolder.Find(named, ProjectFolder, item.GetMetadata("FullPath")) ?? named;
        }

        return metadata;
    }

    /// <summary>Says which metadata are nearly known ones, and which folders are not there. What else an item carries is its owner's business.</summary>
    private void CheckMetadata()
    {
        var known = ItemMetadata.All.Select(entry => entry.Name).ToList();
        foreach (var item in Models)
        {
            var model = item.GetMetadata("FullPath");
            foreach (var name in item.CloneCustomMetadata().Keys.Cast<string>()
                .Except(known, StringComparer.OrdinalIgnoreCase).OrderBy(name => name, StringComparer.Ordinal))
            {
                if (ItemMetadata.Near(name) is { } meant)
                {
                    Say(DiagnosticTable.UnknownMetadata.At(model, null, name, meant));
                }
            }

            if (item.GetMetadata(Tokenizer).Trim() is { Length: > 0 } named && TokenizerFolder.Find(named, ProjectFolder, model) is null)
            {
                Say(TokenizerFolder.Missing(named, ProjectFolder, model));
            }
        }
    }

    private static ITaskItem[] ItemsFor(BuildAnswer answer, bool isSignature)
    {
        // An assembly is called after the class alone, unless two namespaces have one of that name.
        var repeated = answer.Models.ToLookup(m => m.ClassName, StringComparer.OrdinalIgnoreCase);
        return [.. answer.Models.Select(model => new TaskItem(model.Source, new Dictionary<string, string>
        {
            ["ClassName"] = model.ClassName,
            ["Namespace"] = model.Namespace,
            ["ClassAccess"] = model.Access,
            ["AssemblySuffix"] = repeated[model.ClassName].Count() == 1 ? model.ClassName : (model.Namespace + "." + model.ClassName).TrimStart('.'),
            ["Plan"] = model.Plan,
            ["EmbeddedWeights"] = model.WeightsPlace == "embedded" ? model.Weights : "",
            ["WeightsBeside"] = model.WeightsPlace == "file" ? model.Weights : "",
            ["Report"] = model.Report,
            ["ReportPage"] = model.Page,
            ["Texts"] = model.Texts,
            ["IsSignature"] = isSignature ? "true" : "false",
        }))];
    }

    private void LogMessages(BuildAnswer answer)
    {
        foreach (var message in answer.Messages)
        {
            Say(message.Severity, message.Code, message.File, message.Text);
        }
    }

    private void Say(Diagnostic diagnostic) =>
        Say(diagnostic.Severity.ToString(), diagnostic.Code, diagnostic.File ?? "", diagnostic.Message);

    private void Say(string severity, string code, string file, string text)
    {
        // An editor must be able to load a project whose model is missing or broken; the build then says it as an error.
        var isError = string.Equals(severity, "error", StringComparison.OrdinalIgnoreCase);
        if (isError && !SignatureOnly)
        {
            Log.LogError(null, code, null, file, 0, 0, 0, 0, text);
        }
        else if (isError || string.Equals(severity, "warning", StringComparison.OrdinalIgnoreCase))
        {
            Log.LogWarning(null, code, null, file, 0, 0, 0, 0, text);
        }
        else
        {
            Log.LogMessage(severity == "table" ? MessageImportance.Normal : MessageImportance.High, text);
        }
    }
}
