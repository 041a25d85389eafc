using CompiledBert.Text.Unicode;

namespace CompiledBert.Text.Models;

/// <summary>Options of a byte pair encoding.</summary>
/// <param name="Unknown">Id of the unknown token; -1 where characters that the vocabulary lacks are left out.</param>
/// <param name="FuseUnknown">Whether neighbouring unknown characters are one token.</param>
/// <param name="ByteFallback">Whether an unknown character becomes the tokens of its bytes.</param>
/// <param name="IgnoreMerges">Whether a word that is in the vocabulary is one token whatever the merges say.</param>
/// <param name="Prefix">Put before characters that do not begin a word.</param>
/// <param name="Suffix">Put behind the last character of a word.</param>
internal sealed record PairEncodingOptions(int Unknown, bool FuseUnknown, bool ByteFallback, bool IgnoreMerges, uint[] Prefix, uint[] Suffix);

/// <summary>Byte pair encoding: characters first, then of all neighbours that have a merge the one of least rank, leftmost first, until none has one.</summary>
internal sealed class PairEncodingModel : TokenModel
{
    private const int Removed = 0;

    private readonly MergeTable _merges;
    private readonly PairEncodingOptions _options;
    private readonly int[] _byteIds;

    /// <param name="trie">The vocabulary.</param>
    /// <param name="merges">The merges.</param>
    /// <param name="options">The options.</param>
    /// <param name="byteIds">The ids of the tokens of bytes, where there is a byte fallback; -1 for those that are missing.</param>
    public PairEncodingModel(Trie trie, MergeTable merges, PairEncodingOptions options, int[] byteIds)
        : base(trie) =>
        (_merges, _options, _byteIds) = (merges, options, byteIds);

    public override void Tokenize(Workspace workspace, in Piece piece, ITokenSink sink)
    {
        var codes = workspace.Text.Codes.AsSpan(piece.Start, piece.Length);
        if (_options.IgnoreMerges && Find(codes) is >= 0 and var whole)
        {
            sink.Add(whole, piece.Start, piece.End, isUnknown: false);
            return;
        }

        // A character is at most four tokens, those of its bytes.
        var most = (_options.ByteFallback ? 4 : 1) * codes.Length;
        var memory = workspace.Model.Integers(most * 4);
        var symbols = new Symbols(memory, most);
        var count = Characters(codes, symbols);
        Merge(symbols, count, workspace.Model.Queue(3 * most));
        Emit(codes, piece.Start, symbols, count, sink);
    }

    /// <summary>The symbols of a word in four columns: token, bytes (0 once merged away), and the neighbours before and behind.</summary>
    private readonly ref struct Symbols(Span<int> memory, int most)
    {
        public readonly Span<int> Ids = memory[..most];
        public readonly Span<int> Bytes = memory.Slice(most, most);
        public readonly Span<int> Previous = memory.Slice(2 * most, most);
        public readonly Span<int> Next = memory.Slice(3 * most, most);
    }

    private int Find(ReadOnlySpan<uint> codes)
    {
        var node = Vocabulary.Root;
        foreach (var c in codes)
        {
            if (!Vocabulary.Step(ref node, c))
            {
                return -1;
            }
        }

        return Trie.HasValue(node) ? Vocabulary.Value(node) : -1;
    }

    private int Characters(ReadOnlySpan<uint> codes, in Symbols symbols)
    {
        var (count, unknownBytes) = (0, 0);
        for (var i = 0; i < codes.Length; i++)
        {
            var bytes = Utf8.Length(codes[i]);
            var id = Character(codes[i], i == 0, i == codes.Length - 1);
            if (id >= 0)
            {
                Flush(symbols, ref count, ref unknownBytes);
                Add(symbols, ref count, id, bytes);
            }
            else if (!(_options.ByteFallback && AddBytes(symbols, ref count, codes[i])) && _options.Unknown >= 0)
            {
                if (!_options.FuseUnknown)
                {
                    Flush(symbols, ref count, ref unknownBytes);
                }

                unknownBytes += bytes;
            }
        }

        Flush(symbols, ref count, ref unknownBytes);
        return count;
    }

    private int Character(uint c, bool isFirst, bool isLast)
    {
        var node = Vocabulary.Root;
        if (!isFirst && !StepAll(ref node, _options.Prefix))
        {
            return -1;
        }

        return Vocabulary.Step(ref node, c) && (!isLast || StepAll(ref node, _options.Suffix)) && Trie.HasValue(node) ? Vocabulary.Value(node) : -1;
    }

    private bool StepAll(ref uint node, uint[] codes)
    {
        foreach (var c in codes)
        {
            if (!Vocabulary.Step(ref node, c))
            {
                return false;
            }
        }

        return true;
    }

    private bool AddBytes(in Symbols symbols, ref int count, uint c)
    {
        Span<byte> bytes = stackalloc byte[4];
        var length = Utf8.Encode(c, bytes);
        for (var i = 0; i < length; i++)
        {
            if (_byteIds[bytes[i]] < 0)
            {
                return false;
            }
        }

        for (var i = 0; i < length; i++)
        {
            Add(symbols, ref count, _byteIds[bytes[i]], 1);
        }

        return true;
    }

    private void Flush(in Symbols symbols, ref int count, ref int unknownBytes)
    {
        if (unknownBytes > 0)
        {
            Add(symbols, ref count, _options.Unknown, unknownBytes);
            unknownBytes = 0;
        }
    }

    private static void Add(in Symbols symbols, ref int count, int id, int bytes)
    {
        symbols.Ids[count] = id;
        symbols.Bytes[count] = bytes;
        symbols.Previous[count] = count - 1;
        symbols.Next[count] = -1;
        if (count > 0)
        {
            symbols.Next[count - 1] = count;
        }

        count++;
    }

    private void Merge(in Symbols symbols, int count, ulong[] memory)
    {
        var queue = new MergeQueue(memory);
        for (var i = 0; i + 1 < count; i++)
        {
            Propose(ref queue, symbols, i, i + 1);
        }

        while (queue.TryTake(out var rank, out var at))
        {
            var right = symbols.Bytes[at] == Removed ? -1 : symbols.Next[at];
            if (right < 0)
            {
                continue;
            }

            // An entry may be older than its place; it holds if the pair there still makes the same token.
            var made = _merges.Result(rank);
            var current = _merges.Rank(symbols.Ids[at], symbols.Ids[right]);
            if (current < 0 || _merges.Result(current) != made)
            {
                continue;
            }

            symbols.Ids[at] = made;
            symbols.Bytes[at] += symbols.Bytes[right];
            symbols.Bytes[right] = Removed;
            var next = symbols.Next[at] = symbols.Next[right];
            if (next >= 0)
            {
                symbols.Previous[next] = at;
                Propose(ref queue, symbols, at, next);
            }

            if (symbols.Previous[at] is >= 0 and var previous)
            {
                Propose(ref queue, symbols, previous, at);
            }
        }
    }

    private void Propose(ref MergeQueue queue, in Symbols symbols, int left, int right)
    {
        if (_merges.Rank(symbols.Ids[left], symbols.Ids[right]) is >= 0 and var rank)
        {
            queue.Add(rank, left);
        }
    }

    private void Emit(ReadOnlySpan<uint> codes, int start, in Symbols symbols, int count, ITokenSink sink)
    {
        // Symbols count bytes, the text counts characters; a token of a byte has the whole character.
        var (at, end) = (0, 0);
        var (atBytes, endBytes) = (0, 0);
        var bytes = 0;
        for (var i = 0; i < count; i++)
        {
            if (symbols.Bytes[i] == Removed)
            {
                continue;
            }

            while (atBytes + Utf8.Length(codes[at]) <= bytes)
            {
                atBytes += Utf8.Length(codes[at++]);
            }

            bytes += symbols.Bytes[i];
            while (endBytes < bytes)
            {
                endBytes += Utf8.Length(codes[end++]);
            }

            sink.Add(symbols.Ids[i], start + at, start + end, symbols.Ids[i] == _options.Unknown);
        }
    }
}
