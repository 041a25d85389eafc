using System.Buffers.Binary;
using System.Runtime.InteropServices;
using CompiledBert.Text.Blob;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>The normalizer of a tokenizer's file as the steps of a blob.</summary>
internal static class NormalizerReader
{
    /// <summary>Writes the steps, their number first.</summary>
    public static void Write(BlobWriter blob, JsonPart part)
    {
        var steps = Steps(part).ToList();
        blob.Number(steps.Count);
        steps.ForEach(s => s(blob));
    }

    private static IEnumerable<Action<BlobWriter>> Steps(JsonPart part)
    {
        if (part.IsNull)
        {
            return [];
        }

        var type = part["type"].Text();
        return type switch
        {
            "Sequence" => part["normalizers"].Items().SelectMany(Steps),
            "BertNormalizer" or "Bert" => Bert(part),
            "NFD" => [Plain(NormalizerKind.CanonicalDecomposition)],
            "NFC" => [Plain(NormalizerKind.CanonicalComposition)],
            "NFKD" => [Plain(NormalizerKind.CompatibilityDecomposition)],
            "NFKC" => [Plain(NormalizerKind.CompatibilityComposition)],
            "Lowercase" => [Plain(NormalizerKind.Lowercase)],
            "StripAccents" => [Plain(NormalizerKind.DropMarks)],
            "Nmt" => [Plain(NormalizerKind.Nmt)],
            "ByteLevel" => [Plain(NormalizerKind.ByteAlphabet)],
            "Strip" => [Strip(part["strip_left"].Flag(), part["strip_right"].Flag())],
            "Prepend" => [Prepend(part["prepend"].Text())],
            "Replace" => [Replace(part)],
            "Precompiled" => [CharacterMap(part["precompiled_charsmap"])],
            _ => throw part["type"].Unsupported("'" + type + "'"),
        };
    }

    private static Action<BlobWriter> Plain(NormalizerKind kind) => blob => blob.Kind(kind);

    private static IEnumerable<Action<BlobWriter>> Bert(JsonPart part)
    {
        var lowercase = part["lowercase"].Flag();
        if (part["clean_text"].Flag())
        {
            yield return Plain(NormalizerKind.Clean);
        }

        if (part["handle_chinese_chars"].Flag())
        {
            yield return Plain(NormalizerKind.Ideographs);
        }

        if (part["strip_accents"].Flag(lowercase))
        {
            yield return Plain(NormalizerKind.CanonicalDecomposition);
            yield return Plain(NormalizerKind.DropNonspacing);
        }

        if (lowercase)
        {
            yield return Plain(NormalizerKind.Lowercase);
        }
    }

    private static Action<BlobWriter> Strip(bool left, bool right) => blob =>
    {
        blob.Kind(NormalizerKind.Strip);
        blob.Flag(left);
        blob.Flag(right);
    };

    private static Action<BlobWriter> Prepend(string content) => blob =>
    {
        blob.Kind(NormalizerKind.Prepend);
        blob.Text(content);
    };

    private static Action<BlobWriter> Replace(JsonPart part) => blob =>
    {
        blob.Kind(NormalizerKind.Replace);
        PreTokenizerReader.WritePattern(blob, part["pattern"], replaces: true);
        blob.Text(part["content"].Text());
    };

    private static Action<BlobWriter> CharacterMap(JsonPart part)
    {
        var map = new byte[part.Text().Length];
        if (!Convert.TryFromBase64String(part.Text(), map, out var length) || length < sizeof(uint))
        {
            throw part.Invalid("is no character map");
        }

        var trieBytes = BinaryPrimitives.ReadUInt32LittleEndian(map);
        if (trieBytes < sizeof(uint) || trieBytes % sizeof(uint) != 0 || trieBytes > (uint)length - sizeof(uint))
        {
            throw part.Invalid("is no character map");
        }

        var units = MemoryMarshal.Cast<byte, uint>(map.AsSpan(sizeof(uint), (int)trieBytes)).ToArray();
        var replacements = map.AsSpan(sizeof(uint) + (int)trieBytes, length - sizeof(uint) - (int)trieBytes).ToArray();
        return blob =>
        {
            blob.Kind(NormalizerKind.CharacterMap);
            blob.Table<uint>(units);
            blob.Number(units.Length);
            blob.Table<byte>(replacements);
            blob.Number(replacements.Length);
        };
    }
}
