using System.Text.Json;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Parity.Fixtures;
using Xunit.Abstractions;

namespace CompiledBert.Parity;

/// <summary>What 8-bit integers cost in results that people look at: sentences compared, classified, tagged.</summary>
public sealed class IntegerAccuracyTests(ITestOutputHelper log)
{
    private const string MiniLm = "real/all-MiniLM-L6-v2.onnx";
    private const string Quantised = "real/all-MiniLM-L6-v2-q.onnx";
    private const string Sentiment = "demo/sentiment/sentiment.onnx";
    private const string Tagger = "demo/ner/ner.onnx";

    [SharedModelFact(MiniLm)]
    public void Sentences_are_as_near_to_each_other_as_in_floats()
    {
        var pairs = Lines("stsb/test-minilm.jsonl");
        using var floats = Load(MiniLm, Precision.Fp32);
        using var integers = Load(MiniLm, Precision.Int8);
        var cosines = new List<double>();
        var (nearness, scores) = (new List<double>(), new List<double>());
        foreach (var pair in pairs)
        {
            float[][] own = [.. new[] { "a", "b" }.Select(side =>
            {
                var ids = Ids(pair, side);
                var (embedding, reference) = (Embed(integers, ids), Embed(floats, ids));
                cosines.Add(Cosine(embedding, reference));
                return embedding;
            })];
            nearness.Add(Cosine(own[0], own[1]));
            scores.Add(pair.GetProperty("score").GetDouble());
        }

        var spearman = Statistics.Spearman(nearness, scores);
        log.WriteLine($"Spearman {spearman:0.00000}, cosine to floats: mean {cosines.Average():0.00000}, least {cosines.Min():0.00000}");
        Assert.Equal(1379, pairs.Count);
        Assert.InRange(spearman, 0.8203 - 0.0005, 1);
        Assert.InRange(cosines.Average(), 0.997, 1);
        Assert.InRange(cosines.Min(), 0.985, 1);
    }

    [SharedModelTheory(MiniLm)]
    [InlineData(128)]
    [InlineData(256)]
    [InlineData(512)]
    public void Long_texts_are_where_they_are_in_floats(int tokens)
    {
        // Sentences one after the other, between the first one's marks.
        var sentences = Lines("stsb/test-minilm.jsonl").Take(600).Select(pair => Ids(pair, "a")).ToList();
        var texts = sentences.SelectMany(ids => ids[1..^1]).Chunk(tokens - 2).Where(text => text.Length == tokens - 2).Take(24);
        using var floats = Load(MiniLm, Precision.Fp32);
        using var integers = Load(MiniLm, Precision.Int8);
        var cosines = texts
            .Select(text => (long[])[sentences[0][0], .. text, sentences[0][^1]])
            .Select(ids => Cosine(Embed(integers, ids), Embed(floats, ids))).ToList();
        log.WriteLine($"{tokens} tokens, {cosines.Count} texts: cosine to floats: mean {cosines.Average():0.00000}, least {cosines.Min():0.00000}");
        Assert.InRange(cosines.Average(), 0.997, 1);
        Assert.InRange(cosines.Min(), 0.985, 1);
    }

    [SharedModelFact(Quantised)]
    public void A_quantised_file_compares_sentences_as_onnx_runtime_does()
    {
        var pairs = Lines("stsb/test-minilm.jsonl");
        using var model = Load(Quantised, Precision.Fp32);
        var nearness = pairs.ConvertAll(pair => Cosine(Embed(model, Ids(pair, "a")), Embed(model, Ids(pair, "b"))));
        var spearman = Statistics.Spearman(nearness, pairs.ConvertAll(pair => pair.GetProperty("score").GetDouble()));
        log.WriteLine($"Spearman {spearman:0.00000}");
        Assert.All(model.Plan.Steps.OfType<LinearStep>(), step => Assert.True(step.IsInteger));
        Assert.InRange(spearman, 0.8195 - 0.0005, 1);
    }

    [SharedModelFact(Sentiment)]
    public void A_classifier_is_right_as_often_as_in_floats()
    {
        var lines = Lines("sst2/test-sentiment.jsonl");
        double Accuracy(Precision precision)
        {
            using var model = Load(Sentiment, precision);
            return lines.Average(line =>
            {
                var logits = Run(model, Ids(line, "ids"));
                return (logits[1] > logits[0] ? 1 : 0) == line.GetProperty("label").GetInt32() ? 1.0 : 0;
            });
        }

        var (floats, integers) = (Accuracy(Precision.Fp32), Accuracy(Precision.Int8));
        log.WriteLine($"accuracy in floats {floats:0.0000}, in integers {integers:0.0000}");
        Assert.InRange(integers, floats - 0.003, 1);
    }

    [SharedModelFact(Tagger)]
    public void A_tagger_finds_as_many_names_as_in_floats()
    {
        var lines = Lines("conll2003/test-ner.jsonl");
        using var floats = Load(Tagger, Precision.Fp32);
        using var integers = Load(Tagger, Precision.Int8);
        long same = 0, all = 0;
        foreach (var line in lines)
        {
            var ids = Ids(line, "ids");
            var (reference, own) = (Run(floats, ids), Run(integers, ids));
            var labels = own.Length / ids.Length;
            for (var t = 1; t < ids.Length - 1; t++)
            {
                same += Largest(reference.AsSpan(t * labels, labels)) == Largest(own.AsSpan(t * labels, labels)) ? 1 : 0;
                all++;
            }
        }

        // A tag in two hundred, most of them outside of names, moves the F1 by less than half a point.
        log.WriteLine($"the same tag for {(double)same / all:0.0000} of all pieces");
        Assert.InRange((double)same / all, 0.995, 1);
    }

    private static int Largest(ReadOnlySpan<float> values) => values.IndexOf(values.ToArray().Max());

    private static ModelSession Load(string model, Precision precision) =>
        ModelSession.Compile(new CompileOptions { ModelPath = RepositoryFiles.Shared(model)!, Precision = precision });

    private static List<JsonElement> Lines(string file)
    {
        var path = Path.Combine(RepositoryFiles.SharedModels!, "..", "data", file);
        return [.. File.ReadLines(path).Where(line => line.Length > 0).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private static long[] Ids(JsonElement line, string name) => [.. line.GetProperty(name).EnumerateArray().Select(id => id.GetInt64())];

    private static float[] Run(ModelSession model, long[] ids)
    {
        var inputs = model.Plan.Inputs.Select(input =>
        {
            var tensor = new HostTensor(input.Type, [1, ids.Length]);
            for (var i = 0; i < ids.Length; i++)
            {
                var isMask = input.Name.Contains("mask", StringComparison.Ordinal);
                var isType = input.Name.Contains("type", StringComparison.Ordinal);
                Elements.SetInteger(input.Type, tensor.Bytes, i, isMask ? 1 : isType ? 0 : ids[i]);
            }

            return tensor;
        });
        return System.Runtime.InteropServices.MemoryMarshal.Cast<byte, float>(model.Run([.. inputs])[0].Bytes).ToArray();
    }

    /// <summary>The mean of the last hidden states.</summary>
    private static float[] Embed(ModelSession model, long[] ids)
    {
        var states = Run(model, ids);
        var width = states.Length / ids.Length;
        return [.. Enumerable.Range(0, width).Select(i => (float)Enumerable.Range(0, ids.Length).Average(t => states[(t * width) + i]))];
    }

    private static double Cosine(float[] a, float[] b)
    {
        double ab = 0, aa = 0, bb = 0;
        for (var i = 0; i < a.Length; i++)
        {
            ab += (double)a[i] * b[i];
            aa += (double)a[i] * a[i];
            bb += (double)b[i] * b[i];
        }

        return ab / Math.Sqrt(aa * bb);
    }
}
