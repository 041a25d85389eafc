using System.Reflection;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Parity;

/// <summary>Names that people choose, for models and namespaces, beside those that emitted code has and uses.</summary>
public sealed class EmittedNamesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cbert-names-").FullName;

    public EmittedNamesTests() =>
        File.WriteAllText(Path.Combine(_folder, "vocab.txt"), string.Join('\n', ["[PAD]", "[MASK]", "[UNK]", "[CLS]", "[SEP]", "a", "bc", "def"]));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private CompileOptions Options(string model, string? pooling) => new()
    {
        ModelPath = Path.Combine(RepositoryFiles.Zoo, model, "model.onnx"), Text = pooling is not null, Pooling = pooling,
        TokenizerFolder = pooling is null ? null : _folder,
    };

    [Theory]
    [InlineData("bert-legacy-op14-eager", null, Precision.Fp32)]
    [InlineData("bert-legacy-op14-eager", "mean", Precision.Int8)]
    public void No_class_can_be_called_like_one_of_its_members(string model, string? pooling, Precision precision)
    {
        using var session = ModelSession.Compile(Options(model, pooling) with { Precision = precision });
        var lengths = session.Plan.Outputs.Select(o => char.ToUpperInvariant(o.Identifier[0]) + o.Identifier[1..] + "Length");
        const BindingFlags Declared = BindingFlags.DeclaredOnly | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;
        var members = session.Model.GetType().GetMembers(Declared)
            .Where(m => m is not MethodBase { IsSpecialName: true })
            .Select(m => m.Name).Where(n => n.All(c => char.IsLetterOrDigit(c) || c == '_'));
        Assert.Empty(members.Where(ModelName.IsClassName).Except(lengths));
    }

    [Fact]
    public void A_class_can_be_called_like_the_length_of_its_output()
    {
        var options = Options("bert-legacy-op14-eager", null);
        using var plain = ModelSession.Compile(options);
        var output = plain.Plan.Outputs[0].Identifier;
        using var session = ModelSession.Compile(options with { Name = char.ToUpperInvariant(output[0]) + output[1..] + "Length" });
        Assert.NotNull(session.Model);
    }

    [Theory]
    [InlineData("Acme.Math")]
    [InlineData("Acme.System")]
    [InlineData("Acme.Path")]
    [InlineData("Acme.Arguments")]
    [InlineData("Acme.CompiledBert.Text")]
    [InlineData("Acme.Half.Unsafe")]
    [InlineData("Vector128.X86.Tokenizer")]
    public void A_namespace_hides_nothing_that_emitted_code_uses(string name)
    {
        using var session = ModelSession.Compile(Options("bert-legacy-op14-eager", "mean") with { Namespace = name });
        Assert.Equal(name, session.Model.GetType().Namespace);
    }
}
