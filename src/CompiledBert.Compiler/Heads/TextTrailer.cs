using System.Runtime.InteropServices;

namespace CompiledBert.Compiler.Heads;

/// <summary>
/// What follows the weights of the network in the blob: the compiled tokenizer, then the layers behind the pooling, each at a multiple of 64 bytes.
/// </summary>
internal sealed class TextTrailer
{
    private const int Alignment = 64;

    public TextTrailer(byte[] tokenizer, IReadOnlyList<DenseModule> dense)
    {
        Tokenizer = tokenizer;
        var at = new List<int>();
        using var all = new MemoryStream();
        all.Write(tokenizer);
        foreach (var layer in dense)
        {
            all.SetLength((all.Length + Alignment - 1) / Alignment * Alignment);
            all.Position = all.Length;
            at.Add((int)all.Length);
            all.Write(MemoryMarshal.AsBytes<float>(layer.Weights));
        }

        (Bytes, DenseAt) = (all.ToArray(), at);
    }

    /// <summary>The compiled tokenizer, with which they begin.</summary>
    public byte[] Tokenizer { get; }

    /// <summary>All bytes.</summary>
    public byte[] Bytes { get; }

    /// <summary>Where each layer's weights begin.</summary>
    public IReadOnlyList<int> DenseAt { get; }
}
