namespace CompiledBert;

/// <summary>What a compiled model knows about itself.</summary>
public sealed class ModelInfo
{
    /// <summary>Name of the class.</summary>
    public required string Name { get; init; }

    /// <summary>File name of the model that it was compiled from, without its folder.</summary>
    public required string Source { get; init; }

    /// <summary>How many nodes that file has.</summary>
    public int SourceNodes { get; init; }

    /// <summary>How many fused steps a call runs.</summary>
    public int Steps { get; init; }

    /// <summary>Length of the packed weights in bytes, header included.</summary>
    public required long WeightsBytes { get; init; }

    /// <summary>SHA-256 of the packed weights that follow the header, 64 hexadecimal digits.</summary>
    public required string WeightsHash { get; init; }

    /// <summary>
    /// Where in the packed weights the first matrix of a product begins, in bytes. Before it are tables, of which a call reads some
    /// rows; what follows is read by every call.
    /// </summary>
    public long ProductsAt { get; init; }

    /// <summary>The name, the file it came from, and the instructions that it runs on here.</summary>
    public override string ToString() => $"{Name} ({Source}, {Instructions.Description})";
}
