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
        using var session = Compile(Then(operators, "logits"));
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
        using var session = Compile(Then(operators, "logits"));
        var score = session.Model.GetType().GetMethods().Single(m => m.Name == "Score" && m.GetParameters().Length == 3).CreateDelegate<Score>(session.Model);
        var logits = Enumerable.Range(0, width).Select(i => MeanOf([3, 5, 4, 7, 4], i)).ToArray();
        Assert.Equal(1 / (1 + Math.Exp(width == 1 ? -logits[0] : logits[0] - logits[1])), score("a", "c", default), 5);
    }

    private IReadOnlyList<string> Decisions { get; set; } = [];

    private static float Weight(int id, int column) => MathF.Sin((id * 5) + (column * 3)) * 2;

    private static double MeanOf(int[] ids, int column) => ids.Average(id => (double)Weight(id, column));

    /// <summary>The mean of the rows of all ids, <c>[B, width]</c>, and the rows themselves as <c>name_rows</c>.</summary>
    private void Means(string name, int width)
    {
        _model.Input("input_ids", 7, "b", "t");
        var table = new TensorProto { Name = "table", DataType = 1, Dims = { Words, width } };
        table.FloatData.AddRange(Enumerable.Range(0, Words * width).Select(i => Weight(i / width, i % width)));
        var axes = new AttributeProto { Name = "axes", Ints = { 1 }, Type = 7 };
        _model.Tensor(table).Node("Gather", "table input_ids", name + "_rows").Node("ReduceMean", name + "_rows", name, axes, ModelFile.Attribute("keepdims", 0));
    }

    /// <summary>Operators one after the other. Returns the last one's name.</summary>
    private string Then(string operators, string name)
    {
        _model.Integers("one", 1);
        foreach (var op in operators.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            var next = name + op;
            AttributeProto[] attributes = op switch { "Softmax" => [ModelFile.Attribute("axis", -1)], "Gather" => [ModelFile.Attribute("axis", 1)], "Cast" => [ModelFile.Attribute("to", 1)], _ => [] };
            _model.Node(op, op == "Gather" ? name + " one" : name, next, attributes);
            name = next;
        }

        return name;
    }

    private void Texts(string architecture, int labels, string problem = "")
    {
        Write("vocab.txt", string.Join('\n', ["[PAD]", "[MASK]", "[UNK]", "[CLS]", "[SEP]", "a", "b", "c", "d"]));
        Write("config.json", string.Create(CultureInfo.InvariantCulture, $$"""{"architectures":["{{architecture}}"],"num_labels":{{labels}}{{(problem.Length > 0 ? $",\"problem_type\":\"{problem}\"" : "")}}}"""));
    }

    private void Write(string name, string text)
    {
        var path = Path.Combine(Path.GetDirectoryName(_model.Path)!, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private CompileOptions Save(params string[] outputs)
    {
        _model.Model.Graph.Output.AddRange(outputs.Select(o => new ValueInfoProto { Name = o }));
        File.WriteAllBytes(_model.Path, _model.Model.ToByteArray());
        return new CompileOptions { ModelPath = _model.Path, Text = true };
    }

    private ModelSession Compile(params string[] outputs)
    {
        var options = Save(outputs);
        using (var result = CompilePipeline.Compile(options))
        {
            Decisions = result.TextDecisions;
        }

        return ModelSession.Compile(options);
    }
}
