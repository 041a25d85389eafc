using CompiledBert.Text.Blob;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>A byte pair encoding: tokens and merges.</summary>
internal sealed class PairVocabulary(JsonPart model) : Vocabulary(model, ReadTokens(model["vocab"]))
{
    public override void Write(BlobWriter blob)
    {
        if (!Model["dropout"].IsNull && Model["dropout"].Real() != 0)
        {
            throw Model["dropout"].Unsupported("a chance, which makes ids random,");
        }

        var prefix = Model["continuing_subword_prefix"].TextOrNull() ?? "";
        var suffix = Model["end_of_word_suffix"].TextOrNull() ?? "";
        var byteFallback = Model["byte_fallback"].Flag(false);
        if (byteFallback && prefix.Length + suffix.Length > 0)
        {
            throw Model["byte_fallback"].Unsupported("combined with a prefix or a suffix of words");
        }

        blob.Kind(ModelKind.PairEncoding);
        WriteTrie(blob, Entries, Model["vocab"]);
        WriteMerges(blob, prefix);
        blob.Number(Model["unk_token"].IsNull ? -1 : Unknown());
        blob.Flag(Model["fuse_unk"].Flag(false));
        blob.Flag(byteFallback);
        blob.Flag(Model["ignore_merges"].Flag(false));
        blob.Text(prefix);
        blob.Text(suffix);
        blob.Numbers(byteFallback ? ByteIds() : []);
    }

    private void WriteMerges(BlobWriter blob, string prefix)
    {
        // A pair that comes twice has the rank of where it comes last.
        var ranks = new Dictionary<(int Left, int Right), int>();
        var results = new List<int>();
        foreach (var item in Model["merges"].Items())
        {
            var (left, right) = Pair(item);
            var joined = left + (prefix.Length > 0 && right.StartsWith(prefix, StringComparison.Ordinal) ? right[prefix.Length..] : right);
            ranks[(Id(left, item), Id(right, item))] = results.Count;
            results.Add(Id(joined, item));
        }

        var lefts = ranks.Keys.Select(k => k.Left).DefaultIfEmpty(-1).Max() + 1;
        var starts = new int[lefts + 1];
        var pairs = new List<uint>();
        foreach (var ((left, right), rank) in ranks.OrderBy(r => r.Key.Left).ThenBy(r => r.Key.Right))
        {
            pairs.Add((uint)right);
            pairs.Add((uint)rank);
            starts[left + 1] = pairs.Count / 2;
        }

        for (var i = 1; i <= lefts; i++)
        {
            starts[i] = Math.Max(starts[i], starts[i - 1]);
        }

        blob.Table<int>(starts);
        blob.Number(lefts);
        blob.Table<uint>([.. pairs]);
        blob.Table<int>([.. results]);
    }

    private static (string Left, string Right) Pair(JsonPart item)
    {
        if (item.Value.ValueKind == System.Text.Json.JsonValueKind.String)
        {
            return item.Text().Split(' ') is [var left, var right] ? (left, right) : throw item.Invalid("must be two tokens with a blank between them");
        }

        return item.Items() is [var first, var second] ? (first.Text(), second.Text()) : throw item.Invalid("must be two tokens");
    }

    private int Id(string token, JsonPart item) => Find(token) ?? throw item.Invalid($"needs the token '{token}', which the vocabulary lacks");
}
