using System.Numerics.Tensors;

namespace SemanticSearch;

/// <summary>Chunks with their vectors, and the fingerprint of the model that made them.</summary>
internal sealed class SearchIndex(string fingerprint, IReadOnlyList<Chunk> chunks, float[][] vectors)
{
    public string Fingerprint => fingerprint;

    public IReadOnlyList<Chunk> Chunks => chunks;

    /// <summary>The chunks nearest to a vector. Vectors have length 1, so their dot product is the cosine.</summary>
    public IEnumerable<(float Similarity, Chunk Chunk)> Nearest(float[] query, int count) =>
        vectors.Select((vector, i) => (TensorPrimitives.Dot<float>(vector, query), chunks[i]))
            .OrderByDescending(hit => hit.Item1)
            .Take(count);

    public void Save(string path)
    {
        var unfinished = path + ".unfinished";
        using (var writer = new BinaryWriter(File.Create(unfinished)))
        {
            writer.Write(fingerprint);
            writer.Write(chunks.Count);
            writer.Write(vectors.Length > 0 ? vectors[0].Length : 0);
            for (var i = 0; i < chunks.Count; i++)
            {
                writer.Write(chunks[i].File);
                writer.Write(chunks[i].Line);
                writer.Write(chunks[i].Text);
                foreach (var element in vectors[i])
                {
                    writer.Write(element);
                }
            }
        }

        File.Move(unfinished, path, overwrite: true);
    }

    public static SearchIndex? Open(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        using var reader = new BinaryReader(File.OpenRead(path));
        var fingerprint = reader.ReadString();
        var (count, dimensions) = (reader.ReadInt32(), reader.ReadInt32());
        var chunks = new Chunk[count];
        var vectors = new float[count][];
        for (var i = 0; i < count; i++)
        {
            chunks[i] = new Chunk(reader.ReadString(), reader.ReadInt32(), reader.ReadString());
            vectors[i] = new float[dimensions];
            for (var j = 0; j < dimensions; j++)
            {
                vectors[i][j] = reader.ReadSingle();
            }
        }

        return new SearchIndex(fingerprint, chunks, vectors);
    }
}
