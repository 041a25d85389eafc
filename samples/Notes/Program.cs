using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;
using Notes;

if (args is not [var path, "add" or "find", _, ..])
{
    Console.Error.WriteLine("notes FILE add TEXT... | notes FILE find QUERY");
    return 2;
}

using var model = Embeddings.Load();
using var file = new NoteCollection(path, model.AsEmbeddingGenerator());
await file.EnsureCollectionExistsAsync();
if (file.EmbeddedAnew > 0)
{
    Console.WriteLine($"The model changed: {file.EmbeddedAnew} notes embedded anew");
}

// From here on it could be any store's collection.
VectorStoreCollection<string, Note> notes = file;
if (args[1] == "add")
{
    await notes.UpsertAsync(args[2..].Select(text =>
        new Note { Key = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..8], Text = text }));
    return 0;
}

await foreach (var hit in notes.SearchAsync(string.Join(' ', args[2..]), top: 3))
{
    Console.WriteLine($"{hit.Score:F2}  {hit.Record.Key}  {hit.Record.Text}");
}

return 0;
