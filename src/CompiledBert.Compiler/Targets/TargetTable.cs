using static CompiledBert.Compiler.Targets.KnownCores;

namespace CompiledBert.Compiler.Targets;

/// <summary>All cores and devices by name.</summary>
public static class TargetTable
{
    /// <summary>The cores, those of phones first.</summary>
    public static IReadOnlyList<Core> Cores { get; } =
    [
        CortexA53, CortexA55, CortexA510, CortexA72, CortexA76, CortexA78, CortexA710, CortexX1, CortexX3, AppleA14, AppleM1, NeoverseN1,
        Zen3, Zen4, Zen5, IceLake, SapphireRapids,
    ];

    /// <summary>The devices.</summary>
    public static IReadOnlyList<Device> Devices { get; } =
    [
        new("galaxy-s20", "Galaxy S20 (Snapdragon 865)", [At(CortexA76, 2.84), At(CortexA55, 1.8)]),
        new("pixel-6", "Pixel 6 (Tensor)", [At(CortexX1, 2.8), At(CortexA76, 2.25), At(CortexA55, 1.8)]),
        new("raspberry-pi-4", "Raspberry Pi 4 (BCM2711)", [At(CortexA72, 1.5) with { MemoryGigabytes = 4.5, LastLevel = 1 << 20 }]),
        new("raspberry-pi-5", "Raspberry Pi 5 (BCM2712)", [At(CortexA76, 2.4) with { LastLevel = 2 << 20 }]),
        new("iphone-12", "iPhone 12 (A14)", [At(AppleA14, 3.0)]),
        new("android-low", "Android phone, low end: eight Cortex-A53", [At(CortexA53, 1.8)]),
        new("android-mid", "Android phone, middle: Cortex-A76 and A55", [At(CortexA76, 2.2), At(CortexA55, 1.8)]),
        new("android-high", "Android phone, high end: Cortex-X3, A710, A510", [At(CortexX3, 3.2), At(CortexA710, 2.8), At(CortexA510, 2.0)]),
    ];

    /// <summary>The cores that a name stands for, a device's fastest first; empty where there is no such name. Upper and lower case are the same.</summary>
    public static IReadOnlyList<Core> Find(string name) =>
        Cores.FirstOrDefault(c => IsName(c.Name, name)) is { } core ? [core] : Devices.FirstOrDefault(d => IsName(d.Name, name))?.Cores ?? [];

    /// <summary>The cores that several names stand for, each once, in the order of the names.</summary>
    /// <param name="names">Names of cores and devices.</param>
    /// <param name="modelPath">The model for which they are named.</param>
    /// <exception cref="CompileException">A name is not known; the message says what may have been meant.</exception>
    public static IReadOnlyList<Core> Resolve(IReadOnlyList<string> names, string modelPath)
    {
        var cores = new List<Core>();
        foreach (var name in names)
        {
            var found = Find(name);
            if (found.Count == 0)
            {
                var near = Near(name);
                var meant = near.Count == 0 ? "" : $"Did you mean {string.Join(" or ", near)}? ";
                throw DiagnosticTable.UnknownTarget.Error(modelPath, null, Diagnostic.Abbreviate(name), meant);
            }

            cores.AddRange(found.Except(cores));
        }

        return cores;
    }

    /// <summary>Names that differ from one little enough to have been meant, the nearest first.</summary>
    public static IReadOnlyList<string> Near(string name) =>
    [
        .. Cores.Select(c => c.Name).Concat(Devices.Select(d => d.Name))
            .Select(known => (Name: known, Distance: Distance(known, name.Trim().ToLowerInvariant())))
            .Where(n => n.Distance <= Math.Max(2, n.Name.Length / 3))
            .OrderBy(n => n.Distance).ThenBy(n => n.Name, StringComparer.Ordinal)
            .Take(3).Select(n => n.Name),
    ];

    private static bool IsName(string known, string name) => string.Equals(known, name.Trim(), StringComparison.OrdinalIgnoreCase);

    private static Core At(Core core, double gigahertz) => core with { Gigahertz = gigahertz };

    /// <summary>How many letters must be put in, taken out, changed or swapped with their neighbour to make one text of the other (Damerau 1964).</summary>
    private static int Distance(string a, string b)
    {
        if (b.Length > 100)
        {
            return b.Length;
        }

        var distance = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                distance[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(distance[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1), Math.Min(distance[i - 1, j], distance[i, j - 1]) + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    distance[i, j] = Math.Min(distance[i, j], distance[i - 2, j - 2] + 1);
                }
            }
        }

        return distance[a.Length, b.Length];
    }
}
