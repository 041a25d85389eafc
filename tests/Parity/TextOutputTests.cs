using System.Globalization;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Onnx.Schema;
using CompiledBert.Compiler.Tests.Onnx;
using CompiledBert.Text;
using Google.Protobuf;

namespace CompiledBert.Parity;

/// <summary>Which outputs of a model its head takes, and what for: logits or probabilities, vectors of tokens or of texts.</summary>
public sealed class TextOutputTests : IDisposable
{
    private const int Words = 9;

    private readonly ModelFile _model = new();

    private delegate Classification Classify(ReadOnlySpan<char> text, CancellationToken cancellationToken);

    private delegate float Score(ReadOnlySpan<char> query, ReadOnlySpan<char> document, CancellationToken cancellationToken);

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData("", "", "a softmax over all labels")]
    [InlineData("Softmax", "", "ends in a softmax")]
    [InlineData("Softmax Identity Cast", "", "ends in a softmax")]
    [InlineData("Sigmoid", "", "ends in a sigmoid")]
    [InlineData("Sigmoid", "multi_label_classification", "ends in a sigmoid")]
    [InlineData("Softmax", "multi_label_classification", "ends in a softmax")]
    [InlineData("", "multi_label_classification", "a sigmoid for each label")]
    public void Probabilities_are_what_the_last_operator_makes_of_logits(string operators, string problem, string decision)
    {
        Texts("BertForSequenceClassification", 3, problem);
        Means("logits", 3);
        using var session = Compile(Save(Then(operators, "logits")));
        var answer = session.Model.GetType().GetMethod("Classify")!.CreateDelegate<Classify>(session.Model)("a c", default);
        var logits = Enumerable.Range(0, 3).Select(i => MeanOf([3, 5, 7, 4], i)).ToArray();
        var independent = decision.Contains("sigmoid", StringComparison.Ordinal);
        var expected = logits.Select(l => independent ? 1 / (1 + Math.Exp(-l)) : Math.Exp(l) / logits.Sum(Math.Exp));
        Assert.All(expected.Zip(answer.Scores), p => Assert.Equal(p.First, p.Second.Probability, 5));
        var shift = independent ? 0 : answer.Logits[0] - logits[0];
        Assert.All(logits.Zip(answer.Logits), p => Assert.Equal(p.First + shift, p.Second, 4));
        Assert.Contains(Decisions, d => d.Contains(decision, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("", 1)]
    [InlineData("Sigmoid", 1)]
    [InlineData("Softmax Gather", 2)]
    public void A_score_is_made_of_a_logit_once(string operators, int width)
    {
        Texts("BertForSequenceClassification", 1);
        Means("logits", width);
        using var session = Compile(Save(Then(operators, "logits")));
        var score = session.Model.GetType().GetMethods().Single(m => m.Name == "Score" && m.GetParameters().Length == 3).CreateDelegate<Score>(session.Model);
        var logits = Enumerable.Range(0, width).Select(i => MeanOf([3, 5, 4, 7, 4], i)).ToArray();
        Assert.Equal(1 / (1 + Math.Exp(width == 1 ? -logits[0] : logits[0] - logits[1])), score("a", "c", default), 5);
    }

    [Theory]
    [InlineData("pooler_output last_hidden_state", "mean", null, "last_hidden_state", "output: last_hidden_state (vectors of tokens, which are pooled)")]
    [InlineData("pooler_output last_hidden_state", null, "cls", "first", "pooling: cls (metadata)")]
    [InlineData("pooler_output rows", "mean", null, "last_hidden_state", "output: rows (vectors of tokens, which are pooled)")]
    [InlineData("rows pooler_output last_hidden_state", "mean", null, "last_hidden_state", "pooling: mean (1_Pooling/config.json)")]
    [InlineData("last_hidden_state sentence_embedding", null, null, "pooler_output", "head: embed (the output sentence_embedding)")]
    [InlineData("token_embeddings sentence_embedding", null, null, "pooler_output",
        "output: sentence_embedding (the vector that the network itself makes of a text)")]
    [InlineData("sentence_embedding", "mean", null, "pooler_output", "pooling: part of the network (the output sentence_embedding has one vector for a text)")]
    [InlineData("sentence_embedding token_embeddings", "mean", null, "last_hidden_state", "output: token_embeddings (vectors of tokens, which are pooled)")]
    public void A_vector_is_made_of_the_output_that_the_files_are_about(string outputs, string? file, string? metadata, string expected, string decision)
    {
        const int Width = 4;
        Vectors(Width, file);
        using var session = Compile(Save(outputs) with { Pooling = metadata });
        var vector = ((IEmbeddingModel)session.Model).Embedder.Embed("a c", null, default);
        var means = Enumerable.Range(0, Width).Select(i => expected == "first" ? Weight(3, i) : MeanOf([3, 5, 7, 4], i));
        Assert.All((expected == "pooler_output" ? means.Select(Math.Tanh) : means).Zip(vector), p => Assert.Equal(p.First, p.Second, 5));
        Assert.Contains(decision, Decisions);
    }

    [Theory]
    [InlineData("pooler_output", "mean", null, "1_Pooling/config.json is about vectors of tokens")]
    [InlineData("pooler_output", null, "mean", "Pooling is mean, and the output 'pooler_output' has one vector for a text")]
    [InlineData("sentence_embedding", null, "cls", "Pooling is cls")]
    public void A_vector_that_is_pooled_is_not_taken_for_another(string outputs, string? file, string? metadata, string reason)
    {
        Vectors(4, file);
        var options = Save(outputs) with { Pooling = metadata };
        Refused("CBERT0604", reason, options);
        if (metadata is null)
        {
            using var session = Compile(options with { Outputs = [outputs] });
            Assert.Equal(4, ((IEmbeddingModel)session.Model).Embedder.Dimensions);
        }
    }

    [Fact]
    public void Outputs_that_do_not_fit_are_named()
    {
        Texts("BertForSequenceClassification", 1);
        Means("logits", 2);
        _model.Node("ArgMax", "logits", "label", ModelFile.Attribute("axis", -1));
        var options = Save("label logits");
        Refused("CBERT0604", "'label' is of int64", options);
        Refused("CBERT0604", "config.json names one label", options with { Outputs = ["logits"] });
        Refused("CBERT0604", "this one has 2: label, logits", options with { Outputs = ["*"] });
        using var session = Compile(options with { Outputs = ["logits"], Labels = ["bad", "good"] });
        Assert.Equal(HeadKind.Classify, session.Plan.Head!.Kind);
    }

    [Theory]
    [InlineData("tokens", "position_ids", "(tokens, position_ids) is one of ids")]
    [InlineData("input_ids", "position_ids", "takes 'position_ids' besides ids")]
    [InlineData("input_ids", "", "2 texts at once", 2, "t")]
    [InlineData("input_ids", "", "texts of one length only", 1, 16)]
    public void Inputs_that_texts_cannot_be_made_into_are_refused(string ids, string other, string reason, object? batch = null, object? tokens = null)
    {
        Texts("BertForSequenceClassification", 2);
        Means("means", 2, ids, batch ?? "b", tokens ?? "t");
        if (other.Length > 0)
        {
            _model.Input(other, 1, "b", 2).Node("Add", "means " + other, "logits");
        }

        var options = Save(other.Length > 0 ? "logits" : "means");
        Refused("CBERT0608", reason, options);
        using var result = CompilePipeline.Compile(options with { Text = false });
        Assert.Null(result.Plan.Head);
        Assert.Equal(batch is null, result.Plan.IsRagged);
    }

    [Theory]
    [InlineData("BertForSequenceClassification", "logits", 7)]
    [InlineData("BertForSequenceClassification", "logits", 6)]
    [InlineData("BertModel", "last_hidden_state", 7)]
    public void Texts_are_filled_up_to_the_one_length_of_a_graph(string architecture, string output, int type)
    {
        const int Length = 6;
        Texts(architecture, 2);
        Means("all", 2, "input_ids", 1, Length, type);
        _model.Input("attention_mask", type, 1, Length).Node("Cast", "attention_mask", "mask", ModelFile.Attribute("to", 1)).Integers("last", 2);
        _model.Node("Unsqueeze", "mask last", "each").Node("Mul", "all_rows each", "last_hidden_state");
        _model.Node("ReduceSum", "last_hidden_state one", "sum", ModelFile.Attribute("keepdims", 0))
            .Node("ReduceSum", "mask one", "count")
            .Node("Div", "sum count", "logits").Integers("one", 1);
        var options = Save(output) with { Pooling = output == "logits" ? null : "mean" };
        using var session = Compile(options);
        float[] answer = output == "logits"
            ? [.. session.Model.GetType().GetMethod("Classify")!.CreateDelegate<Classify>(session.Model)("a c", default).Logits]
            : ((IEmbeddingModel)session.Model).Embedder.Embed("a c", null, default);
        Assert.All(answer.Select((l, i) => (l, i)), p => Assert.Equal(MeanOf([3, 5, 7, 4], p.i), p.l, 5));
        Assert.Equal((Length, Length), (session.Plan.Head!.PaddedTo, session.Plan.Head.MaxTokens));
        Assert.Contains("padding: every text to 6 tokens, the graph takes no other length; with [PAD] (the first id)", Decisions);
    }

    [Theory]
    [InlineData(2, 9)]
    [InlineData(4, 1)]
    [InlineData(3, 10)]
    [InlineData(6, 7)]
    [InlineData(12, 11)]
    public void Ids_and_masks_of_any_type_take_texts(int ids, int mask)
    {
        Texts("BertForSequenceClassification", 2);
        Means("means", 2, type: ids);
        _model.Input("attention_mask", mask, "b", "t").Node("Cast", "attention_mask", "floats", ModelFile.Attribute("to", 1));
        _model.Node("ReduceMean", "floats", "ones", new AttributeProto { Name = "axes", Ints = { 1 }, Type = 7 }).Node("Add", "means ones", "logits");
        using var session = Compile(Save("logits"));
        var answer = session.Model.GetType().GetMethod("Classify")!.CreateDelegate<Classify>(session.Model)("a c", default);
        Assert.All(answer.Logits.Select((l, i) => (l, i)), p => Assert.Equal(MeanOf([3, 5, 7, 4], p.i) + 1, p.l, 5));
    }

    private IReadOnlyList<string> Decisions { get; set; } = [];

    private static float Weight(int id, int column) => MathF.Sin((id * 5) + (column * 3)) * 2;

    private static double MeanOf(int[] ids, int column) => ids.Average(id => (double)Weight(id, column));

    /// <summary>The mean of the rows of all ids, <c>[B, width]</c>, and the rows themselves as <c>name_rows</c>.</summary>
    private void Means(string name, int width, string ids = "input_ids", object? batch = null, object? tokens = null, int type = 7)
    {
        _model.Input(ids, type, batch ?? "b", tokens ?? "t").Node("Cast", ids, "rows_asked", ModelFile.Attribute("to", 7));
        var table = new TensorProto { Name = "table", DataType = 1, Dims = { Words, width } };
        table.FloatData.AddRange(Enumerable.Range(0, Words * width).Select(i => Weight(i / width, i % width)));
        var axes = new AttributeProto { Name = "axes", Ints = { 1 }, Type = 7 };
        _model.Tensor(table)
            .Node("Gather", "table rows_asked", name + "_rows")
            .Node("ReduceMean", name + "_rows", name, axes, ModelFile.Attribute("keepdims", 0));
    }

    /// <summary>Operators one after the other. Returns the last one's name.</summary>
    private string Then(string operators, string name)
    {
        _model.Integers("one", 1);
        foreach (var op in operators.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var next = name + op;
            AttributeProto[] attributes = op switch
            {
                "Softmax" => [ModelFile.Attribute("axis", -1)],
                "Gather" => [ModelFile.Attribute("axis", 1)],
                "Cast" => [ModelFile.Attribute("to", 1)],
                _ => [],
            };
            _model.Node(op, op == "Gather" ? name + " one" : name, next, attributes);
            name = next;
        }

        return name;
    }

    private void Texts(string architecture, int labels, string problem = "")
    {
        Write("vocab.txt", string.Join('\n', ["[PAD]", "[MASK]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c", "d"]));
        var ofProblem = problem.Length > 0 ? $",\"problem_type\":\"{problem}\"" : "";
        Write("config.json", string.Create(
            CultureInfo.InvariantCulture, $$"""{"architectures":["{{architecture}}"],"num_labels":{{labels}}{{ofProblem}}}"""));
    }

    /// <summary>A model of vectors: the rows of all ids by three names, the hyperbolic tangents of their means by two.</summary>
    private void Vectors(int width, string? pooling)
    {
        Texts("BertModel", 2);
        Means("means", width);
        _model.Node("Identity", "means_rows", "rows").Node("Identity", "means_rows", "last_hidden_state").Node("Identity", "means_rows", "token_embeddings");
        _model.Node("Tanh", "means", "pooler_output").Node("Identity", "pooler_output", "sentence_embedding");
        if (pooling is not null)
        {
            Write("1_Pooling/config.json", $$"""{"pooling_mode_{{pooling}}_tokens":true}""");
        }
    }

    private static void Refused(string code, string reason, CompileOptions options)
    {
        var error = Assert.Throws<CompileException>(() => CompilePipeline.Compile(options)).Diagnostic;
        Assert.Equal(code, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(Path.GetDirectoryName(_model.Path)!, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>Writes the model with these outputs, each with as many axes as exporters declare.</summary>
    private CompileOptions Save(string outputs)
    {
        foreach (var name in outputs.Split(' '))
        {
            var shape = new TensorShapeProto();
            shape.Dim.AddRange((name is "rows" or "last_hidden_state" or "token_embeddings" ? "b t" + name : "b").Split(' ').Append("w").Select(d =>
                new TensorShapeProto.Types.Dimension { DimParam = d }));
            var tensor = new TypeProto.Types.Tensor { ElemType = name == "label" ? 7 : 1, Shape = shape };
            _model.Model.Graph.Output.Add(new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } });
        }

        File.WriteAllBytes(_model.Path, _model.Model.ToByteArray());
        return new CompileOptions { ModelPath = _model.Path, Text = true };
    }

    private ModelSession Compile(CompileOptions options)
    {
        using (var result = CompilePipeline.Compile(options))
        {
            Decisions = result.TextDecisions;
        }

        return ModelSession.Compile(options);
    }
}
