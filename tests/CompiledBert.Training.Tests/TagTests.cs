using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using CompiledBert.Text;
using CompiledBert.Training.Data;
using CompiledBert.Training.Models;
using CompiledBert.Training.Runs;
using CompiledBert.Training.Tasks;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tests;

/// <summary>From words with tags to a tagger, and from that to a smaller one that is compiled and finds the same entities.</summary>
public sealed class TagTests : IDisposable
{
    private static readonly string[] Names = ["london", "paris", "madrid", "berlin"];

    private readonly string _folder = Directory.CreateTempSubdirectory("cbert-tag").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [TorchFact]
    public void A_teacher_is_trained_and_a_smaller_tagger_found_that_finds_entities_once_compiled()
    {
        var texts = Write("train.txt", Lines(300, 1));
        var train = new TrainRequest
        {
            Task = TaskKind.Tag,
            Model = Toy.MovieMood,
            Train = texts,
            MaxTokens = 32,
            Recipe = new() { Epochs = 6, Rate = 2e-3, BatchSize = 16 },
        };
        var teacher = Path.Combine(_folder, "teacher");
        var score = TrainRun.Run(train, teacher, false, TextWriter.Null, CancellationToken.None);
        Assert.True(score > 0.9, $"{score}");

        var request = new SearchRequest
        {
            Task = TaskKind.Tag, Teacher = Path.Combine(teacher, "model", "model.onnx"), Train = texts, MaxTokens = 32,
            Targets = ["cortex-a76"], Budget = "0.3ms@16",
        }.Preset("minute") with { Candidates = 4, Recipe = new() { Epochs = 6, Rate = 1e-3, BatchSize = 16 } };
        var result = SearchRun.Run(request, Path.Combine(_folder, "run"), false, TextWriter.Null, CancellationToken.None);
        Assert.Equal("F1", result.Measure);
        Assert.True(result.Accuracy > 0.9, $"{result.Accuracy}");

        using var session = ModelSession.Compile(new CompileOptions { ModelPath = result.Model, Name = "Found", Precision = Precision.Int8, Text = true });
        Assert.Equal(HeadKind.Tag, session.Plan.Head!.Kind);
        Assert.Equal(["B-LOC", "I-LOC", "O"], session.Plan.Head.Labels);
        var tags = (Tags<Entity>)session.Model.GetType()
            .GetMethod("Tag", [typeof(string), typeof(CancellationToken)])!
            .Invoke(session.Model, ["the film was made in new paris with a cast", CancellationToken.None])!;
        Assert.Equal([("new paris", "LOC")], tags.Select(e => (e.Text, e.Type)));

        // A teacher of texts' labels is none of words'.
        var refusal = Assert.Throws<CompileException>(() =>
            SearchRun.Run(request with { Teacher = Toy.MovieMood }, Path.Combine(_folder, "other"), false, TextWriter.Null, CancellationToken.None));
        Assert.Equal("CBERT0805", refusal.Diagnostic.Code);
    }

    [Fact]
    public void A_words_tag_is_its_first_tokens()
    {
        var read = Read("EU B-ORG 0\nrejects O 0\n\nunbelievablywitty\tB-PER\t0\n");
        Assert.Equal(["B-ORG", "B-PER", "O"], read.Labels);
        Assert.Equal(2, read.Examples.Count);
        Assert.Equal([Example.NoLabel, 0], read.Examples[0].Tags!.Take(2));
        Assert.Equal(1, read.Examples[0].Tags!.Count(t => t == 2));
        Assert.Equal(1, read.Examples[1].Tags!.Count(t => t == 1));
        Assert.True(read.Examples[1].Tags!.Length > 3);
        Assert.Equal(read.Examples[1].Ids.Length, read.Examples[1].Tags!.Length);
    }

    [Theory]
    [InlineData("-DOCSTART- -X- O O\n\na DT B-NP O\nfilm NN I-NP B-X\n", "B-X,O")]
    [InlineData("a DT\nfilm NN\n", "DT,NN")]
    public void The_column_of_tags_is_found(string content, string labels) => Assert.Equal(labels.Split(','), Read(content).Labels);

    [Theory]
    [InlineData("a O\nfilm\n", "CBERT0808", "Line 2")]
    [InlineData("a O\nfilm O O\n", "CBERT0808", "it has 3 columns, and those before it 2")]
    [InlineData("\n\n", "CBERT0808", "there are no sentences")]
    [InlineData("a O\nfilm O\n", "CBERT0805", "1 different tags")]
    public void What_is_no_word_with_a_tag_is_refused_by_line(string content, string code, string words)
    {
        var refusal = Assert.Throws<CompileException>(() => Read(content));
        Assert.Equal(code, refusal.Diagnostic.Code);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tag_that_the_teacher_does_not_know_is_named() =>
        Assert.Contains("line 2 has 'B-Y'", Assert.Throws<CompileException>(() => Read("a O\nb B-Y\n", ["O", "B-X"])).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("O B-X I-X O", "O B-X I-X O", 1)]
    [InlineData("O B-X B-X O", "O B-X I-X O", 0)]
    [InlineData("I-X I-X O B-Y", "B-X I-X O B-X", 0.5)]
    [InlineData("O O", "O B-X", 0)]
    [InlineData("B-X I-Y", "B-X I-X", 0)]
    [InlineData("NOUN VERB NOUN NOUN", "NOUN NOUN NOUN NOUN", 0.75)]
    public void Entities_count_where_words_and_type_are_right(string told, string wanted, double f1)
    {
        string[] labels = wanted.Contains('-', StringComparison.Ordinal) ? ["O", "B-X", "I-X", "B-Y", "I-Y"] : ["NOUN", "VERB"];
        var tally = new EntityTally(labels);
        tally.Add(told.Split(' '), wanted.Split(' '));
        Assert.Equal(f1, tally.Value, 1e-9);
    }

    [TorchFact]
    public void The_distance_of_a_text_is_the_mean_of_its_tokens_whatever_it_is_padded_to()
    {
        using var none = no_grad();
        var (task, examples) = (new TagTask(["O", "B-X", "I-X"]), Toy.Examples(5, 3));
        using var together = Batch.Of(examples);
        using var teachers = randn(5, together.Tokens, 3);
        using var own = randn(5, together.Tokens, 3);
        var all = task.Distance(together, teachers, own, Toy.Recipe).data<float>().ToArray();
        var (wanted, told) = (teachers.data<float>().ToArray(), own.data<float>().ToArray());
        for (var i = 0; i < examples.Count; i++)
        {
            double[] Shares(float[] logits, int token)
            {
                var powers = Enumerable.Range(0, 3)
                    .Select(l => Math.Exp(logits[(((i * (int)together.Tokens) + token) * 3) + l] / Toy.Recipe.Temperature))
                    .ToArray();
                return [.. powers.Select(p => p / powers.Sum())];
            }

            var mean = Enumerable.Range(0, examples[i].Ids.Length).Average(t => Shares(wanted, t).Zip(Shares(told, t), (p, q) => p * Math.Log(p / q)).Sum());
            Assert.Equal(mean, all[i], 1e-5);
        }
    }

    private LabelledTexts Read(string content, IReadOnlyList<string>? labels = null) =>
        TaggedTexts.Read(Write("texts.txt", content), FolderTokenizer.Read(Toy.MovieMood)!, 24, labels);

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>Sentences with a place in them, which may have two words.</summary>
    private static string Lines(int count, int seed)
    {
        var random = new Random(seed);
        var lines = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var name = Names[random.Next(Names.Length)];
            string[] words = random.Next(2) == 0
                ? ["the", "film", "was", "made", "in", "*", "with", "a", "cast"]
                : ["*", "is", "a", "good", "place", "for", "a", "movie"];
            foreach (var word in words)
            {
                lines.AddRange(word != "*" ? [$"{word} O"] : random.Next(2) == 0 ? ["new B-LOC", $"{name} I-LOC"] : [$"{name} B-LOC"]);
            }

            lines.Add("");
        }

        return string.Join('\n', lines);
    }
}
