using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using Xunit;

namespace CompiledBert.Text.Tests;

/// <summary>What sentence-transformers saves beside a network: what is understood decides, what is not is refused by name.</summary>
public sealed class SentenceModulesTests : IDisposable
{
    private const string Mean = """{"word_embedding_dimension":4,"pooling_mode_cls_token":false,"pooling_mode_mean_tokens":true}""";

    private readonly TextFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private void WriteModules(params string[] modules)
    {
        var list = modules.Select((m, i) =>
            m.Split('@') is [var type, var path] ? (type, path) : (m, i == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{i}_{m}")));
        _folder.Write("modules.json", "[" + string.Join(',', list.Select((m, i) =>
            $$"""{"idx":{{i}},"name":"{{i}}","path":"{{m.Item2}}","type":"{{(m.Item1.Contains('.') ? m.Item1 : "sentence_transformers.models." + m.Item1)}}"}""")) + "]");
    }

    private void WriteDense(
        string config = """{"in_features":4,"out_features":2,"bias":true,"activation_function":"torch.nn.modules.activation.Tanh"}""", byte[]? weights = null)
    {
        _folder.Write("2_Dense/config.json", config);
        File.WriteAllBytes(
            _folder.PathOf("2_Dense/model.safetensors"),
            weights ?? Tensors(("linear.weight", [2, 4], [1, 2, 3, 4, 5, 6, 7, 8]), ("linear.bias", [2], [9, 10])));
    }

    private static byte[] Tensors(params (string Name, int[] Shape, float[] Values)[] tensors)
    {
        var at = 0;
        var header = "{\"__metadata__\":{\"format\":\"pt\"}" + string.Concat(tensors.Select(t =>
        {
            var (from, to) = (at, at += t.Values.Length * 4);
            return $$""","{{t.Name}}":{"dtype":"F32","shape":[{{string.Join(',', t.Shape)}}],"data_offsets":[{{from}},{{to}}]}""";
        })) + "}";
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, header.Length);
        return [.. length, .. System.Text.Encoding.ASCII.GetBytes(header), .. MemoryMarshal.AsBytes<float>(tensors.SelectMany(t => t.Values).ToArray())];
    }

    private SentenceModules Read() => SentenceModules.Read(_folder.Open());

    private void AssertRefused(string code, string named)
    {
        var error = Assert.Throws<CompileException>(() => Read().Pooling?.Kind()).Diagnostic;
        Assert.Equal(code, error.Code);
        Assert.Contains(named, error.Message + Path.GetFileName(error.File), StringComparison.Ordinal);
    }

    [Fact]
    public void The_usual_modules_are_read()
    {
        WriteModules("Transformer", "Pooling", "Normalize");
        _folder.Write("1_Pooling/config.json", Mean);
        _folder.Write("sentence_bert_config.json", """{"max_seq_length":256,"do_lower_case":false}""");
        _folder.Write(
            "config_sentence_transformers.json",
            """{"prompts":{"query":"query: ","document":"passage: "},"default_prompt_name":null,"similarity_fn_name":"cosine"}""");
        var modules = Read();
        Assert.Equal((PoolingKind.Mean, true, 256, 4), (modules.Pooling!.Kind(), modules.Normalizes, modules.MaxTokens, modules.Pooling.Width));
        Assert.Equal(("", "query: ", "passage: "), (modules.Prefix, modules.QueryPrefix, modules.PassagePrefix));
        Assert.Empty(modules.Dense);
    }

    [Theory]
    [InlineData("sentence_distilbert_config.json")]
    [InlineData("sentence_xlm-roberta_config.json")]
    public void Lengths_lie_under_the_name_of_the_family_too(string file)
    {
        _folder.Write(file, """{"max_seq_length":128,"do_lower_case":false}""");
        Assert.Equal((128, file), (SentenceModules.ReadLengths(_folder.Open()).MaxTokens, SentenceModules.ReadLengths(_folder.Open()).MaxTokensFrom));
    }

    [Theory]
    [InlineData("""{"query":"q","passage":"p","document":"d"}""", null, null, null, "", "q", "d")]
    [InlineData("""{"query":"q"}""", null, null, null, "", "q", "")]
    [InlineData("""{"query":"q"}""", null, null, "p: ", "", "q", "p: ")]
    [InlineData("""{"query":"q"}""", "all", null, null, "all", null, null)]
    [InlineData("""{"query":"q"}""", "", null, null, "", null, null)]
    [InlineData("{}", null, "query: ", "passage: ", "", "query: ", "passage: ")]
    [InlineData("{}", "x", "query: ", null, "x", "query: ", "x")]
    [InlineData("{}", null, null, null, "", null, null)]
    public void Prompts_are_those_of_metadata_or_else_of_the_files(
        string files, string? all, string? queries, string? passages, string usual, string? query, string? passage)
    {
        _folder.Write("config_sentence_transformers.json", $$"""{"prompts":{{files}}}""");
        var prompts = Prompts.Of(new CompileOptions { ModelPath = "m.onnx", Prefix = all, QueryPrefix = queries, PassagePrefix = passages }, Read());
        Assert.Equal((usual, query, passage), (prompts.Usual, prompts.Query, prompts.Passage));
        Assert.Equal((usual + query + passage).Length > 0, prompts.AreThere);
    }

    [Fact]
    public void Newer_names_of_modules_and_of_pooling_are_known()
    {
        WriteModules(
            "sentence_transformers.base.modules.transformer.Transformer@", "sentence_transformers.sentence_transformer.modules.pooling.Pooling@1_Pooling");
        _folder.Write("1_Pooling/config.json", """{"embedding_dimension":4,"pooling_mode":"lasttoken","include_prompt":true}""");
        Assert.Equal((PoolingKind.Last, 4), (Read().Pooling!.Kind(), Read().Pooling!.Width));
    }

    [Fact]
    public void A_dense_module_has_its_weights_in_safetensors()
    {
        WriteModules("Transformer", "Pooling", "Dense");
        _folder.Write("1_Pooling/config.json", Mean);
        WriteDense();
        var dense = Assert.Single(Read().Dense);
        Assert.Equal((4, 2, DenseActivation.Tanh, true), (dense.Inputs, dense.Outputs, (DenseActivation)dense.Activation, dense.HasBias));
        Assert.Equal([1f, 2, 3, 4, 5, 6, 7, 8, 9, 10], dense.Weights);
    }

    [Theory]
    [InlineData("BF16", new byte[] { 0x80, 0x3F, 0x00, 0xC0 })]
    [InlineData("F16", new byte[] { 0x00, 0x3C, 0x00, 0xC0 })]
    [InlineData("F64", new byte[] { 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0, 0, 0, 0, 0, 0, 0, 0xC0 })]
    public void Other_widths_of_floats_are_read_too(string type, byte[] data)
    {
        var header = System.Text.Encoding.ASCII.GetBytes($$"""{"linear.weight":{"dtype":"{{type}}","shape":[1,2],"data_offsets":[0,{{data.Length}}]} }""");
        WriteModules("Transformer", "Pooling", "Dense");
        _folder.Write("1_Pooling/config.json", Mean);
        WriteDense(
            """{"in_features":2,"out_features":1,"bias":false,"activation_function":"torch.nn.modules.linear.Identity"}""",
            [.. BitConverter.GetBytes((long)header.Length), .. header, .. data]);
        Assert.Equal([1f, -2], Read().Dense[0].Weights);
    }

    [Fact]
    public void Weights_in_a_pickle_are_refused_by_the_file()
    {
        WriteModules("Transformer", "Pooling", "Dense");
        _folder.Write("1_Pooling/config.json", Mean);
        WriteDense();
        File.Move(_folder.PathOf("2_Dense/model.safetensors"), _folder.PathOf("2_Dense/pytorch_model.bin"));
        AssertRefused("CBERT0606", "pytorch_model.bin");
        File.Delete(_folder.PathOf("2_Dense/pytorch_model.bin"));
        AssertRefused("CBERT0606", "model.safetensors");
    }

    [Fact]
    public void Damaged_weights_are_refused()
    {
        WriteModules("Transformer", "Pooling", "Dense");
        _folder.Write("1_Pooling/config.json", Mean);
        var whole = Tensors(("linear.weight", [2, 4], new float[8]), ("linear.bias", [2], new float[2]));
        for (var length = 0; length < whole.Length; length++)
        {
            WriteDense(weights: whole[..length]);
            Assert.StartsWith("CBERT060", Assert.Throws<CompileException>(Read).Diagnostic.Code, StringComparison.Ordinal);
        }

        WriteDense(weights: Tensors(("linear.weight", [4, 2], new float[8]), ("linear.bias", [2], new float[2])));
        AssertRefused("CBERT0602", "[4, 2]");
        WriteDense(weights: Tensors(("linear.weight", [2, 4], new float[8])));
        AssertRefused("CBERT0602", "linear.bias");
    }

    [Theory]
    [InlineData("Pooling Transformer", "Pooling")]
    [InlineData("Transformer Normalize", "Normalize")]
    [InlineData("Transformer Pooling Normalize Dense", "Dense")]
    [InlineData("Transformer Pooling Pooling", "Pooling")]
    [InlineData("Transformer", "no Pooling")]
    [InlineData("Transformer Pooling LayerNorm", "LayerNorm")]
    [InlineData("Transformer CNN Pooling", "CNN")]
    [InlineData("custom_st.Transformer Pooling", "custom_st.Transformer")]
    public void Modules_that_are_not_understood_are_refused(string modules, string named)
    {
        WriteModules(modules.Split(' '));
        foreach (var folder in new[] { "1_Pooling", "2_Pooling", "0_Pooling" })
        {
            _folder.Write(folder + "/config.json", Mean);
        }

        WriteDense();
        AssertRefused("CBERT0604", named);
    }

    [Theory]
    [InlineData("""{"pooling_mode_mean_tokens":true,"pooling_mode_cls_token":true}""", "pooling_mode_mean_tokens and pooling_mode_cls_token")]
    [InlineData("""{"pooling_mode_weightedmean_tokens":true}""", "pooling_mode_weightedmean_tokens")]
    [InlineData("""{"pooling_mode_of_tomorrow":true}""", "pooling_mode_of_tomorrow")]
    [InlineData("""{"pooling_mode_mean_tokens":false}""", "nothing")]
    [InlineData("""{"pooling_mode":["mean","cls"]}""", "mean and cls")]
    [InlineData("""{"pooling_mode":"median"}""", "median")]
    public void Pooling_that_is_not_understood_is_refused(string config, string named)
    {
        WriteModules("Transformer", "Pooling");
        _folder.Write("1_Pooling/config.json", config);
        AssertRefused("CBERT0604", named);
    }

    [Theory]
    [InlineData("sentence_bert_config.json", """{"do_lower_case":true}""", "do_lower_case")]
    [InlineData("config_sentence_transformers.json", """{"truncate_dim":2}""", "truncate_dim")]
    [InlineData("config_sentence_transformers.json", """{"model_type":"SparseEncoder"}""", "SparseEncoder")]
    [InlineData("2_Dense/config.json", """{"in_features":4,"out_features":2,"activation_function":"torch.nn.modules.activation.GELU"}""", "GELU")]
    [InlineData("2_Dense/config.json", """{"in_features":4,"out_features":2,"activation_function":"mine.Tanh"}""", "mine.Tanh")]
    [InlineData("2_Dense/config.json", """{"in_features":4,"out_features":2,"module_input_name":"token_embeddings"}""", "token_embeddings")]
    public void Settings_that_change_vectors_and_are_not_known_are_refused(string file, string text, string named)
    {
        WriteModules("Transformer", "Pooling", "Dense");
        _folder.Write("1_Pooling/config.json", Mean);
        WriteDense();
        _folder.Write(file, text);
        AssertRefused("CBERT0604", named);
    }

    [Fact]
    public void Prompts_that_are_left_out_of_the_pooling_are_refused()
    {
        WriteModules("Transformer", "Pooling");
        _folder.Write("1_Pooling/config.json", """{"pooling_mode_mean_tokens":true,"include_prompt":false}""");
        var pooling = Read().Pooling!;
        pooling.CheckPrompts(arePrompts: false);
        Assert.Contains(
            "include_prompt", Assert.Throws<CompileException>(() => pooling.CheckPrompts(arePrompts: true)).Diagnostic.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Files_of_the_network_lie_where_the_list_says()
    {
        WriteModules("Transformer@0_Transformer", "Pooling@1_Pooling");
        _folder.Write("1_Pooling/config.json", Mean);
        _folder.Write("0_Transformer/vocab.txt", "[UNK]\n[CLS]\n[SEP]\na\n");
        var folder = _folder.Open();
        Assert.Equal("0_Transformer", SentenceModules.FolderOfNetwork(folder));
        folder.AlsoIn("0_Transformer");
        Assert.NotNull(TokenizerFiles.Read(folder));
    }
}
