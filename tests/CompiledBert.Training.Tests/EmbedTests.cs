using System.Globalization;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using CompiledBert.Compiler.Onnx.Writing;
using CompiledBert.Search.Graphs;
using CompiledBert.Text;
using CompiledBert.Training.Data;
using CompiledBert.Training.Models;
using CompiledBert.Training.Runs;
using CompiledBert.Training.Tasks;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tests;

/// <summary>From an embedding model and texts without labels to a smaller one whose vectors are near to its.</summary>
public sealed class EmbedTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cbert-embed").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [TorchFact]
    public void A_search_without_labels_ends_with_a_model_whose_vectors_are_near_the_teachers()
    {
        var teacher = Teacher("mean");
        var request = new SearchRequest
        {
            Task = TaskKind.Embed, Teacher = teacher, Train = Texts(), MaxTokens = 32,
            Targets = ["cortex-a76"], Budget = "0.2ms@16", Precision = Precision.Int8,
        }.Preset("minute") with { Candidates = 4, Recipe = new() { Epochs = 12, Rate = 1e-3, BatchSize = 16 } };
        var result = SearchRun.Run(request, Path.Combine(_folder, "run"), false, TextWriter.Null, CancellationToken.None);
        Assert.Equal("cosine", result.Measure);
        Assert.InRange(result.Accuracy, 0.9, 1);
        Assert.Equal(1, result.TeacherAccuracy, 1e-5);

        using var large = ModelSession.Compile(new CompileOptions { ModelPath = teacher, Name = "Teacher", Text = true });
        using var small = ModelSession.Compile(new CompileOptions { ModelPath = result.Model, Name = "Found", Precision = Precision.Int8, Text = true });
        Assert.Equal((HeadKind.Embed, true, 32), (small.Plan.Head!.Kind, small.Plan.Head.Normalizes, small.Plan.Head.MaxTokens));
        Assert.Equal(Dimensions(large), Dimensions(small));
        Assert.InRange(Sentences(2).Take(20).Average(s => Embed(large, s).Zip(Embed(small, s), (a, b) => a * b).Sum()), 0.88, 1);

        // What was found can be searched again: it is a teacher as it is.
        var again = EmbedTask.Of(result.Model, null).Begin(BertReader.Read(result.Model), 0, 32, 0);
        Assert.Equal((Dimensions(small), Search.Space.Pooling.Mean), (again.Task.Outputs, again.Task.Pooling));
    }

    [TorchTheory]
    [InlineData("mean")]
    [InlineData("cls")]
    public void What_a_teacher_says_of_a_text_is_what_it_embeds_once_compiled(string pooling)
    {
        var path = Teacher(pooling);
        var (task, weights) = EmbedTask.Of(path, null).Begin(BertReader.Read(path), 0, 128, 0);
        Agrees(path, null, task, weights);
    }

    [TorchFact("real/all-MiniLM-L6-v2.onnx")]
    public void A_model_that_everybody_downloads_is_a_teacher_as_it_is()
    {
        var path = RepositoryFiles.Shared("real/all-MiniLM-L6-v2.onnx")!;
        var folder = Path.GetDirectoryName(RepositoryFiles.Shared("real/all-MiniLM-L6-v2-files/tokenizer.json"))!;
        var (task, weights) = EmbedTask.Of(path, folder).Begin(BertReader.Read(path), 0, 128, 0);
        Assert.Equal((384, Search.Space.Pooling.Mean), (task.Outputs, task.Pooling));
        Agrees(path, folder, task, weights);
    }

    [TorchFact]
    public void What_cannot_be_had_is_said()
    {
        string Code(Action action) => Assert.Throws<CompileException>(action).Diagnostic.Code;
        var train = new TrainRequest { Task = TaskKind.Embed, Model = Teacher("mean"), Train = Texts() };
        Assert.Equal("CBERT0003", Code(() => TrainRun.Run(train, Path.Combine(_folder, "a"), false, TextWriter.Null, CancellationToken.None)));
        Assert.Equal("CBERT0803", Code(() => EmbedTask.Of(Teacher("max"), null)));
        File.Delete(Path.Combine(_folder, "teacher-mean", "1_Pooling", "config.json"));
        Assert.Equal("CBERT0604", Code(() => EmbedTask.Of(Path.Combine(_folder, "teacher-mean", "model.onnx"), null)));
        var empty = Path.Combine(_folder, "empty.txt");
        File.WriteAllText(empty, "text\tlabel\n\n");
        Assert.Equal("CBERT0804", Code(() => PlainTexts.Read(empty, FolderTokenizer.Read(Toy.MovieMood)!, 16, "")));
    }

    [Fact]
    public void Texts_are_read_once_each_from_the_first_column()
    {
        var path = Path.Combine(_folder, "texts.tsv");
        File.WriteAllText(path, "sentence\tlabel\na film\t1\n\na film\t0\nbad\n");
        var tokenizer = FolderTokenizer.Read(Toy.MovieMood)!;
        var texts = PlainTexts.Read(path, tokenizer, 16, "");
        Assert.Equal([4, 3], texts.Examples.Select(e => e.Ids.Length));
        Assert.All(texts.Examples, e => Assert.Equal(Example.NoLabel, e.Label));
        Assert.Empty(texts.Labels);
        Assert.Equal(texts.Examples[0].Ids[1], PlainTexts.Read(path, tokenizer, 16, "a ").Examples[1].Ids[1]);
    }

    private static void Agrees(string path, string? folder, Search.Space.BertTask task, Dictionary<string, Compiler.Graph.TensorData> weights)
    {
        using var model = new TorchBert(BertReader.Read(path).Shape, task, weights);
        using var session = ModelSession.Compile(new CompileOptions { ModelPath = path, TokenizerFolder = folder, Name = "Teacher", Text = true });
        using var none = no_grad();
        var (tokenizer, text) = (FolderTokenizer.Read(path, folder)!, new TokenizedText());
        foreach (var sentence in Sentences(3).Take(3))
        {
            tokenizer.Encode(sentence, text);
            using var batch = Batch.Of([new Example(text.Ids.ToArray(), new byte[text.Count], Example.NoLabel)]);
            var said = model.Forward(batch).Results.data<float>().ToArray();
            var length = Math.Sqrt(said.Sum(x => (double)x * x));
            Assert.All(Embed(session, sentence).Zip(said), p => Assert.Equal(p.Second / length, p.First, 1e-5));
        }
    }

    private static int Dimensions(ModelSession session) => Embed(session, "a film").Length;

    private static float[] Embed(ModelSession session, string text) =>
        (float[])session.Model.GetType()
            .GetMethod("Embed", [typeof(string), typeof(CancellationToken)])!
            .Invoke(session.Model, [text, CancellationToken.None])!;

    /// <summary>An embedding model as exporters write them: a vector for every token, and files that say how they are pooled.</summary>
    private string Teacher(string pooling)
    {
        var folder = Path.Combine(_folder, "teacher-" + pooling);
        Directory.CreateDirectory(Path.Combine(folder, "1_Pooling"));
        var source = Toy.MovieMood;
        foreach (var name in new[] { "tokenizer.json", "tokenizer_config.json", "vocab.txt" })
        {
            File.Copy(Path.Combine(Path.GetDirectoryName(source)!, name), Path.Combine(folder, name), overwrite: true);
        }

        const string Type = "\"type\": \"sentence_transformers.models.";
        File.WriteAllText(
            Path.Combine(folder, "modules.json"),
            $"[{{\"path\": \"\", {Type}Transformer\"}}, {{\"path\": \"1_Pooling\", {Type}Pooling\"}}, {{\"path\": \"2_Normalize\", {Type}Normalize\"}}]");
        File.WriteAllText(Path.Combine(folder, "1_Pooling", "config.json"), $"{{\"pooling_mode\": \"{pooling}\"}}");
        var (read, width) = (BertReader.Read(source), BertReader.Read(source).Shape.Width);
        var identity = Enumerable.Range(0, width * width).Select(i => i / width == i % width ? 1f : 0).ToArray();
        var weights = read.Weights.ToDictionary(w => w.Key, w => w.Value, StringComparer.Ordinal);
        weights[WeightNames.Classifier + ".weight"] = Compiler.Graph.TensorData.FromFloats([width, width], identity);
        weights[WeightNames.Classifier + ".bias"] = Compiler.Graph.TensorData.FromFloats([width], new float[width]);
        var task = read.Task with { Outputs = width, Pooling = Search.Space.Pooling.None, HasPooler = false };
        var path = Path.Combine(folder, "model.onnx");
        using var stream = File.Create(path);
        OnnxWriter.Write(BertGraph.Of(read.Shape, task, new KnownBertWeights(weights), "last_hidden_state"), stream);
        return path;
    }

    private string Texts()
    {
        var path = Path.Combine(_folder, "texts.txt");
        File.WriteAllLines(path, Sentences(1));
        return path;
    }

    private static List<string> Sentences(int seed)
    {
        string[] kinds = ["good", "great", "dull", "bland", "witty", "poor", "long", "quiet"],
            things = ["film", "movie", "plot", "story", "cast", "music", "script", "house", "river", "city"];
        var random = new Random(seed);
        string Of(string[] words) => words[random.Next(words.Length)];
        return Enumerable.Range(0, 400)
            .Select(i => string.Create(CultureInfo.InvariantCulture, $"the {Of(kinds)} {Of(things)} number {random.Next(50)} has a {Of(kinds)} {Of(things)}"))
            .ToList();
    }
}
