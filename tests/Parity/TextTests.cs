using System.Globalization;
using System.Text.Json;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Parity.Fixtures;
using CompiledBert.Text;
using Xunit.Abstractions;

namespace CompiledBert.Parity;

/// <summary>Texts in, answers out, by the methods that users call: what the reference says of whole data sets, and calls from everywhere at once.</summary>
public sealed class TextTests(ITestOutputHelper log)
{
    private const string MiniLm = "real/all-MiniLM-L6-v2.onnx";
    private const string Sentiment = "demo/sentiment/sentiment.onnx";
    private const string Names = "demo/ner/ner.onnx";

    private delegate Classification Classify(ReadOnlySpan<char> text, CancellationToken cancellationToken);

    private delegate Tags<WordTag> TagWords(IReadOnlyList<string> words, CancellationToken cancellationToken);

    [SharedModelFact(MiniLm)]
    public void Sentences_are_as_near_to_each_other_as_people_say()
    {
        using var session = Load(MiniLm, Precision.Fp32, "all-MiniLM-L6-v2-files");
        var embedder = ((IEmbeddingModel)session.Model).Embedder;
        var rows = File.ReadLines(Data("stsb/sts-test.csv")).Select(line => line.Split('\t')).ToList();
        var first = embedder.EmbedAll(rows.Select(row => row[5]), null, null, default);
        var second = embedder.EmbedAll(rows.Select(row => row[6]), null, null, default);
        var nearness = first.Zip(second, (a, b) => a.Zip(b).Sum(p => (double)p.First * p.Second)).ToList();
        var spearman = Statistics.Spearman(nearness, rows.ConvertAll(row => double.Parse(row[4], CultureInfo.InvariantCulture)));
        log.WriteLine($"Spearman {spearman:0.00000}");
        Assert.Equal(1379, rows.Count);
        Assert.Equal(256, embedder.MaxTokens);
        Assert.InRange(spearman, 0.8203 - 0.0003, 0.8203 + 0.0003);
        for (var i = 0; i < rows.Count; i += 17)
        {
            Assert.Equal(embedder.Embed(rows[i][5], null, default), first[i]);
        }
    }

    [SharedModelFact(Sentiment)]
    public void Every_sentence_is_classified_as_the_reference_does()
    {
        using var session = Load(Sentiment, Precision.Fp32);
        var classify = session.Model.GetType().GetMethod("Classify")!.CreateDelegate<Classify>(session.Model);
        string[] labels = ["negative", "positive"];
        foreach (var line in Lines("sst2/test-sentiment.jsonl"))
        {
            var text = line.GetProperty("text").GetString()!;
            float[] logits = [.. line.GetProperty("logits").EnumerateArray().Select(l => l.GetSingle())];
            var result = classify(text, default);
            Assert.True(labels[logits[0] > logits[1] ? 0 : 1] == result.Label, text);
            Assert.True(
                logits.Zip(result.Logits).All(p => Math.Abs(p.First - p.Second) < 1e-3),
                $"{text}: {string.Join(' ', logits)} and {string.Join(' ', result.Logits)}");
            Assert.False(result.IsTruncated);
        }
    }

    [SharedModelFact(Names)]
    public void Every_word_is_tagged_as_the_reference_does()
    {
        using var session = Load(Names, Precision.Fp32);
        var tag = session.Model.GetType().GetMethod("TagWords")!.CreateDelegate<TagWords>(session.Model);
        var sentences = 0;
        foreach (var line in Lines("conll2003/test-ner.jsonl"))
        {
            string[] words = Texts(line, "words"), expected = Texts(line, "predicted");
            var own = tag(words, default).Select(t => t.Label).Take(expected.Length);
            Assert.True(expected.SequenceEqual(own), $"{string.Join(' ', words)}:\n{string.Join(' ', expected)}\n{string.Join(' ', own)}");
            sentences++;
        }

        Assert.Equal(3453, sentences);
    }

    [SharedModelFact(Names)]
    public void Integers_find_as_many_names_as_floats()
    {
        var (floats, integers) = (Score(Precision.Fp32), Score(Precision.Int8));
        log.WriteLine($"entity F1 in floats {floats:0.0000}, in integers {integers:0.0000}");
        Assert.InRange(floats, 0.799 - 0.001, 0.799 + 0.001);
        Assert.InRange(integers, floats - 0.005, 1);
    }

    [SharedModelFact(Sentiment)]
    public async Task Calls_from_many_threads_give_what_they_give_alone()
    {
        using var session = Load(Sentiment, Precision.Fp32);
        session.Model.Threads = 2;
        var classify = session.Model.GetType().GetMethod("Classify")!.CreateDelegate<Classify>(session.Model);
        string[] texts = [.. Lines("sst2/test-sentiment.jsonl").Take(100).Select(l => l.GetProperty("text").GetString()!)];
        var expected = texts.Select(t => classify(t, default).Logits).ToArray();
        var before = 0L;
        for (var round = 0; round < 2; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 64).Select(thread => Task.Factory.StartNew(
                () =>
                {
                    for (var i = 0; i < 500; i++)
                    {
                        var at = ((thread * 31) + i) % texts.Length;
                        Assert.Equal(expected[at], classify(texts[at], default).Logits);
                    }
                },
                TaskCreationOptions.LongRunning)));
            GC.Collect();
            var now = GC.GetTotalMemory(forceFullCollection: true);
            Assert.True(round == 0 || now < before + (1 << 20), $"{now - before} bytes more than after the first round");
            before = now;
        }
    }

    private static double Score(Precision precision)
    {
        using var session = Load(Names, precision);
        var tag = session.Model.GetType().GetMethod("TagWords")!.CreateDelegate<TagWords>(session.Model);
        var (right, found, all) = (0, 0, 0);
        foreach (var sentence in Sentences())
        {
            var expected = Spans([.. sentence.Select(w => w.Tag)]);
            var own = Spans([.. tag([.. sentence.Select(w => w.Word)], default).Select(t => t.Label)]);
            right += own.Intersect(expected).Count();
            found += own.Count;
            all += expected.Count;
        }

        return 2.0 * right / (found + all);
    }

    private static List<(int Start, int End, string Type)> Spans(string[] tags)
    {
        var spans = new List<(int Start, int End, string Type)>();
        for (var i = 0; i < tags.Length; i++)
        {
            if (tags[i] == "O")
            {
                continue;
            }

            var goesOn = tags[i][0] == 'I' && i > 0 && tags[i - 1] != "O" && tags[i - 1][2..] == tags[i][2..];
            if (goesOn)
            {
                spans[^1] = spans[^1] with { End = i + 1 };
            }
            else
            {
                spans.Add((i, i + 1, tags[i][2..]));
            }
        }

        return spans;
    }

    private static IEnumerable<List<(string Word, string Tag)>> Sentences()
    {
        var sentence = new List<(string Word, string Tag)>();
        foreach (var line in File.ReadLines(Data("conll2003/test.txt")).Append(""))
        {
            if (line.Trim().Length > 0)
            {
                var parts = line.Split([' ', '\t']);
                sentence.Add((parts[0], parts[1]));
            }
            else if (sentence.Count > 0)
            {
                yield return sentence;
                sentence = [];
            }
        }
    }

    private static ModelSession Load(string model, Precision precision, string? files = null) =>
        ModelSession.Compile(new CompileOptions { ModelPath = RepositoryFiles.Shared(model)!, Precision = precision, Text = true, TokenizerFolder = files });

    private static string Data(string file) => Path.Combine(RepositoryFiles.SharedModels!, "..", "data", file);

    private static IEnumerable<JsonElement> Lines(string file) =>
        File.ReadLines(Data(file)).Where(line => line.Length > 0).Select(line => JsonDocument.Parse(line).RootElement);

    private static string[] Texts(JsonElement line, string name) => [.. line.GetProperty(name).EnumerateArray().Select(t => t.GetString()!)];
}
