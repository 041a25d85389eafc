using Xunit;

namespace CompiledBert.Tests;

/// <summary>A test of a program for Arm: needs a cross linker, and an emulator to run it in.</summary>
internal sealed class ArmFactAttribute : FactAttribute
{
    private static readonly string[] Tools = ["clang", "ld.lld", "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-objcopy", "qemu-aarch64"];

    public ArmFactAttribute()
    {
        var missing = Tools.Where(tool => !IsOnPath(tool)).ToList();
        Skip = missing.Count == 0 ? null : "needs " + string.Join(", ", missing);
    }

    private static bool IsOnPath(string tool) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, tool)));
}
