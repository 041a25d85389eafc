using System.Globalization;
using System.Xml.Linq;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using CompiledBert.Search.Strategies;
using CompiledBert.Text;
using CompiledBert.Training.Runs;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Tests;

/// <summary>From a teacher and a file of texts to a compiled model that answers.</summary>
public sealed class SearchTests : IDisposable
{
    private static readonly string[] Praise = ["good", "great", "wonderful", "gorgeous", "witty", "fun", "charming", "fine"];
    private static readonly string[] Blame = ["bad", "awful", "boring", "dull", "terrible", "stupid", "bland", "poor"];
    private static readonly string[] Things = ["film", "movie", "plot", "story", "cast", "music", "script"];

    private readonly string _folder = Directory.CreateTempSubdirectory("cbert-search").FullName;

    private SearchRequest Request => new SearchRequest
    {
        Teacher = Toy.MovieMood, Train = Texts(400), MaxTokens = 32, Targets = ["cortex-a76"], Budget = "0.2ms@16", Size = "1.2MB", Precision = Precision.Int8,
    }.Preset("minute") with { ScoreTexts = 40 };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [TorchFact]
    public void The_preset_of_a_minute_ends_with_a_model_that_compiles_and_answers()
    {
        var output = Path.Combine(_folder, "run");
        var result = SearchRun.Run(Request with { Front = 3 }, output, false, TextWriter.Null, CancellationToken.None);
        Assert.True(result.Accuracy > 0.8, $"{result.Accuracy}");
        Assert.True(result.Found.Cost.IsWithin && result.Found.Cost.Cycles < result.Teacher.Cycles);
        Assert.Equal(12, result.Evaluations.Count);
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(output, "report.html")), StringComparison.Ordinal);
        Assert.Equal(
            result.Evaluations.Count + result.Trained.Count + 2,
            XDocument.Load(Path.Combine(output, "front.svg")).Descendants("{http://www.w3.org/2000/svg}circle").Count());

        Assert.Equal(3, result.Trained.Count);
        var (most, least) = (result.Teacher.Cycles / 3, result.Teacher.Cycles / 30);
        Assert.InRange(result.Trained[0].Cost.Cycles, least, most);
        Assert.True(result.Trained[2].Cost.Cycles < result.Trained[0].Cost.Cycles);
        foreach (var trained in result.Trained)
        {
            using var compiled = CompilePipeline.Compile(
                new CompileOptions { ModelPath = trained.Model, Name = "OfTheFront", Precision = Precision.Int8, Text = true });
            Assert.Equal(
                (HeadKind.Classify, trained.Cost.WeightBytes),
                (compiled.Plan.Head!.Kind, compiled.Plan.Weights.Bytes - compiled.Plan.Head.TokenizerBytes));
        }

        foreach (var precision in new[] { Precision.Fp32, Precision.Int8 })
        {
            var options = new CompileOptions { ModelPath = result.Model, Name = "Found", Precision = precision, Text = true };
            using var session = ModelSession.Compile(options);
            Assert.Equal(HeadKind.Classify, session.Plan.Head!.Kind);
            Assert.Equal(["negative", "positive"], session.Plan.Head.Labels);
            Assert.True(Right(session, result.Model) >= 0.8 * 60, $"{Right(session, result.Model)} of 60");
        }

        using var found = CompilePipeline.Compile(new CompileOptions { ModelPath = result.Model, Name = "Found", Precision = Precision.Int8 });
        Assert.Equal(found.Plan.Weights.Bytes, result.Found.Cost.WeightBytes);
        Assert.True(found.Plan.Weights.Bytes <= 1_200_000);
    }

    [TorchFact]
    public void A_search_that_is_stopped_anywhere_ends_with_the_same_model_whatever_the_number_of_workers()
    {
        var request = Request with { Candidates = 4, Finalists = 2, Front = 2 };
        var whole = Path.Combine(_folder, "whole");
        SearchRun.Run(request, whole, false, TextWriter.Null, CancellationToken.None);
        request = request with { Workers = 3 };
        foreach (var stop in new[] { "supernet trained", "2 of 4", "finalist", "chosen", "front-1" })
        {
            var output = Path.Combine(_folder, stop.Replace(' ', '-'));
            using var cancel = new CancellationTokenSource();
            Assert.ThrowsAny<OperationCanceledException>(() => SearchRun.Run(request, output, false, new Stopping(stop, cancel), cancel.Token));
            Assert.Equal("CBERT0807", Assert.Throws<CompileException>(() =>
                SearchRun.Run(request, output, false, TextWriter.Null, CancellationToken.None)).Diagnostic.Code);
            Assert.Equal("CBERT0807", Assert.Throws<CompileException>(() =>
                SearchRun.Run(request with { Candidates = 5 }, output, true, TextWriter.Null, CancellationToken.None)).Diagnostic.Code);

            // As if it had been killed while it wrote a line.
            File.AppendAllText(Path.Combine(output, "log.jsonl"), "{\"event\": \"cand");
            SearchRun.Run(request, output, true, TextWriter.Null, CancellationToken.None);
            foreach (var model in new[] { "model", "front-1", "front-2" })
            {
                Assert.Equal(File.ReadAllBytes(Path.Combine(whole, model, "model.onnx")), File.ReadAllBytes(Path.Combine(output, model, "model.onnx")));
            }
        }
    }

    [TorchFact]
    public void A_model_with_fewer_tokens_is_as_good_as_is_said_once_compiled()
    {
        var space = Path.Combine(_folder, "space.json");
        File.WriteAllText(space, "{\"vocabulary\": [300]}");
        var request = Request with { Space = space, Candidates = 4, Recipe = Request.Recipe with { Epochs = 4 } };
        var result = SearchRun.Run(request, Path.Combine(_folder, "fewer"), false, TextWriter.Null, CancellationToken.None);
        Assert.Equal(300, result.Found.Cost.Shape.Vocabulary);

        using var compiled = CompilePipeline.Compile(new CompileOptions { ModelPath = result.Model, Name = "Fewer", Precision = Precision.Int8, Text = true });
        Assert.Equal(compiled.Plan.Weights.Bytes - compiled.Plan.Head!.TokenizerBytes, result.Found.Cost.WeightBytes);

        // The texts held out, half of whose words are others than those learned from.
        var material = Material.Read(TaskKind.Classify, Search.Space.Pooling.Cls, result.Model, null, request.Train, 32, keepsLabels: true);
        Assert.All(material.Held, e => Assert.All(e.Ids, id => Assert.InRange(id, 0, 299)));
        using var session = ModelSession.Compile(new CompileOptions { ModelPath = result.Model, Name = "Fewer" });
        var right = material.Held.Count(e =>
        {
            HostTensor Of(Func<int, long> value) => HostTensor.Of([1, e.Ids.Length], [.. Enumerable.Range(0, e.Ids.Length).Select(value)]);
            var logits = session.Run([Of(i => e.Ids[i]), Of(_ => 1), Of(i => e.Segments[i])])[0].As<float>();
            return logits[1] > logits[0] == (e.Label == 1);
        });
        Assert.Equal(result.Accuracy, (double)right / material.Held.Count, 1e-9);
    }

    [TorchFact]
    public void Training_makes_a_classifier_of_other_labels()
    {
        var output = Path.Combine(_folder, "trained");
        var request = new TrainRequest
        {
            Model = Toy.MovieMood,
            Train = Texts(300, "yes", "no", "maybe"),
            MaxTokens = 24,
            Recipe = new() { Epochs = 6, Rate = 5e-4, BatchSize = 16 },
        };
        var accuracy = TrainRun.Run(request, output, false, TextWriter.Null, CancellationToken.None);
        Assert.True(accuracy > 0.6, $"{accuracy}");
        using var result = CompilePipeline.Compile(new CompileOptions { ModelPath = Path.Combine(output, "model", "model.onnx"), Text = true });
        Assert.Equal(["maybe", "no", "yes"], result.Plan.Head!.Labels);
    }

    [TorchFact]
    public void What_cannot_be_had_is_said()
    {
        string Code(SearchRequest request) => Assert.Throws<CompileException>(
            () => SearchRun.Run(request, Path.Combine(_folder, Guid.NewGuid().ToString("N")), false, TextWriter.Null, CancellationToken.None)).Diagnostic.Code;
        Assert.Equal("CBERT0802", Code(Request with { Size = "10kB" }));
        Assert.Equal("CBERT0805", Code(Request with { Train = Texts(30, "a", "b", "c") }));
        Assert.Equal("CBERT0003", Code(Request with { Strategy = "guess" }));
        Assert.Equal("CBERT0010", Code(Request with { Train = "nowhere.tsv" }));
        var space = Path.Combine(_folder, "space.json");
        foreach (var wrong in new[] { "{\"width\": [999]}", "{\"vocabulary\": [9]}", "{\"vocabulary\": [9999]}" })
        {
            File.WriteAllText(space, wrong);
            Assert.Equal("CBERT0801", Code(Request with { Space = space }));
        }
    }

    private string Texts(int count, params string[] labels)
    {
        var path = Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"texts-{count}-{labels.Length}.tsv"));
        File.WriteAllLines(path, Sentences(count, 1).Select((s, i) => $"{s.Text}\t{Label(s.IsGood, i)}").Prepend("sentence\tlabel"));
        return path;

        string Label(bool isGood, int i) =>
            labels.Length == 0 ? (isGood ? "1" : "0") : labels.Length == 3 && i % 5 == 0 ? labels[2] : labels[isGood ? 0 : 1];
    }

    private static IEnumerable<(string Text, bool IsGood)> Sentences(int count, int seed)
    {
        var random = new Random(seed);
        string Of(string[] words) => words[random.Next(words.Length)];
        for (var i = 0; i < count; i++)
        {
            var isGood = random.Next(2) == 0;
            var words = isGood ? Praise : Blame;
            var text = random.Next(2) == 0
                ? $"a {Of(words)} {Of(Things)} with a {Of(words)} {Of(Things)}"
                : $"the {Of(Things)} is {Of(words)} and the {Of(Things)} is {Of(words)}";
            yield return (text, isGood);
        }
    }

    private static int Right(ModelSession session, string model)
    {
        var tokenizer = FolderTokenizer.Read(model)!;
        var text = new TokenizedText();
        var right = 0;
        foreach (var (sentence, isGood) in Sentences(60, 77))
        {
            tokenizer.Encode(sentence, text);
            HostTensor Of(Func<int, long> value) => HostTensor.Of([1, text.Count], [.. Enumerable.Range(0, text.Count).Select(value)]);
            var logits = session.Run([Of(i => text.Ids[i]), Of(_ => 1), Of(i => text.TypeIds[i])])[0].As<float>();
            right += logits[1] > logits[0] == isGood ? 1 : 0;
        }

        return right;
    }

    /// <summary>Stops a run when it says something.</summary>
    private sealed class Stopping(string word, CancellationTokenSource source) : StringWriter(CultureInfo.InvariantCulture)
    {
        public override void WriteLine(string? value)
        {
            if (value?.StartsWith(word, StringComparison.Ordinal) == true)
            {
                source.Cancel();
            }
        }
    }
}
