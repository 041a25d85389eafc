using System.Globalization;

namespace CompiledBert.Benchmarks.Cycles;

/// <summary>The methods of a program, by address.</summary>
internal sealed class Methods
{
    // Where qemu puts a program that may lie anywhere.
    private const ulong Base = 0x5500000000;

    private readonly List<(ulong Address, string Name)> _symbols;

    private Methods(List<(ulong, string)> symbols) => _symbols = symbols;

    /// <summary>Reads the symbols of a program, or of the file that holds its debugging symbols.</summary>
    public static Methods Of(string path) => new(
    [
        .. Tool.Run("llvm-nm", [path], "").Split('\n')
            .Select(line => line.Split(' '))
            .Where(fields => fields is [{ Length: > 0 }, "t" or "T", _])
            .Select(fields => (ulong.Parse(fields[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture), fields[2]))
            .Order(),
    ]);

    /// <summary>The name of the method that an address lies in, without its class's.</summary>
    public string NameAt(ulong address)
    {
        var at = address - Base;
        var last = _symbols.FindLastIndex(s => s.Address <= at);
        return last < 0 || address < Base ? "(elsewhere)" : _symbols[last].Name.Split("__", 2)[^1];
    }
}
