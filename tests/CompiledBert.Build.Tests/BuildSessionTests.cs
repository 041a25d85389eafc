using CompiledBert.Build.Host;
using CompiledBert.Build.Protocol;
using Xunit;

namespace CompiledBert.Build.Tests;

public sealed class BuildSessionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Cache => Path.Combine(_folder.Path, "cache");

    private BuildAnswer Run(FakeCompiler compiler, string compilerId = "c1", bool signatureOnly = false, params BuildRequest.Model[] models)
    {
        var answer = new BuildAnswer();
        var request = new BuildRequest { CacheFolder = Cache, RootNamespace = "My.App", SignatureOnly = signatureOnly, Models = models };
        var session = new BuildSession(
            BuildRequest.Parse(request.ToLines()), compiler.Compile, new CompilerIdentity(compilerId, []), line => Assert.True(answer.Add(line), line));
        Assert.Equal(session.Run(), answer.Messages.All(m => m.Severity != "Error"));
        Assert.True(answer.IsComplete);
        return answer;
    }

    private BuildAnswer Run(FakeCompiler compiler, params BuildRequest.Model[] models) => Run(compiler, "c1", false, models);

    private static BuildRequest.Model Model(string path, params (string Name, string Value)[] metadata) =>
        new() { Path = path, Metadata = metadata.ToDictionary(m => m.Name, m => m.Value) };

    [Fact]
    public void A_model_becomes_a_plan_and_weights()
    {
        var path = _folder.Write("all-MiniLM-L6-v2.onnx", "model");
        var answer = Run(new FakeCompiler(), Model(path, ("Access", "Internal"), ("Weights", "file")));
        var model = Assert.Single(answer.Models);
        Assert.Equal(("AllMiniLmL6V2", "My.App", "internal", "file"), (model.ClassName, model.Namespace, model.Access, model.WeightsPlace));
        Assert.Equal("AllMiniLmL6V2.plan", Path.GetFileName(model.Plan));
        Assert.Equal("model", File.ReadAllText(model.Plan));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(model.Weights));
        Assert.Equal("My.App.AllMiniLmL6V2: 1 node", Assert.Single(answer.Messages).Text);
        Assert.True(answer.StillHolds());
    }

    [Fact]
    public void The_same_model_is_compiled_once()
    {
        var path = _folder.Write("m.onnx", "model");
        var compiler = new FakeCompiler();
        var first = Run(compiler, Model(path));
        File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(1));
        var second = Run(compiler, Model(path));
        Assert.Equal(1, compiler.Runs);
        Assert.Equal(first.Models, second.Models);
    }

    [Fact]
    public void Other_content_metadata_or_compiler_is_another_result()
    {
        var path = _folder.Write("m.onnx", "model");
        var compiler = new FakeCompiler();
        var plans = new List<string> { Run(compiler, Model(path)).Models[0].Plan };
        plans.Add(Run(compiler, Model(path, ("Threads", "2"))).Models[0].Plan);
        plans.Add(Run(compiler, "c2", false, Model(path)).Models[0].Plan);
        _folder.Write("m.onnx", "other");
        plans.Add(Run(compiler, Model(path)).Models[0].Plan);
        Assert.Equal(4, compiler.Runs);
        Assert.Equal(4, plans.Distinct().Count());
        Assert.All(plans, plan => Assert.True(File.Exists(plan)));
    }

    [Fact]
    public void A_calibration_is_an_input_by_its_ids()
    {
        var path = _folder.Write("m.onnx", "model");
        var ids = _folder.Write("ids.jsonl", "[1, 2]");
        var compiler = new FakeCompiler();
        BuildAnswer Build() => Run(compiler, Model(path, ("Precision", "int8"), ("Calibration", ids)));
        var first = Build();
        _folder.Write("ids.jsonl", "{\"input_ids\": [1, 2]}\n");
        Assert.False(first.StillHolds());
        Assert.Equal(first.Models, Build().Models);
        Assert.Equal(1, compiler.Runs);
        _folder.Write("ids.jsonl", "[1, 3]");
        Assert.NotEqual(first.Models, Build().Models);
        Assert.Equal(2, compiler.Runs);
        File.Delete(ids);
        Assert.Equal("CBERT0016", Assert.Single(Build().Messages).Code);
    }

    [Fact]
    public void Where_weights_go_does_not_compile_again()
    {
        var path = _folder.Write("m.onnx", "model");
        var compiler = new FakeCompiler();
        Run(compiler, Model(path));
        Assert.Equal("file", Run(compiler, Model(path, ("Weights", "file"))).Models[0].WeightsPlace);
        Assert.Equal(1, compiler.Runs);
    }

    [Fact]
    public void Files_that_were_read_count_as_inputs_and_so_do_companions_that_appear()
    {
        var path = _folder.Write("net/onnx/model.onnx", "model");
        var data = _folder.Write("net/onnx/model.onnx_data", "data");
        var compiler = new FakeCompiler { OtherFiles = [data] };
        Assert.Contains(Run(compiler, Model(path)).Inputs, i => i.Path == data);
        _folder.Write("net/onnx/model.onnx_data", "atad");
        var answer = Run(compiler, Model(path));
        Assert.Equal(2, compiler.Runs);
        _folder.Write("net/config.json", "{}");
        Assert.False(answer.StillHolds());
        Run(compiler, Model(path));
        Assert.Equal(3, compiler.Runs);
    }

    [Fact]
    public void Builds_side_by_side_compile_once()
    {
        var path = _folder.Write("m.onnx", "model");
        var compiler = new FakeCompiler { Before = () => Thread.Sleep(200) };
        var answers = new BuildAnswer[4];
        Parallel.For(0, answers.Length, i => answers[i] = Run(compiler, Model(path)));
        Assert.Equal(1, compiler.Runs);
        Assert.All(answers, a => Assert.True(a.StillHolds()));
    }

    [Fact]
    public void Old_results_of_a_class_go_when_a_new_one_comes()
    {
        var path = _folder.Write("m.onnx", "0");
        var compiler = new FakeCompiler();
        var plans = new List<string>();
        for (var i = 0; i < 7; i++)
        {
            _folder.Write("m.onnx", $"{i}");
            plans.Add(Run(compiler, Model(path)).Models[0].Plan);
            File.SetLastWriteTimeUtc(Path.ChangeExtension(plans[i], ".inputs"), DateTime.UtcNow.AddDays(i - 10));
        }

        Assert.Equal([false, false, false, true, true, true, true], plans.Select(File.Exists));
    }

    [Fact]
    public void A_broken_model_leaves_nothing_and_does_not_stop_the_others()
    {
        var broken = _folder.Write("broken.onnx", "broken");
        var good = _folder.Write("good.onnx", "good");
        var answer = Run(new FakeCompiler(), Model(broken), Model(good));
        Assert.Equal("Good", Assert.Single(answer.Models).ClassName);
        var error = Assert.Single(answer.Messages, m => m.Severity == "Error");
        Assert.Equal(("CBERT0301", broken), (error.Code, error.File));
        Assert.Contains("/layer.0/Foo", error.Text, StringComparison.Ordinal);
        Assert.StartsWith("Good-", Path.GetFileName(Assert.Single(Directory.EnumerateFileSystemEntries(Cache))), StringComparison.Ordinal);
    }

    [Fact]
    public void A_defect_of_the_compiler_is_an_error_of_that_model()
    {
        var path = _folder.Write("m.onnx", "model");
        var answer = Run(new FakeCompiler { Before = () => throw new InvalidOperationException("boom") }, Model(path));
        Assert.Equal("CBERT0001", Assert.Single(answer.Messages).Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Cache));
    }

    [Theory]
    [InlineData("Access", "friend", "public, internal")]
    [InlineData("Weights", "cloud", "embedded, file")]
    [InlineData("Precision", "int4", "int8")]
    [InlineData("Threads", "0", "from 1 to 256")]
    [InlineData("MaxTokens", "-1", "from 1 to")]
    [InlineData("Name", "class", "a C# class name")]
    [InlineData("Namespace", "a b", "a C# namespace")]
    public void Metadata_that_is_not_valid_lists_what_is(string name, string value, string valid)
    {
        var path = _folder.Write("m.onnx", "model");
        var message = Assert.Single(Run(new FakeCompiler(), Model(path, (name, value))).Messages);
        Assert.Equal("CBERT0003", message.Code);
        Assert.Contains($"{name}=\"{value}\"", message.Text, StringComparison.Ordinal);
        Assert.Contains(valid, message.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_a_folder_and_a_class_twice_are_refused_by_name()
    {
        var path = _folder.Write("m.onnx", "model");
        var twin = _folder.Write("sub/M.onnx", "model");
        var answer = Run(new FakeCompiler(), Model(Path.Combine(_folder.Path, "none.onnx")), Model(_folder.Path), Model(path), Model(twin));
        Assert.Equal(["CBERT0002", "CBERT0005", "CBERT0006"], answer.Messages.Where(m => m.Severity == "Error").Select(m => m.Code));
        Assert.Contains(path, answer.Messages[^1].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_signature_is_written_once_and_has_no_weights()
    {
        var path = _folder.Write("m.onnx", "model");
        var first = Run(new FakeCompiler(), "c1", true, Model(path)).Models[0];
        var written = File.GetLastWriteTimeUtc(first.Plan);
        File.SetLastWriteTimeUtc(first.Plan, written.AddDays(-1));
        var second = Run(new FakeCompiler(), "c1", true, Model(path)).Models[0];
        Assert.Equal(("model (stub)", ""), (File.ReadAllText(first.Plan), first.Weights));
        Assert.Equal(first, second);
        Assert.Equal(written.AddDays(-1), File.GetLastWriteTimeUtc(first.Plan));
    }
}
