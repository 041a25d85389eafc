using System.Buffers.Binary;

namespace CompiledBert;

/// <summary>
/// The first 64 bytes of a file of packed weights: <c>CBERTW01</c>, the length of the whole in bytes (64 bits, little endian), the SHA-256 of everything
/// after the header (32 bytes), and 16 zeros.
/// </summary>
/// <remarks>An emitted class knows length and hash as constants: a file of another model, or of another build of the same model, is refused at once.</remarks>
internal static class WeightsHeader
{
    /// <summary>Length of the header in bytes.</summary>
    public const int Bytes = 64;

    private const int LengthAt = 8;
    private const int HashAt = 16;
    private const int HashBytes = 32;

    private static ReadOnlySpan<byte> Magic => "CBERTW01"u8;

    /// <summary>Holds what lies at a place against what the emitted class expects.</summary>
    /// <param name="start">The first bytes of the weights, fewer than 64 where there are no more.</param>
    /// <param name="available">How many bytes there are in all.</param>
    /// <param name="info">What is expected.</param>
    /// <param name="place">Where the weights come from, for the message.</param>
    /// <exception cref="InvalidDataException">They are not the weights of this model, or are cut short.</exception>
    public static void Check(ReadOnlySpan<byte> start, long available, ModelInfo info, string place)
    {
        if (start.Length < Bytes || !start.StartsWith(Magic))
        {
            throw new InvalidDataException(
                $"{place} holds no packed weights of CompiledBert (it is {available} bytes long and must begin with CBERTW01). {Remedy(info)}");
        }

        var hash = Convert.ToHexStringLower(start.Slice(HashAt, HashBytes));
        var length = BinaryPrimitives.ReadInt64LittleEndian(start[LengthAt..]);
        if (length != info.WeightsBytes || !hash.Equals(info.WeightsHash, StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidDataException(
                $"{place} holds the weights of another model, or of another build of it: {length} bytes with hash {hash}, where the class {info.Name} "
                + $"was compiled for {info.WeightsBytes} bytes with hash {info.WeightsHash}. {Remedy(info)}");
        }

        if (available < length)
        {
            throw new InvalidDataException($"{place} is cut short: the weights of {info.Name} are {length} bytes, {available} are there. {Remedy(info)}");
        }
    }

    /// <summary>The sentence that says what to do.</summary>
    public static string Remedy(ModelInfo info) => $"Build again, and deploy the class {info.Name} and its weights from one build.";
}
