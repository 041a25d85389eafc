using System.Text;
using System.Text.Json;

namespace CompiledBert.Text.Tests;

/// <summary>A text with what the reference made of it; its ranges count code points.</summary>
internal sealed record GoldenCase(string Text, string? Pair, int MaxTokens, int[] Ids, int[] TypeIds, TextRange[] Ranges, bool[] Special)
{
    public static GoldenCase Parse(string line)
    {
        using var json = JsonDocument.Parse(line);
        var root = json.RootElement;
        var text = root.GetProperty("text").GetString()!;
        var pair = root.TryGetProperty("pair", out var second) && second.ValueKind == JsonValueKind.String ? second.GetString() : null;
        var ids = Numbers(root.GetProperty("ids"));
        var special = root.TryGetProperty("special_tokens_mask", out var mask) ? Numbers(mask).Select(m => m == 1).ToArray() : null;
        var offsets = root.GetProperty("offsets").EnumerateArray().Select(o => new TextRange(o[0].GetInt32(), o[1].GetInt32())).ToArray();
        var most = root.TryGetProperty("max_length", out var length) && length.ValueKind == JsonValueKind.Number ? length.GetInt32() : int.MaxValue;
        return new GoldenCase(text, pair, most, ids, Numbers(root.GetProperty("type_ids")), offsets, special ?? []);
    }

    /// <summary>How a tokenizer differs; null where it does not.</summary>
    public string? Difference(Tokenizer tokenizer)
    {
        var result = new TokenizedText();
        if (Pair is null)
        {
            tokenizer.Encode(Text, result, MaxTokens);
        }
        else
        {
            tokenizer.EncodePair(Text, Pair, result, MaxTokens);
        }

        var ranges = result.Ranges.ToArray()
            .Select((r, i) => result.Texts[i] switch { 0 => InCodePoints(r, Text), 1 => InCodePoints(r, Pair!), _ => r })
            .ToArray();
        var special = result.Texts.ToArray().Select(t => t < 0).ToArray();
        return !Ids.AsSpan().SequenceEqual(result.Ids) ? Describe("ids", Ids, result.Ids.ToArray())
            : !TypeIds.AsSpan().SequenceEqual(result.TypeIds) ? Describe("types", TypeIds, result.TypeIds.ToArray())
            : !Ranges.AsSpan().SequenceEqual(ranges) ? Describe("ranges", Ranges, ranges)
            : Special.Length > 0 && !Special.SequenceEqual(special) ? Describe("special", Special, special)
            : null;
    }

    private static int[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(n => n.GetInt32())];

    private static TextRange InCodePoints(TextRange range, string text) => new(CodePoints(text, range.Start), CodePoints(text, range.End));

    private static int CodePoints(string text, int end)
    {
        var count = 0;
        for (var i = 0; i < end; i += i + 1 < text.Length && char.IsSurrogatePair(text, i) ? 2 : 1)
        {
            count++;
        }

        return count;
    }

    private string Describe<T>(string what, T[] expected, T[] actual)
    {
        var at = expected.Zip(actual).TakeWhile(p => EqualityComparer<T>.Default.Equals(p.First, p.Second)).Count();
        var visible = new StringBuilder();
        foreach (var c in Text + (Pair is null ? "" : " | " + Pair))
        {
            visible.Append(c is >= ' ' and < (char)0x7F ? c.ToString() : $"\\u{(int)c:x4}");
        }

        return $"{what} differ at {at}: expected [{string.Join(' ', expected.Skip(at).Take(8))}], "
            + $"got [{string.Join(' ', actual.Skip(at).Take(8))}] in \"{visible.ToString()[..Math.Min(visible.Length, 300)]}\"";
    }
}
