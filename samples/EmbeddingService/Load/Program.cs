using System.Diagnostics;
using System.Net.Http.Json;
using System.Numerics.Tensors;
using EmbeddingService;
using Load;

// The same service three times, its vectors made by compiled models and by ONNX Runtime, under the same load, turn by turn in one process.
// load MODEL.onnx [clients] [seconds a turn]
var clients = args.Length > 1 ? int.Parse(args[1]) : 8;
var turn = TimeSpan.FromSeconds(args.Length > 2 ? double.Parse(args[2]) : 4);
string[] texts =
[
    "A man is eating food.", "How do I reset my password?", "The parcel that I ordered two weeks ago has still not arrived, and nobody answers the telephone.",
    "cheap flights to Lisbon", "The committee agreed on a budget for the coming year, subject to the approval of both chambers.", "Is this jacket waterproof?",
    "The quick brown fox jumps over the lazy dog.", "Opening hours on public holidays",
];

using var compiled = Embeddings.Load();
using var int8 = EmbeddingsInt8.Load();
using var onnxRuntime = new OnnxRuntimeModel(args[0], compiled.Tokenizer, compiled.MaxTextTokens);
foreach (var text in texts)
{
    var ofFloats = TensorPrimitives.CosineSimilarity<float>(compiled.Embed(text), onnxRuntime.Embed(text));
    var ofIntegers = TensorPrimitives.CosineSimilarity<float>(int8.Embed(text), onnxRuntime.Embed(text));
    Console.WriteLine($"cosine to ONNX Runtime: fp32 {ofFloats:F6}, int8 {ofIntegers:F6}");
}

(string Name, Func<string, float[]> Embed, List<double> Milliseconds, List<double> Rates)[] services =
[
    ("CompiledBert fp32", t => compiled.Embed(t), [], []),
    ("ONNX Runtime fp32", onnxRuntime.Embed, [], []),
    ("CompiledBert int8", t => int8.Embed(t), [], []),
];
const int Turns = 3;
for (var round = -1; round < Turns; round++)
{
    foreach (var service in services)
    {
        await using var app = EmbeddingEndpoints.Create([], service.Embed);
        app.Urls.Add("http://127.0.0.1:0");
        await app.StartAsync();
        var (rate, milliseconds) = await Press(app.Urls.First(), round < 0 ? turn / 2 : turn);
        if (round >= 0)
        {
            service.Rates.Add(rate);
            service.Milliseconds.AddRange(milliseconds);
        }

        await app.StopAsync();
    }
}

Console.WriteLine(
    $"{clients} clients, {Turns} turns of {turn.TotalSeconds} s each, "
        + $"{Environment.ProcessorCount} processors, {CompiledBert.Instructions.Description}");
Console.WriteLine("| service | requests/s | p50 ms | p99 ms |\n|---|---|---|---|");
foreach (var service in services)
{
    service.Milliseconds.Sort();
    service.Rates.Sort();
    Console.WriteLine($"| {service.Name} | {service.Rates[Turns / 2]:F0} | {At(service.Milliseconds, 0.5):F1} | {At(service.Milliseconds, 0.99):F1} |");
}

static double At(List<double> sorted, double part) => sorted[(int)((sorted.Count - 1) * part)];

async Task<(double Rate, IEnumerable<double> Milliseconds)> Press(string url, TimeSpan time)
{
    using var http = new HttpClient { BaseAddress = new Uri(url) };
    var watch = Stopwatch.StartNew();
    var results = await Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(async () =>
    {
        var milliseconds = new List<double>();
        for (var i = client; watch.Elapsed < time; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var response = await http.PostAsync(
                "/embed", JsonContent.Create(new EmbedRequest(texts[i % texts.Length]), EmbeddingJson.Default.EmbedRequest));
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsByteArrayAsync();
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        return milliseconds;
    })));
    var all = results.SelectMany(r => r).ToArray();
    return (all.Length / watch.Elapsed.TotalSeconds, all);
}
