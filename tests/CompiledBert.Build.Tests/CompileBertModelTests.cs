extern alias tasks;

using System.Collections;
using System.Diagnostics;
using Microsoft.Build.Framework;
using Microsoft.Build.Utilities;
using Xunit;
using CompileBertModel = tasks::CompiledBert.Build.Tasks.CompileBertModel;
using FindBertInputs = tasks::CompiledBert.Build.Tasks.FindBertInputs;

namespace CompiledBert.Build.Tests;

public sealed class CompileBertModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly RecordingEngine _engine = new();

    public void Dispose() => _folder.Dispose();

    private CompileBertModel TaskFor(string model, string program, string argument) => new()
    {
        BuildEngine = _engine,
        Models = [new TaskItem(model)],
        CacheFolder = Path.Combine(_folder.Path, "cache"),
        RecordFile = Path.Combine(_folder.Path, "models.record"),
        SignatureRecordFile = Path.Combine(_folder.Path, "signatures.record"),
        DotNetHost = program,
        HostAssembly = argument,
    };

    /// <summary>A shell script in place of the compiler.</summary>
    private CompileBertModel TaskWithScript(string model, string script) => TaskFor(model, "/bin/sh", _folder.Write("compiler.sh", script));

    private static string Answer(string plan) => $"""
        cat > /dev/null
        printf 'input\t{plan}\t4\t%s\n' {new FileInfo(plan).LastWriteTimeUtc.Ticks}
        printf 'model\tm.onnx\tM\tN\tpublic\tembedded\t{plan}\t{plan}\t\t\ttrue\n'
        printf 'message\tsummary\t\t\tN.M: done\n'
        echo ran >> $0.runs
        echo end
        """;

    [UnixFact]
    public void The_compiler_is_not_started_again_while_its_answer_holds()
    {
        var plan = _folder.Write("m.plan", "plan");
        for (var i = 0; i < 2; i++)
        {
            var task = TaskWithScript("m.onnx", Answer(plan));
            Assert.True(task.Execute(), string.Join('\n', _engine.Errors));
            var item = Assert.Single(task.CompiledModels);
            Assert.Equal(
                ("M", "N", plan, plan, ""),
                (item.GetMetadata("ClassName"), item.GetMetadata("Namespace"), item.GetMetadata("Plan"),
                    item.GetMetadata("EmbeddedWeights"), item.GetMetadata("WeightsBeside")));
        }

        var runs = Path.Combine(_folder.Path, "compiler.sh.runs");
        Assert.Single(File.ReadAllLines(runs));
        Assert.Single(_engine.Messages, m => m == "N.M: done");
        var other = TaskWithScript("m.onnx", Answer(plan));
        other.Models[0].SetMetadata("Threads", "2");
        Assert.True(other.Execute());
        Assert.Equal(2, File.ReadAllLines(runs).Length);
    }

    [UnixFact]
    public void Metadata_that_is_not_of_the_compiler_does_not_matter()
    {
        var plan = _folder.Write("m.plan", "plan");
        Assert.True(TaskWithScript("m.onnx", Answer(plan)).Execute());
        var task = TaskWithScript("m.onnx", Answer(plan));
        task.Models[0].SetMetadata("Pack", "true");
        Assert.True(task.Execute());
        Assert.Single(File.ReadAllLines(Path.Combine(_folder.Path, "compiler.sh.runs")));
    }

    [UnixFact]
    public void Blanks_of_a_prefix_count_and_an_empty_one_is_one()
    {
        var task = TaskWithScript("m.onnx", "cat > $0.request; echo end");
        task.Models[0].SetMetadata("QueryPrefix", "query: ");
        task.Models[0].SetMetadata("Prefix", "");
        task.Models[0].SetMetadata("Head", " embed ");
        task.Models[0].SetMetadata("Tokenizer", "");
        Assert.True(task.Execute());
        var metadata = File.ReadAllLines(Path.Combine(_folder.Path, "compiler.sh.request")).Where(l => l.StartsWith("metadata", StringComparison.Ordinal));
        Assert.Equal(["metadata\tHead\tembed", "metadata\tPrefix\t", "metadata\tQueryPrefix\tquery: "], metadata);
    }

    [UnixFact]
    public void Metadata_with_a_name_that_is_nearly_known_is_a_warning()
    {
        var task = TaskWithScript("m.onnx", "cat > /dev/null; echo end");
        task.Models[0].SetMetadata("Precison", "int8");
        task.Models[0].SetMetadata("precision", "int8");
        task.Models[0].SetMetadata("Pack", "true");
        Assert.True(task.Execute());
        var warning = Assert.Single(_engine.Warnings);
        Assert.StartsWith("CBERT0018", warning, StringComparison.Ordinal);
        Assert.Contains("Precison", warning, StringComparison.Ordinal);
        Assert.Contains("mean Precision?", warning, StringComparison.Ordinal);
    }

    [UnixFact]
    public void A_tokenizer_is_looked_for_in_the_project_and_then_beside_the_model()
    {
        _folder.Write("model/beside/tokenizer.json", "{}");
        var inProject = Path.GetRelativePath(Directory.GetCurrentDirectory(), Path.GetDirectoryName(_folder.Write("shared/tokenizer.json", "{}"))!);
        foreach (var (named, expected) in new[]
        {
            (inProject, Path.Combine(_folder.Path, "shared")), ("beside", Path.Combine(_folder.Path, "model", "beside")),
        })
        {
            var task = TaskWithScript(Path.Combine(_folder.Path, "model", "m.onnx"), "cat > $0.request; echo end");
            task.Models[0].SetMetadata("Tokenizer", named);
            Assert.True(task.Execute(), string.Join('\n', _engine.Errors));
            Assert.Contains("metadata\tTokenizer\t" + expected, File.ReadAllLines(Path.Combine(_folder.Path, "compiler.sh.request")));
        }

        var missing = TaskWithScript(Path.Combine(_folder.Path, "model", "m.onnx"), "echo ran >> $0.runs");
        missing.Models[0].SetMetadata("Tokenizer", "nowhere");
        Assert.False(missing.Execute());
        var error = Assert.Single(_engine.Errors);
        Assert.StartsWith("CBERT0019", error, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(Directory.GetCurrentDirectory(), "nowhere"), error, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_folder.Path, "model", "nowhere"), error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "compiler.sh.runs")));
    }

    [UnixFact]
    public void Editors_are_told_what_a_build_read_and_is_still_there()
    {
        var plan = _folder.Write("m.plan", "plan");
        var gone = Path.Combine(_folder.Path, "gone.json");
        var script = Answer(plan).Replace("echo end", $"printf 'input\\t{gone}\\t-1\\t0\\n'; echo end", StringComparison.Ordinal);
        Assert.True(TaskWithScript("m.onnx", script).Execute(), string.Join('\n', _engine.Errors));
        FindBertInputs Find(string record, string host) => new()
        {
            BuildEngine = _engine,
            RecordFile = Path.Combine(_folder.Path, record),
            HostAssembly = host,
        };
        var found = Find("models.record", "/nowhere/host.dll");
        Assert.True(found.Execute());
        Assert.Contains(plan, found.Inputs.Select(item => item.ItemSpec));
        Assert.DoesNotContain(gone, found.Inputs.Select(item => item.ItemSpec));
        foreach (var nothing in new[] { Find("models.record", Path.Combine(_folder.Path, "host.dll")), Find("none.record", "/nowhere/host.dll") })
        {
            Assert.True(nothing.Execute());
            Assert.Empty(nothing.Inputs);
        }
    }

    [UnixFact]
    public void A_record_that_cannot_be_written_is_an_error_and_leaves_nothing_behind()
    {
        _folder.Write("taken/file", "in the way");
        var task = TaskWithScript("m.onnx", "cat > /dev/null; echo end");
        task.RecordFile = Path.Combine(_folder.Path, "taken");
        Assert.False(task.Execute());
        Assert.StartsWith("CBERT0010 " + task.RecordFile, Assert.Single(_engine.Errors), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path, "taken.*"));
    }

    [UnixFact]
    public void A_compiler_that_dies_is_one_error_with_its_last_words_and_leaves_no_record()
    {
        Assert.False(TaskWithScript("m.onnx", "echo last words >&2; exit 139").Execute());
        var error = Assert.Single(_engine.Errors);
        Assert.StartsWith("CBERT0007", error, StringComparison.Ordinal);
        Assert.Contains("139", error, StringComparison.Ordinal);
        Assert.Contains("last words", error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(_folder.Path, "models.record")));
    }

    [UnixFact]
    public void An_error_of_a_model_names_code_and_file()
    {
        const string script = "cat > /dev/null; printf 'message\\tError\\tCBERT0102\\t/x/m.onnx\\tdamaged\\nend\\n'; exit 1";
        Assert.False(TaskWithScript("m.onnx", script).Execute());
        Assert.Equal("CBERT0102 /x/m.onnx damaged", Assert.Single(_engine.Errors));

        var editor = TaskWithScript("m.onnx", script);
        editor.SignatureOnly = true;
        Assert.True(editor.Execute());
        Assert.Equal("CBERT0102 /x/m.onnx damaged", Assert.Single(_engine.Warnings));
    }

    [Fact]
    public void A_program_that_is_not_there_is_an_error()
    {
        Assert.False(TaskFor("m.onnx", Path.Combine(_folder.Path, "nothing"), "host.dll").Execute());
        Assert.StartsWith("CBERT0008", Assert.Single(_engine.Errors), StringComparison.Ordinal);
    }

    [UnixFact]
    public async System.Threading.Tasks.Task Cancelling_a_build_ends_the_compiler()
    {
        var task = TaskFor("m.onnx", "/bin/sleep", "60");
        var clock = Stopwatch.StartNew();
        var execution = System.Threading.Tasks.Task.Run(task.Execute);
        await System.Threading.Tasks.Task.Delay(300);
        task.Cancel();
        Assert.False(await execution);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(30));
        Assert.Empty(_engine.Errors);
    }

    /// <summary>A test with a shell script in it.</summary>
    private sealed class UnixFactAttribute : FactAttribute
    {
        public UnixFactAttribute() => Skip = OperatingSystem.IsWindows() ? "needs a Unix shell" : null;
    }

    private sealed class RecordingEngine : IBuildEngine
    {
        public List<string> Errors { get; } = [];

        public List<string> Warnings { get; } = [];

        public List<string> Messages { get; } = [];

        public bool ContinueOnError => false;

        public int LineNumberOfTaskNode => 0;

        public int ColumnNumberOfTaskNode => 0;

        public string ProjectFileOfTaskNode => "";

        public bool BuildProjectFile(string projectFileName, string[] targetNames, IDictionary globalProperties, IDictionary targetOutputs) => false;

        public void LogCustomEvent(CustomBuildEventArgs e)
        {
        }

        public void LogErrorEvent(BuildErrorEventArgs e) => Errors.Add($"{e.Code} {e.File} {e.Message}");

        public void LogMessageEvent(BuildMessageEventArgs e) => Messages.Add(e.Message ?? "");

        public void LogWarningEvent(BuildWarningEventArgs e) => Warnings.Add($"{e.Code} {e.File} {e.Message}");
    }
}
