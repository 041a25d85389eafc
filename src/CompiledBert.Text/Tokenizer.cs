using System.Runtime.InteropServices;
using CompiledBert.Text.Blob;
using CompiledBert.Text.Normalization;
using CompiledBert.Text.Unicode;

namespace CompiledBert.Text;

/// <summary>
/// A tokenizer that was compiled while the project was built. It gives the ids that the tokenizer of the model's folder gives in the Hugging Face
/// library, under every culture and globalization mode. One instance serves any number of threads; calls allocate nothing but what the result holds.
/// </summary>
public sealed unsafe class Tokenizer
{
    private readonly TokenizerParts _parts;

    // What the tables lie in, pinned for as long as this lives.
    private readonly byte[] _memory;

    // Made when it is first asked for: tokenizing needs ids only.
    private string?[]? _tokens;

    private Tokenizer(byte[] memory, long length)
    {
        _memory = memory;
        var blob = (byte*)Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        Check(blob, length);
        _parts = new BlobReader(blob).Read();
        Fingerprint = Convert.ToHexStringLower(new ReadOnlySpan<byte>(blob + BlobFormat.HashAt, BlobFormat.HashBytes));
    }

    /// <summary>Rows that a table of tokens must have: one more than the greatest id.</summary>
    public int VocabularySize => _parts.VocabularySize;

    /// <summary>Stands for all that decides ids: two tokenizers with one fingerprint give the same ids for every text.</summary>
    public string Fingerprint { get; }

    /// <summary>The most tokens that the tokenizer's file truncates to, special ones included; <see cref="int.MaxValue"/> where it says nothing.</summary>
    public int MaxTokens => _parts.MostTokens;

    /// <summary>A tokenizer from memory, which is copied.</summary>
    /// <param name="blob">The compiled tokenizer.</param>
    /// <exception cref="InvalidDataException">It is no compiled tokenizer of this version.</exception>
    public static Tokenizer FromMemory(ReadOnlySpan<byte> blob)
    {
        var memory = GC.AllocateUninitializedArray<byte>(Math.Max(1, blob.Length), pinned: true);
        blob.CopyTo(memory);
        return new Tokenizer(memory, blob.Length);
    }

    /// <summary>The token of an id as the vocabulary has it, such as <c>##ing</c>; empty for an id that no token has.</summary>
    /// <param name="id">The id.</param>
    public string TokenOf(int id) => (uint)id < (uint)VocabularySize ? (_tokens ??= ReadTokens())[id] ?? "" : "";

    /// <summary>Tokens that are put around one text, or two.</summary>
    public int SpecialTokens(bool pair = false)
    {
        var count = 0;
        foreach (var part in pair ? _parts.Pair : _parts.Single)
        {
            count += part.Sequence < 0 ? 1 : 0;
        }

        return count;
    }

    /// <summary>The greatest type that a token of one text, or of two, can have.</summary>
    internal int GreatestTypeId(bool pair) => (pair ? _parts.Pair : _parts.Single).Max(part => part.TypeId);

    /// <summary>How many tokens a text has, special ones included, without truncation.</summary>
    public int CountTokens(ReadOnlySpan<char> text)
    {
        var sink = TokenSink.Rent();
        try
        {
            Tokenize(text, sink, sink.First);
            return sink.First.Count + SpecialTokens();
        }
        finally
        {
            sink.Return();
        }
    }

    /// <summary>Tokenizes a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="result">Takes the tokens.</param>
    /// <param name="maxTokens">The most tokens, special ones included; what is beyond is left out at the end of the text (at its beginning
    /// where the tokenizer's file says so).</param>
    /// <exception cref="ArgumentOutOfRangeException">There is not even room for the special tokens.</exception>
    public void Encode(ReadOnlySpan<char> text, TokenizedText result, int maxTokens = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(result);
        var room = Room(maxTokens, pair: false);
        var sink = TokenSink.Rent();
        try
        {
            Tokenize(text, sink, sink.First);
            var tokens = sink.First.Items;
            TokenTemplate.Fill(_parts.Single, Kept(tokens, Math.Min(room, tokens.Length)), default, result, tokens.Length + SpecialTokens());
        }
        finally
        {
            sink.Return();
        }
    }

    /// <summary>Tokenizes two texts for a model that takes them together.</summary>
    /// <param name="first">The first text, such as a question.</param>
    /// <param name="second">The second text, such as a passage.</param>
    /// <param name="result">Takes the tokens; ranges are in the text that a token is of.</param>
    /// <param name="maxTokens">The most tokens, special ones included; the longer text is shortened first.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is not even room for the special tokens.</exception>
    public void EncodePair(ReadOnlySpan<char> first, ReadOnlySpan<char> second, TokenizedText result, int maxTokens = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(result);
        var room = Room(maxTokens, pair: true);
        var sink = TokenSink.Rent();
        try
        {
            Tokenize(first, sink, sink.First);
            Tokenize(second, sink, sink.Second);
            var (a, b) = TokenTemplate.LongestFirst(sink.First.Count, sink.Second.Count, room);
            var all = sink.First.Count + sink.Second.Count + SpecialTokens(pair: true);
            TokenTemplate.Fill(_parts.Pair, Kept(sink.First.Items, a), Kept(sink.Second.Items, b), result, all);
        }
        finally
        {
            sink.Return();
        }
    }

    /// <summary>Tokenizes words that are split already: each by itself, ranges within the word.</summary>
    /// <param name="words">The words.</param>
    /// <param name="result">Takes the tokens; <see cref="TokenizedText.Words"/> says which word each is of.</param>
    /// <param name="maxTokens">The most tokens, special ones included.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is not even room for the special tokens.</exception>
    public void EncodeWords(ReadOnlySpan<string> words, TokenizedText result, int maxTokens = int.MaxValue)
    {
        ArgumentNullException.ThrowIfNull(result);
        var room = Room(maxTokens, pair: false);
        var sink = TokenSink.Rent();
        try
        {
            sink.First.Clear();
            for (var i = 0; i < words.Length; i++)
            {
                Append(words[i], sink, sink.First, i);
            }

            var tokens = sink.First.Items;
            TokenTemplate.Fill(_parts.Single, Kept(tokens, Math.Min(room, tokens.Length)), default, result, tokens.Length + SpecialTokens());
        }
        finally
        {
            sink.Return();
        }
    }

    /// <summary>Tokenizes a question and a passage, for all windows of the passage.</summary>
    internal void TokenizePair(ReadOnlySpan<char> question, ReadOnlySpan<char> passage, TokenSink sink)
    {
        Tokenize(question, sink, sink.First);
        Tokenize(passage, sink, sink.Second);
    }

    /// <summary>A question with one window of a passage: as many tokens of the passage from a place on as there is room for.</summary>
    /// <returns>How many tokens of the passage it holds, how many the passage has, and whether the question was shortened.</returns>
    internal (int Held, int All, bool IsTruncated) Window(TokenSink sink, int from, TokenizedText result, int maxTokens)
    {
        // A question so long that it leaves no room is itself shortened to half.
        var room = Room(maxTokens, pair: true);
        var asked = Math.Min(sink.First.Count, Math.Max(room / 2, room - sink.Second.Count));
        var held = Math.Min(sink.Second.Count - from, room - asked);
        TokenTemplate.Fill(_parts.Pair, sink.First.Items[..asked], sink.Second.Items.Slice(from, held), result, asked + held + SpecialTokens(pair: true));
        return (held, sink.Second.Count, asked < sink.First.Count);
    }

    private string?[] ReadTokens()
    {
        var tokens = new string?[VocabularySize];
        foreach (var (token, id) in _parts.Model.Vocabulary.Entries().Concat(_parts.Pipeline.AddedTokens))
        {
            tokens[id] = token;
        }

        return tokens;
    }

    private int Room(int maxTokens, bool pair)
    {
        var special = SpecialTokens(pair);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxTokens, special);
        return maxTokens - special;
    }

    private Span<TokenList.Token> Kept(Span<TokenList.Token> tokens, int count) =>
        _parts.TruncatesFromLeft ? tokens[(tokens.Length - count)..] : tokens[..count];

    private void Tokenize(ReadOnlySpan<char> text, TokenSink sink, TokenList list)
    {
        list.Clear();
        Append(text, sink, list, word: -1);
    }

    private void Append(ReadOnlySpan<char> text, TokenSink sink, TokenList list, int word)
    {
        var workspace = Workspace.Rent();
        try
        {
            _parts.Pipeline.Run(workspace, text);
            var first = list.Count;
            sink.Begin(workspace.Text, list);
            var number = 0;
            foreach (ref readonly var piece in workspace.Pieces.Items)
            {
                sink.Word = word >= 0 ? word : number++;
                if (piece.IsToken)
                {
                    sink.Add(piece.TokenId, piece.Start, piece.End, isUnknown: false);
                }
                else
                {
                    _parts.Model.Tokenize(workspace, piece, sink);
                }
            }

            foreach (var addsPrefixBlank in _parts.Trims)
            {
                sink.TrimBlanks(text, first, addsPrefixBlank);
            }
        }
        finally
        {
            workspace.Return();
        }
    }

    private static void Check(byte* blob, long length)
    {
        if (length < BlobFormat.HeaderBytes || !new ReadOnlySpan<byte>(blob, BlobFormat.Magic.Length).SequenceEqual(BlobFormat.Magic))
        {
            throw new InvalidDataException($"This is no compiled tokenizer (it is {length} bytes long and must begin with CBERTT01). Build again.");
        }

        if (*(long*)(blob + BlobFormat.LengthAt) != length)
        {
            throw new InvalidDataException(
                $"This is cut short: the tokenizer is {*(long*)(blob + BlobFormat.LengthAt)} bytes, {length} are there. Build again.");
        }
    }
}
