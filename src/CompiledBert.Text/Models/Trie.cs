using System.Runtime.CompilerServices;
using System.Text;
using CompiledBert.Text.Unicode;

namespace CompiledBert.Text.Models;

/// <summary>
/// A double array over the UTF-8 of its keys, read in place. A unit has the label that leads to it (bits 0 to 7), whether a key ends there (bit 8), and
/// where its children are (bits 9 to 30, combined with a child's label by exclusive or); the child of label 0 holds the value of a key that ends, marked
/// by bit 31. A node is known by its unit.
/// </summary>
internal readonly unsafe struct Trie(uint* units, int count)
{
    public const uint LabelMask = 0x800000FF;

    /// <summary>What stands for the byte 0, whose label is taken; UTF-8 has no byte 0xFF.</summary>
    public const byte Zero = 0xFF;

    public uint Root => units[0];

    public int Count => count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool HasValue(uint node) => (node & 0x100) != 0;

    public int Value(uint node) => (int)(units[(node >> 9) & 0x3FFFFF] & 0x7FFFFFFF);

    /// <summary>Goes on by a character. Returns whether any key does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Step(ref uint node, uint c) => c - 1 < 0x7F ? StepByte(ref node, (byte)c) : StepBytes(ref node, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool StepByte(ref uint node, byte b)
    {
        node = units[((node >> 9) & 0x3FFFFF) ^ b];
        return (node & LabelMask) == b;
    }

    /// <summary>All keys with their values, in no useful order.</summary>
    public IEnumerable<(string Key, int Value)> Entries()
    {
        var pending = new Stack<(uint Node, byte[] Key)>();
        pending.Push((Root, []));
        while (pending.TryPop(out var at))
        {
            if (HasValue(at.Node))
            {
                yield return (Text(at.Key), Value(at.Node));
            }

            for (var label = 1; label <= Zero; label++)
            {
                var node = at.Node;
                if (StepByte(ref node, (byte)label))
                {
                    pending.Push((node, [.. at.Key, (byte)label]));
                }
            }
        }
    }

    private static string Text(byte[] key)
    {
        key.AsSpan().Replace(Zero, (byte)0);
        return Encoding.UTF8.GetString(key);
    }

    private bool StepBytes(ref uint node, uint c)
    {
        if (c == 0)
        {
            return StepByte(ref node, Zero);
        }

        Span<byte> bytes = stackalloc byte[4];
        var length = Utf8.Encode(c, bytes);
        for (var i = 0; i < length; i++)
        {
            if (!StepByte(ref node, bytes[i]))
            {
                return false;
            }
        }

        return true;
    }
}
