using System.Text;
using CompiledBert.Text.Blob;
using CompiledBert.Text.PreTokenization;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>The pre-tokenizer of a tokenizer's file as the steps of a blob.</summary>
internal static class PreTokenizerReader
{
    /// <summary>The pattern of byte-level tokenizers, for which there is a matcher of its own.</summary>
    private const string Gpt2 = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    /// <summary>Writes the steps, their number first.</summary>
    public static void Write(BlobWriter blob, JsonPart part)
    {
        var steps = Steps(part).ToList();
        blob.Number(steps.Count);
        steps.ForEach(s => s(blob));
    }

    /// <summary>Writes what <c>Split</c> and <c>Replace</c> look for.</summary>
    public static void WritePattern(BlobWriter blob, JsonPart pattern, bool replaces = false)
    {
        if (pattern["String"].TextOrNull() is { } text)
        {
            if (text.Length == 0)
            {
                throw pattern["String"].Unsupported("empty");
            }

            blob.Kind(MatcherKind.Text);
            blob.Text(text);
            return;
        }

        var regex = pattern["Regex"].Text();
        if (regex == Gpt2)
        {
            blob.Kind(MatcherKind.Gpt2);
            return;
        }

        blob.Kind(MatcherKind.Pattern);
        blob.Table<int>(PatternCompiler.Compile(pattern["Regex"], replaces));
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
            "Sequence" => part["pretokenizers"].Items().SelectMany(Steps),
            "BertPreTokenizer" =>
            [
                Split(blob => blob.Kind(MatcherKind.WhiteSpace), SplitBehavior.Removed),
                Split(blob => blob.Kind(MatcherKind.Punctuation), SplitBehavior.Isolated),
            ],
            "WhitespaceSplit" => [Split(blob => blob.Kind(MatcherKind.WhiteSpace), SplitBehavior.Removed)],
            "Whitespace" => [Split(blob => blob.Kind(MatcherKind.Words), SplitBehavior.Removed, invert: true)],
            "Punctuation" => [Split(blob => blob.Kind(MatcherKind.Punctuation), part["behavior"].IsNull ? SplitBehavior.Isolated : Behavior(part["behavior"]))],
            "Digits" => [Split(blob => blob.Kind(MatcherKind.Numeric), part["individual_digits"].Flag() ? SplitBehavior.Isolated : SplitBehavior.Contiguous)],
            "CharDelimiterSplit" => [Split(Character(part["delimiter"]), SplitBehavior.Removed)],
            "Split" => [Split(blob => WritePattern(blob, part["pattern"]), Behavior(part["behavior"]), part["invert"].Flag())],
            "ByteLevel" => ByteLevel(part),
            "Metaspace" => Metaspace(part),
            "FixedLength" => [FixedLength(part["length"].IsNull ? 5 : part["length"].Number(), part)],
            _ => throw part["type"].Unsupported("'" + type + "'"),
        };
    }

    private static SplitBehavior Behavior(JsonPart part) =>
        Enum.TryParse<SplitBehavior>(part.Text(), out var behavior) && Enum.IsDefined(behavior) ? behavior : throw part.Unsupported("'" + part.Text() + "'");

    private static Action<BlobWriter> Split(Action<BlobWriter> matcher, SplitBehavior behavior, bool invert = false) => blob =>
    {
        blob.Kind(PreTokenizerKind.Split);
        matcher(blob);
        blob.Kind(behavior);
        blob.Flag(invert);
    };

    private static Action<BlobWriter> Character(JsonPart part)
    {
        var text = part.Text();
        if (text.EnumerateRunes().Count() != 1)
        {
            throw part.Invalid("must be one character");
        }

        return blob =>
        {
            blob.Kind(MatcherKind.Text);
            blob.Text(text);
        };
    }

    private static IEnumerable<Action<BlobWriter>> ByteLevel(JsonPart part)
    {
        if (part["add_prefix_space"].Flag())
        {
            yield return blob => blob.Kind(PreTokenizerKind.PrefixBlank);
        }

        if (part["use_regex"].Flag(true))
        {
            yield return Split(blob => blob.Kind(MatcherKind.Gpt2), SplitBehavior.Isolated);
        }

        yield return blob => blob.Kind(PreTokenizerKind.ByteLevel);
    }

    private static IEnumerable<Action<BlobWriter>> Metaspace(JsonPart part)
    {
        var mark = part["replacement"].Text();
        if (mark.EnumerateRunes().Count() != 1)
        {
            throw part["replacement"].Invalid("must be one character");
        }

        var scheme = part["prepend_scheme"].TextOrNull() switch
        {
            null or "always" => PrependScheme.Always,
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            var other => throw part["prepend_scheme"].Unsupported("'" + other + "'"),
        };
        if (!part["add_prefix_space"].Flag(true))
        {
            // Older files have only this; where both are there they must agree, as the Hugging Face library demands.
            scheme = part["prepend_scheme"].IsNull || scheme == PrependScheme.Never
                ? PrependScheme.Never
                : throw part["add_prefix_space"].Invalid("contradicts prepend_scheme");
        }

        yield return blob =>
        {
            blob.Kind(PreTokenizerKind.Metaspace);
            blob.Number(Rune.GetRuneAt(mark, 0).Value);
            blob.Kind(scheme);
        };
        if (part["split"].Flag(true))
        {
            yield return Split(Character(part["replacement"]), SplitBehavior.MergedWithNext);
        }
    }

    private static Action<BlobWriter> FixedLength(int length, JsonPart part)
    {
        if (length < 1)
        {
            throw part["length"].Invalid("must be at least 1");
        }

        return blob =>
        {
            blob.Kind(PreTokenizerKind.FixedLength);
            blob.Number(length);
        };
    }
}
