using System.Buffers.Binary;
using System.Text;

namespace CompiledBert.Training.Native;

/// <summary>The versions of other libraries that a 64-bit little-endian ELF library needs (section .gnu.version_r).</summary>
internal static class VersionNeeds
{
    private const uint VersionSection = 0x6ffffffe;
    private const ushort Weak = 2;

    /// <summary>Marks one needed version as weak, in place. Null where the file is something else or does not need it.</summary>
    public static byte[]? Weaken(byte[] file, string version)
    {
        if (file.Length < 64 || !file.AsSpan().StartsWith("\u007fELF\u0002\u0001"u8))
        {
            return null;
        }

        var sections = (long)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan(0x28));
        var (size, count) = (Short(file, 0x3A), Short(file, 0x3C));
        for (var i = 0; i < count; i++)
        {
            var section = sections + (i * size);
            if (Word(file, section + 4) == VersionSection)
            {
                var names = sections + (Word(file, section + 0x28) * size);
                return WeakenIn(file, Long(file, section + 0x18), Long(file, names + 0x18), version) ? file : null;
            }
        }

        return null;
    }

    /// <summary>Libraries are a list, and under each lies a list of versions: hash, flags, index, name, next.</summary>
    private static bool WeakenIn(byte[] file, long library, long names, string version)
    {
        var found = false;
        for (long next = 1; next != 0; library += next)
        {
            var entry = library + Word(file, library + 8);
            for (var left = Short(file, library + 2); left > 0; left--)
            {
                var start = (int)(names + Word(file, entry + 8));
                var end = Array.IndexOf(file, (byte)0, start);
                if (Encoding.ASCII.GetString(file, start, end - start) == version)
                {
                    BinaryPrimitives.WriteUInt16LittleEndian(file.AsSpan((int)entry + 4), (ushort)(Short(file, entry + 4) | Weak));
                    found = true;
                }

                entry += Word(file, entry + 12);
            }

            next = Word(file, library + 12);
        }

        return found;
    }

    private static int Short(byte[] file, long at) => BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan((int)at));

    private static uint Word(byte[] file, long at) => BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan((int)at));

    private static long Long(byte[] file, long at) => (long)BinaryPrimitives.ReadUInt64LittleEndian(file.AsSpan((int)at));
}
