using System.Text.Json;
using System.Text.Json.Serialization;

namespace Notes;

/// <summary>What is kept of a note.</summary>
internal sealed record StoredNote(string Text, float[] Vector);

/// <summary>The file of a collection: the fingerprint of the model that made the vectors, and the notes by key.</summary>
internal sealed record NoteFile(string Fingerprint, SortedDictionary<string, StoredNote> Notes)
{
    public static NoteFile? Read(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var stream = File.OpenRead(path);
        return JsonSerializer.Deserialize(stream, NoteJson.Default.NoteFile);
    }

    /// <summary>Writes the file beside its place and moves it there, so that it is never half a file.</summary>
    public void Write(string path)
    {
        var unfinished = path + ".unfinished";
        using (var stream = File.Create(unfinished))
        {
            JsonSerializer.Serialize(stream, this, NoteJson.Default.NoteFile);
        }

        File.Move(unfinished, path, overwrite: true);
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(NoteFile))]
internal sealed partial class NoteJson : JsonSerializerContext;
