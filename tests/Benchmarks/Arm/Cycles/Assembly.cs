using System.Diagnostics;
using System.Text;

namespace CompiledBert.Benchmarks.Cycles;

/// <summary>Instruction words as assembly text, by llvm-mc.</summary>
internal static class Assembly
{
    private const string Features = "+v8.6a,+dotprod,+fullfp16,+lse,+i8mm,+bf16,+rcpc,+sve";

    // mov x0, #0xCAFE after every word, so that words without text are noticed.
    private static readonly byte[] Marker = [0xc0, 0x5f, 0x99, 0xd2];

    /// <summary>
    /// The text of each word; empty for jumps, which are taken to be predicted, for what talks to the system, and for what llvm-mc does not know.
    /// </summary>
    public static IReadOnlyDictionary<uint, string> Of(IEnumerable<uint> words)
    {
        var distinct = words.Distinct().ToList();
        var input = new StringBuilder();
        foreach (var word in distinct)
        {
            Append(input, BitConverter.GetBytes(word));
            Append(input, Marker);
        }

        var texts = new Dictionary<uint, string>();
        var lines = Tool.Run("llvm-mc", ["--disassemble", "-triple=aarch64", "-mattr=" + Features], input.ToString())
            .Split('\n').Select(l => l.Split("//")[0].Trim()).Where(l => l.Length > 0 && l[0] != '.');
        var text = "";
        var at = 0;
        foreach (var line in lines)
        {
            if (IsMarker(line))
            {
                texts[distinct[at++]] = text;
                text = "";
            }
            else
            {
                text = IsTimed(line) ? line : "";
            }
        }

        Debug.Assert(at == distinct.Count, "every word is followed by the marker");
        return texts;
    }

    private static void Append(StringBuilder text, byte[] bytes) =>
        text.AppendJoin(' ', bytes.Select(b => "0x" + b.ToString("x2", System.Globalization.CultureInfo.InvariantCulture))).Append('\n');

    private static bool IsMarker(string line) => line.StartsWith("mov", StringComparison.Ordinal) && line.EndsWith("#51966", StringComparison.Ordinal);

    private static bool IsTimed(string line)
    {
        var mnemonic = line.Split('\t', ' ')[0];
        return !(mnemonic is "b" or "bl" or "br" or "blr" or "ret" or "cbz" or "cbnz" or "tbz" or "tbnz"
            or "svc" or "mrs" or "msr" or "brk" or "udf" or "dmb" or "isb"
            || mnemonic.StartsWith("b.", StringComparison.Ordinal));
    }
}
