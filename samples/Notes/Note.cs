using Microsoft.Extensions.VectorData;

namespace Notes;

/// <summary>
/// A note as every store of Microsoft.Extensions.VectorData understands it: where the vector is a text, the store makes it with its generator.
/// </summary>
internal sealed class Note
{
    [VectorStoreKey]
    public required string Key { get; init; }

    [VectorStoreData]
    public required string Text { get; init; }

    [VectorStoreVector(384)]
    public string Embedding => Text;
}
