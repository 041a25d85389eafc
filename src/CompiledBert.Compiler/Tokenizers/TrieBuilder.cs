using System.Text;
using CompiledBert.Text.Models;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>Lays a vocabulary out as the double array that <see cref="Trie"/> reads. The same keys give the same array.</summary>
internal sealed class TrieBuilder
{
    private const int Block = 256;
    private const int MostUnits = 1 << 22;
    private const uint ValueMark = 0x80000000;
    private const uint HasValue = 0x100;

    /// <summary>Free units that are tried before a new block is opened.</summary>
    private const int Tries = 512;

    /// <summary>Blocks whose free units are still tried.</summary>
    private const int OpenBlocks = 32;

    private readonly List<uint> _units = [];
    private readonly List<bool> _isTaken = [];
    private readonly List<bool> _isOffset = [];
    private readonly LinkedList<int> _free = [];
    private readonly List<LinkedListNode<int>?> _freeNode = [];
    private readonly (byte[] Key, int Value)[] _keys;

    private TrieBuilder((byte[] Key, int Value)[] keys) => _keys = keys;

    /// <summary>The units for these keys. A key that comes twice has the value that comes last; an empty key is left out.</summary>
    /// <returns>The units; null where they are more than a trie can have.</returns>
    public static uint[]? Build(IEnumerable<(string Key, int Value)> entries)
    {
        var keys = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (key, value) in entries.Where(e => e.Key.Length > 0))
        {
            keys[key] = value;
        }

        var sorted = keys.Select(k => (Key: Labels(k.Key), k.Value)).ToArray();
        Array.Sort(sorted, (a, b) => a.Key.AsSpan().SequenceCompareTo(b.Key));
        var builder = new TrieBuilder(sorted);
        builder.OpenBlock();
        builder.Take(0);
        return builder.Fill() ? [.. builder._units] : null;
    }

    private static byte[] Labels(string key)
    {
        var bytes = Encoding.UTF8.GetBytes(key);
        bytes.AsSpan().Replace((byte)0, Trie.Zero);
        return bytes;
    }

    private bool Fill()
    {
        var pending = new Stack<(int First, int Last, int Depth, int Unit)>();
        if (_keys.Length > 0)
        {
            pending.Push((0, _keys.Length, 0, 0));
        }

        var children = new List<(byte Label, int First, int Last)>();
        while (pending.TryPop(out var node))
        {
            children.Clear();
            var ends = _keys[node.First].Key.Length == node.Depth;
            for (var i = node.First + (ends ? 1 : 0); i < node.Last;)
            {
                var label = _keys[i].Key[node.Depth];
                var first = i;
                while (i < node.Last && _keys[i].Key[node.Depth] == label)
                {
                    i++;
                }

                children.Add((label, first, i));
            }

            var offset = Place(children, ends);
            if (offset >= MostUnits)
            {
                return false;
            }

            _isOffset[offset] = true;
            _units[node.Unit] |= ((uint)offset << 9) | (ends ? HasValue : 0);
            if (ends)
            {
                Take(offset);
                _units[offset] = ValueMark | (uint)_keys[node.First].Value;
            }

            foreach (var (label, first, last) in children)
            {
                Take(offset ^ label);
                _units[offset ^ label] = label;
                pending.Push((first, last, node.Depth + 1, offset ^ label));
            }
        }

        return true;
    }

    private int Place(List<(byte Label, int First, int Last)> children, bool ends)
    {
        var first = ends ? 0 : children[0].Label;
        var tries = 0;
        for (var candidate = _free.First; candidate is not null && tries < Tries; candidate = candidate.Next, tries++)
        {
            var offset = candidate.Value ^ first;
            if (!_isOffset[offset] && children.TrueForAll(c => !_isTaken[offset ^ c.Label]))
            {
                return offset;
            }
        }

        var start = _units.Count;
        OpenBlock();
        return start;
    }

    private void OpenBlock()
    {
        var start = _units.Count;
        for (var i = start; i < start + Block; i++)
        {
            _units.Add(0);
            _isTaken.Add(false);
            _isOffset.Add(false);
            _freeNode.Add(_free.AddLast(i));
        }

        var closed = start - (OpenBlocks * Block);
        for (var i = Math.Max(0, closed); i < closed + Block; i++)
        {
            Forget(i);
        }
    }

    private void Take(int unit)
    {
        _isTaken[unit] = true;
        Forget(unit);
    }

    private void Forget(int unit)
    {
        if (_freeNode[unit] is { } node)
        {
            _free.Remove(node);
            _freeNode[unit] = null;
        }
    }
}
