using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Text;

namespace CompiledBert.Parity;

/// <summary>Models with layers of sentence-transformers behind the pooling, compiled and asked.</summary>
public sealed class SentenceModelTests : IDisposable
{
    private const string Text = "a bc def";

    private readonly string _folder = Directory.CreateTempSubdirectory("cbert-sentence-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_layer_behind_the_pooling_is_part_of_the_model()
    {
        WriteFolder(48, 20, "Dense", "Normalize");
        var pooled = Embed("bert-legacy-op14-eager", new() { ModelPath = "", Pooling = "mean", TokenizerFolder = Path.Combine(_folder, "plain") });
        var expected = Enumerable.Range(0, 20).Select(row => Math.Tanh(pooled.Select((v, i) => v * (double)Weight(row, i)).Sum() + Bias(row))).ToArray();
        var length = Math.Sqrt(expected.Sum(v => v * v));
        var actual = Embed("bert-legacy-op14-eager", new() { ModelPath = "", TokenizerFolder = _folder });
        Assert.Equal(20, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First / length, pair.Second, 5));
    }

    [Fact]
    public void A_network_that_gives_one_vector_for_a_text_gets_its_layer_too()
    {
        var width = Embed("minilm-meanpool-l2-legacy-op14", new() { ModelPath = "", Head = "embed", TokenizerFolder = Plain() }).Length;
        WriteFolder(width, width + 3, "Dense");
        Assert.Equal(width + 3, Embed("minilm-meanpool-l2-legacy-op14", new() { ModelPath = "", TokenizerFolder = _folder }).Length);
        WriteFolder(width + 3, width, "Dense");
        Assert.Equal(width, Embed("minilm-meanpool-l2-legacy-op14", new() { ModelPath = "", TokenizerFolder = _folder }).Length);
    }

    [Theory]
    [InlineData(0, 0, "cannot be told")]
    [InlineData(5, 9, "takes vectors of")]
    public void A_layer_that_does_not_fit_or_may_be_there_already_is_refused(int more, int other, string named)
    {
        var width = Embed("minilm-meanpool-l2-legacy-op14", new() { ModelPath = "", Head = "embed", TokenizerFolder = Plain() }).Length;
        WriteFolder(width + more, width + other, "Dense");
        var error = Assert.Throws<CompileException>(() =>
            Embed("minilm-meanpool-l2-legacy-op14", new() { ModelPath = "", TokenizerFolder = _folder })).Diagnostic;
        Assert.Equal("CBERT0604", error.Code);
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, null)]
    [InlineData(2, "CBERT0607")]
    public void A_type_that_the_network_has_no_row_for_is_refused(int type, string? code)
    {
        Write("tokenizer.json", $$"""
            {"version":"1.0","post_processor":{"type":"TemplateProcessing","single":[{"Sequence":{"id":"A","type_id":{{type}}} }],"pair":[{"Sequence":{"id":"A","type_id":0} },{"Sequence":{"id":"B","type_id":9} }],"special_tokens":{} },
             "model":{"type":"WordLevel","unk_token":"u","vocab":{"u":3} } }
            """);
        var exception = Record.Exception(() => Embed("bert-legacy-op14-eager", new() { ModelPath = "", Pooling = "mean", TokenizerFolder = _folder }));
        Assert.Equal(code, (exception as CompileException)?.Diagnostic.Code);
    }

    [SharedModelFact("zoo/bert-legacy-op14-mlm-tied/model.onnx")]
    public void Gaps_are_filled_by_a_compiled_class()
    {
        File.WriteAllText(Path.Combine(_folder, "vocab.txt"), string.Join('\n', ["[PAD]", "[MASK]", "[UNK]", "[CLS]", "[SEP]", "a", "bc", "def"]));
        using var session = ModelSession.Compile(new()
        {
            ModelPath = RepositoryFiles.Shared("zoo/bert-legacy-op14-mlm-tied/model.onnx")!,
            Text = true,
            Head = "mask",
            TokenizerFolder = _folder,
        });
        var fill = session.Model.GetType().GetMethods()
            .Single(m => m.Name == "FillMask" && m.GetParameters().Length == 4)
            .CreateDelegate<FillMask>(session.Model);
        var places = fill("a [MASK] bc [MASK]", 3, out var isTruncated, default);
        Assert.Equal((2, 3, false), (places.Count, places[0].Count, isTruncated));
        Assert.True(places[0][0].Probability >= places[0][1].Probability);
    }

    private delegate IReadOnlyList<IReadOnlyList<TokenScore>> FillMask(
        ReadOnlySpan<char> text, int count, out bool isTruncated, CancellationToken cancellationToken);

    private static float Weight(int row, int column) => MathF.Sin((row * 7) + column) / 4;

    private static float Bias(int row) => row / 10f;

    private static float[] Embed(string model, CompileOptions options)
    {
        using var session = ModelSession.Compile(options with { ModelPath = Path.Combine(RepositoryFiles.Zoo, model, "model.onnx"), Text = true });
        var embedder = ((IEmbeddingModel)session.Model).Embedder;
        var vector = embedder.Embed(Text, null, default);
        Assert.Equal([vector, vector], embedder.EmbedAll([Text, Text], null, null, default));
        return vector;
    }

    private string Plain()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "plain")).FullName;
        File.WriteAllText(Path.Combine(folder, "vocab.txt"), string.Join('\n', ["[PAD]", "[unused]", "[UNK]", "[CLS]", "[SEP]", "a", "bc", "def"]));
        return folder;
    }

    private void WriteFolder(int inputs, int outputs, params string[] modules)
    {
        File.Copy(Path.Combine(Plain(), "vocab.txt"), Path.Combine(_folder, "vocab.txt"), overwrite: true);
        Write("modules.json", "[" + string.Join(',', modules.Prepend("Pooling").Prepend("Transformer").Select((m, i) =>
            $$"""{"type":"sentence_transformers.models.{{m}}","path":"{{(i == 0 ? "" : $"{i}_{m}")}}"}""")) + "]");
        Write("1_Pooling/config.json", """{"pooling_mode_mean_tokens":true}""");
        Write(
            "2_Dense/config.json",
            $$"""{"in_features":{{inputs}},"out_features":{{outputs}},"bias":true,"activation_function":"torch.nn.modules.activation.Tanh"}""");
        float[] weights = [.. Enumerable.Range(0, outputs).SelectMany(row => Enumerable.Range(0, inputs).Select(i => Weight(row, i))),
            .. Enumerable.Range(0, outputs).Select(Bias)];
        var (matrix, all) = (inputs * outputs * 4, weights.Length * 4);
        var header = Encoding.ASCII.GetBytes($$"""
            {"linear.weight":{"dtype":"F32","shape":[{{outputs}},{{inputs}}],"data_offsets":[0,{{matrix}}]},"linear.bias":{"dtype":"F32","shape":[{{outputs}}],"data_offsets":[{{matrix}},{{all}}]} }
            """);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        File.WriteAllBytes(Path.Combine(_folder, "2_Dense", "model.safetensors"), [.. length, .. header, .. MemoryMarshal.AsBytes<float>(weights)]);
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_folder, name))!);
        File.WriteAllText(Path.Combine(_folder, name), text);
    }
}
