using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Cli.Benchmarks;

/// <summary>Which of the known cores this machine's processor is.</summary>
/// <param name="Core">The core, at the clock of its file.</param>
/// <param name="IsKnown">Whether the processor says so itself; otherwise it is the core that has the same instructions.</param>
internal sealed record HostCore(Core Core, bool IsKnown)
{
    // Parts of Arm's own making (implementer 0x41), as their reference manuals give MIDR_EL1.
    private static readonly Dictionary<int, Core> ArmParts = new()
    {
        [0xd03] = KnownCores.CortexA53, [0xd05] = KnownCores.CortexA55, [0xd46] = KnownCores.CortexA510, [0xd08] = KnownCores.CortexA72,
        [0xd0b] = KnownCores.CortexA76, [0xd41] = KnownCores.CortexA78, [0xd47] = KnownCores.CortexA710, [0xd44] = KnownCores.CortexX1,
        [0xd4e] = KnownCores.CortexX3, [0xd0c] = KnownCores.NeoverseN1,
    };

    /// <summary>For people: the core's name, and whether it is a guess.</summary>
    public string Description => IsKnown ? Core.Title : $"not a core that is known; taken for {Core.Title}, which has the same instructions";

    /// <summary>Asks the processor.</summary>
    public static HostCore Detect()
    {
        if (X86Base.IsSupported)
        {
            return OfX86(X86Base.CpuId(0, 0), X86Base.CpuId(1, 0).Eax, Instructions.Best);
        }

        var parts = File.Exists("/proc/cpuinfo") ? File.ReadAllText("/proc/cpuinfo") : "";
        var isApple = OperatingSystem.IsMacOS() && RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
        return OfArm(parts, isApple, Instructions.Description.Contains("dot product", StringComparison.Ordinal));
    }

    /// <summary>The core that somebody names, or else the processor's.</summary>
    /// <exception cref="CompileException">The name is not known.</exception>
    public static HostCore DetectOr(string? target, string modelPath) =>
        target is null ? Detect() : new HostCore(TargetTable.Resolve([target], modelPath)[0], true);

    /// <summary>By the vendor's name and the signature of leaf 1 of CPUID.</summary>
    internal static HostCore OfX86((int Eax, int Ebx, int Ecx, int Edx) vendor, int signature, InstructionSet instructions)
    {
        var name = string.Concat(new[] { vendor.Ebx, vendor.Edx, vendor.Ecx }.SelectMany(BitConverter.GetBytes).Select(b => (char)b));
        var family = (signature >> 8) & 15;
        var model = (signature >> 4) & 15;
        if (family is 6 or 15)
        {
            model |= (signature >> 12) & 0xf0;
        }

        family += family == 15 ? (signature >> 20) & 0xff : 0;
        var core = (name, family, model) switch
        {
            ("AuthenticAMD", 0x19, (>= 0x10 and <= 0x1f) or (>= 0x60 and <= 0x7f) or (>= 0xa0 and <= 0xaf)) => KnownCores.Zen4,
            ("AuthenticAMD", 0x19, _) => KnownCores.Zen3,
            ("AuthenticAMD", 0x1a, _) => KnownCores.Zen5,
            ("GenuineIntel", 6, 0x6a or 0x6c or 0x7d or 0x7e or 0x8c or 0x8d) => KnownCores.IceLake,
            ("GenuineIntel", 6, 0x8f or 0xcf) => KnownCores.SapphireRapids,
            _ => null,
        };
        return core is not null && (core.VectorBits == 512) == (instructions == InstructionSet.Avx512)
            ? new HostCore(core, true)
            : new HostCore(instructions == InstructionSet.Avx512 ? KnownCores.IceLake : KnownCores.Zen3, false);
    }

    /// <summary>By the parts that Linux lists; of several kinds of cores the one with the highest clock.</summary>
    internal static HostCore OfArm(string cpuInfo, bool isApple, bool hasDotProduct)
    {
        if (isApple)
        {
            return new HostCore(KnownCores.AppleM1, true);
        }

        var known = cpuInfo.Split('\n')
            .Where(line => line.StartsWith("CPU part", StringComparison.Ordinal) && line.Contains("0x", StringComparison.Ordinal))
            .Select(line => line[(line.IndexOf("0x", StringComparison.Ordinal) + 2)..].Trim())
            .Select(hex => int.TryParse(hex, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var part) ? ArmParts.GetValueOrDefault(part) : null)
            .OfType<Core>().MaxBy(core => core.Gigahertz * core.MultiplyAdds);
        return known is not null ? new HostCore(known, true) : new HostCore(hasDotProduct ? KnownCores.CortexA76 : KnownCores.CortexA72, false);
    }
}
