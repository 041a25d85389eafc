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
    /// <summary>Metadata the compiler knows. What else an item carries is its owner's business.</summary>
    private static readonly string[] KnownMetadata = ["Name", "Namespace", "Access", "Outputs", "Weights", "Threads", "MaxTokens", "Precision", "Targets", "Head", "Pooling", "Normalize", "Labels", "Tokenizer", "Report", "LatencyBudget", "SizeBudget", "MemoryBudget", Baseline, "BaselineTolerance", Profile, Calibration];

    /// <summary>Metadata whose blanks count: "query: " is not "query:". That one is there and empty says that nothing stands before texts.</summary>
    private static readonly string[] Prefixes = ["Prefix", "QueryPrefix", "PassagePrefix"];

    /// <summary>Files of the project, not of the model's folder.</summary>
    private const string Baseline = "Baseline";
    private const string Profile = "Profile";
    private const string Calibration = "Calibration";

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

    /// <summary>The compiled models: the model file, with what the targets need to make an assembly of each.</summary>
    [Output]
    public ITaskItem[] CompiledModels { get; private set; } = [];

    /// <inheritdoc/>
    public override bool Execute()
    {
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
        BuildRecord.Remove(record);
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
            BuildRecord.Write(record, request, answer);
        }

        CompiledModels = ItemsFor(answer, request.SignatureOnly);
        return !Log.HasLoggedErrors;
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
        var metadata = KnownMetadata
            .Select(name => (Name: name, Value: item.GetMetadata(name).Trim()))
            .Where(m => m.Value.Length > 0)
            .ToDictionary(m => m.Name, m => m.Name is Baseline or Profile or Calibration ? Path.GetFullPath(m.Value) : m.Value, StringComparer.Ordinal);
        foreach (var name in Prefixes.Intersect(item.MetadataNames.Cast<string>(), StringComparer.Ordinal))
        {
            metadata[name] = item.GetMetadata(name);
        }

        return metadata;
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
