using CompiledBert.Cli.Output;

namespace CompiledBert.Cli.Tests;

public sealed class CompileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cbert").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Place(string name) => Path.Combine(_folder, name);

    private Dictionary<string, string> Contents(string name) => Directory.GetFiles(Place(name)).ToDictionary(
        f => Path.GetFileName(f), f => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f))), StringComparer.Ordinal);

    [Fact]
    public void A_folder_has_csharp_weights_and_a_list_and_is_the_same_each_time()
    {
        foreach (var name in new[] { "a", "b" })
        {
            var (code, _, errors) = Tool.Run("compile", Tool.Model, "-o", Place(name), "--name", "Tiny");
            Assert.Equal((0, ""), (code, errors));
        }

        Assert.Equal(Contents("a"), Contents("b"));
        Assert.Equal(
            ["Tiny.Avx2.g.cs", "Tiny.Avx512.g.cs", "Tiny.Vector128.g.cs", "Tiny.g.cs", "Tiny.weights"],
            File.ReadAllLines(Path.Combine(Place("a"), OutputFolder.ListName)).Order(StringComparer.Ordinal));

        // Again, in another form: what was there gives way, and nothing is left beside it.
        Assert.Equal(0, Tool.Run("compile", Tool.Model, "-o", Place("a"), "--name", "Other", "--library").Code);
        Assert.False(File.Exists(Path.Combine(Place("a"), "Tiny.g.cs")));
        Assert.True(File.Exists(Path.Combine(Place("a"), "Other.csproj")));
        Assert.Equal(2, Directory.GetFileSystemEntries(_folder).Length);
    }

    [Fact]
    public void Access_and_threads_are_in_the_class()
    {
        Assert.Equal(0, Tool.Run(
            "compile", Tool.Model, "-o", Place("a"), "--name", "Tiny", "--access", "internal", "--threads", "3", "--weights", "FILE").Code);
        var text = File.ReadAllText(Path.Combine(Place("a"), "Tiny.g.cs"));
        Assert.Contains("internal sealed", text, StringComparison.Ordinal);
        Assert.Contains("int threads = 3", text, StringComparison.Ordinal);
        Assert.Equal(2, Tool.Run("compile", Tool.Model, "-o", Place("b"), "--access", "secret").Code);
        Assert.Equal(2, Tool.Run("compile", Tool.Model, "-o", Place("b"), "--threads", "0").Code);
    }

    [Fact]
    public void A_calibration_is_used_and_a_wrong_one_refused()
    {
        File.WriteAllText(Place("ids.jsonl"), "[5, 6, 7, 8]\n{\"input_ids\": [9, 10]}\n");
        string[] Arguments(string output, params string[] more) => ["compile", Tool.Model, "-o", Place(output), .. more];
        Assert.Equal(0, Tool.Run(Arguments("a", "--precision", "int8", "--calibration", Place("ids.jsonl"))).Code);
        Assert.Equal(0, Tool.Run(Arguments("b", "--precision", "int8", "--calibration", Place("ids.jsonl"))).Code);
        Assert.Equal(0, Tool.Run(Arguments("c", "--precision", "int8")).Code);
        Assert.Equal(Contents("a"), Contents("b"));
        Assert.NotEqual(Contents("a"), Contents("c"));
        foreach (var arguments in new[]
        {
            Arguments("d", "--calibration", Place("ids.jsonl")), Arguments("d", "--precision", "int8", "--calibration", Place("none.jsonl")),
        })
        {
            var (code, _, errors) = Tool.Run(arguments);
            Assert.NotEqual(0, code);
            Assert.Contains("CBERT0016", errors, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_folder_with_files_of_others_is_not_touched()
    {
        Directory.CreateDirectory(Place("own"));
        File.WriteAllText(Path.Combine(Place("own"), "thesis.txt"), "years");
        var (code, output, errors) = Tool.Run("compile", Tool.Model, "-o", Place("own"));
        Assert.Equal((3, ""), (code, output));
        Assert.Contains("CBERT0013", errors, StringComparison.Ordinal);
        Assert.Contains("thesis.txt", errors, StringComparison.Ordinal);
        Assert.Equal(["thesis.txt"], Directory.GetFileSystemEntries(Place("own")).Select(f => Path.GetFileName(f)));
    }

    [Fact]
    public void Writing_that_fails_half_way_leaves_what_was_there()
    {
        OutputFolder.Write(Place("out"), folder => File.WriteAllText(Path.Combine(folder, "first"), "1"));
        Assert.Throws<Compiler.CompileException>(() => OutputFolder.Write(Place("out"), folder =>
        {
            File.WriteAllText(Path.Combine(folder, "second"), "2");
            throw new IOException("disk full");
        }));
        Assert.Equal(
            ["compiledbert.files", "first"],
            Directory.GetFileSystemEntries(Place("out")).Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        Assert.Equal(["out"], Directory.GetFileSystemEntries(_folder).Select(f => Path.GetFileName(f)));
    }

    [Fact]
    public void A_refused_model_leaves_no_folder()
    {
        Assert.Equal(3, Tool.Run("compile", Place("none.onnx"), "-o", Place("out")).Code);
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("--name", "class")]
    [InlineData("--namespace", "1.2")]
    [InlineData("--weights", "cloud")]
    [InlineData("--max-tokens", "0")]
    public void A_bad_option_ends_with_two(string option, string value) =>
        Assert.Equal(2, Tool.Run("compile", Tool.Model, "-o", Place("out"), option, value).Code);
}
