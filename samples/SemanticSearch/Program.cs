using System.Diagnostics;
using SemanticSearch;

if (args.Length < 2 || !Directory.Exists(args[0]))
{
    Console.Error.WriteLine("semantic-search FOLDER QUERY...");
    return 2;
}

var path = Path.Combine(args[0], ".semantic-index");
using var model = Embeddings.Load();
model.Threads = Environment.ProcessorCount;

var chunks = Chunk.Of(args[0]).ToArray();
var index = SearchIndex.Open(path);
if (index is null || index.Fingerprint != model.Fingerprint || !index.Chunks.SequenceEqual(chunks))
{
    // Vectors of another model, or of the same one with another tokenizer, mean nothing beside those of this one.
    Console.WriteLine(
        index is null
            ? $"Indexing {chunks.Length} paragraphs"
            : $"The {(index.Fingerprint != model.Fingerprint ? "model" : "folder")} changed: indexing {chunks.Length} paragraphs");
    var watch = Stopwatch.StartNew();
    var vectors = model.EmbedAll(chunks.Select(c => c.Text), new ProgressLine(chunks.Length));
    index = new SearchIndex(model.Fingerprint, chunks, vectors);
    index.Save(path);
    Console.WriteLine($"\r{chunks.Length} paragraphs in {watch.Elapsed.TotalSeconds:F1} s          ");
}

foreach (var (similarity, chunk) in index.Nearest(model.Embed(string.Join(' ', args[1..])), 3))
{
    Console.WriteLine($"{similarity:F2}  {chunk.File}:{chunk.Line}  {(chunk.Text.Length > 90 ? chunk.Text[..90] + "…" : chunk.Text)}");
}

return 0;

/// <summary>Progress on one line of the console.</summary>
internal sealed class ProgressLine(int total) : IProgress<int>
{
    public void Report(int value)
    {
        if (!Console.IsOutputRedirected)
        {
            Console.Write($"\r{value} of {total}");
        }
    }
}
