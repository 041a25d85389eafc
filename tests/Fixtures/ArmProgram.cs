namespace CompiledBert.Tests;

/// <summary>Programs for linux-arm64 on whatever this is: made by the native compiler and a cross linker, run in an emulator.</summary>
internal static class ArmProgram
{
    /// <summary>Processors that differ in what a model uses: no dot product, the dot product, everything that the emulator has.</summary>
    public static IReadOnlyList<string> Processors { get; } = ["cortex-a53", "cortex-a76", "max"];

    /// <summary>What <c>dotnet publish</c> needs to know besides the project.</summary>
    public static string[] PublishArguments { get; } = ["-r", "linux-arm64", "-p:LinkerFlavor=lld", "-p:ObjCopyName=aarch64-linux-gnu-objcopy"];

    /// <summary>Runs a program as on a processor.</summary>
    public static DotNet.Result Run(string folder, string processor, string program, params string[] arguments) =>
        DotNet.RunProgram(folder, "qemu-aarch64", ["-cpu", processor, "-L", "/usr/aarch64-linux-gnu", program, .. arguments], []);
}
