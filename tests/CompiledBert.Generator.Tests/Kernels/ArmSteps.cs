using System.Runtime.InteropServices;
using CompiledBert.Tests;

namespace CompiledBert.Generator.Tests.Kernels;

/// <summary>Steps in a native program for Arm, run over arrays as on one processor or another.</summary>
internal sealed class ArmSteps : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("compiledbert-arm-kernels-").FullName;

    /// <summary>Compiles the steps into a program.</summary>
    public ArmSteps(IReadOnlyList<StepHost> steps)
    {
        File.WriteAllText(Path.Combine(_folder, "App.csproj"), """
            <Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
            <AllowUnsafeBlocks>true</AllowUnsafeBlocks><PublishAot>true</PublishAot><InvariantGlobalization>true</InvariantGlobalization></PropertyGroup></Project>
            """);
        for (var i = 0; i < steps.Count; i++)
        {
            var numbered = steps[i].Source.Replace("public static unsafe class Variant", $"public static unsafe class Variant{i}", StringComparison.Ordinal);
            File.WriteAllText(Path.Combine(_folder, $"Step{i}.cs"), numbered);
        }

        File.WriteAllText(Path.Combine(_folder, "Program.cs"), Program(steps.Count));
        var published = DotNet.Run(_folder, ["publish", .. ArmProgram.PublishArguments, "-o", Path.Combine(_folder, "published")]);
        Assert.True(published.ExitCode == 0, published.Output);
    }

    /// <summary>One run of a step, as <see cref="StepHost.Run"/> takes it.</summary>
    public sealed record Call(int Step, int Tasks, long[] Symbols, params float[][] Buffers);

    /// <summary>Makes all calls as on a processor. Memory around every buffer and the scratch is checked to be untouched.</summary>
    /// <returns>What each call left in its buffers.</returns>
    public IReadOnlyList<float[][]> Run(string processor, IReadOnlyList<Call> calls)
    {
        using (var writer = new BinaryWriter(File.Create(Path.Combine(_folder, "calls"))))
        {
            writer.Write(calls.Count);
            foreach (var call in calls)
            {
                writer.Write(call.Step);
                writer.Write(call.Tasks);
                writer.Write(call.Symbols.Length);
                Array.ForEach(call.Symbols, writer.Write);
                writer.Write(call.Buffers.Length);
                foreach (var buffer in call.Buffers)
                {
                    writer.Write(buffer.Length);
                    writer.Write(MemoryMarshal.AsBytes<float>(buffer));
                }
            }
        }

        var run = ArmProgram.Run(_folder, processor, Path.Combine(_folder, "published/App"));
        Assert.True(run.ExitCode == 0, processor + ": " + run.Output);
        using var reader = new BinaryReader(File.OpenRead(Path.Combine(_folder, "results")));
        return [.. calls.Select(call => call.Buffers.Select(b => MemoryMarshal.Cast<byte, float>(reader.ReadBytes(4 * b.Length)).ToArray()).ToArray())];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Program(int steps) => $$"""
        using System.Runtime.InteropServices;

        unsafe
        {
            var run = new delegate*<void*, int, int, void>[] { {{string.Join(", ", Enumerable.Range(0, steps).Select(i => $"(delegate*<void*, int, int, void>)(delegate*<Variant{i}.Frame*, int, int, void>)&Variant{i}.Step0"))}} };
            var scratchBytes = new delegate*<void*, long>[] { {{string.Join(", ", Enumerable.Range(0, steps).Select(i => $"(delegate*<void*, long>)(delegate*<Variant{i}.Frame*, long>)&Variant{i}.ScratchBytes"))}} };
            using var calls = new BinaryReader(File.OpenRead("calls"));
            using var results = File.Create("results");
            long* frame = stackalloc long[32];
            for (int count = calls.ReadInt32(), c = 0; c < count; c++)
            {
                int step = calls.ReadInt32(), tasks = calls.ReadInt32(), symbols = calls.ReadInt32();
                for (int i = 0; i < symbols; i++) frame[i] = calls.ReadInt64();
                var blocks = new Guarded[calls.ReadInt32()];
                for (int i = 0; i < blocks.Length; i++)
                {
                    blocks[i] = new Guarded(4L * calls.ReadInt32());
                    calls.BaseStream.ReadExactly(blocks[i].Span);
                    frame[symbols + i] = (long)blocks[i].Start;
                }
                long bytes = scratchBytes[step](frame);
                var scratch = new Guarded(bytes * tasks);
                frame[symbols + blocks.Length] = (long)scratch.Start;
                frame[symbols + blocks.Length + 1] = bytes;
                for (int task = 0; task < tasks; task++) run[step](frame, task, tasks);
                foreach (var block in blocks) results.Write(block.Span);
                foreach (var block in (Guarded[])[.. blocks, scratch])
                {
                    if (!block.IsWhole) throw new Exception($"Call {c} wrote beyond a buffer.");
                    block.Free();
                }
            }
        }

        /// <summary>Memory with marks around it.</summary>
        readonly unsafe struct Guarded
        {
            private const int Guard = 256;
            private readonly byte* _block;
            private readonly long _bytes;

            public Guarded(long bytes)
            {
                _bytes = bytes;
                _block = (byte*)NativeMemory.AlignedAlloc((nuint)(bytes + 2 * Guard), 64);
                new Span<byte>(_block, (int)bytes + 2 * Guard).Fill(0xA5);
            }

            public byte* Start => _block + Guard;

            public Span<byte> Span => new(Start, (int)_bytes);

            public bool IsWhole => !new ReadOnlySpan<byte>(_block, Guard).ContainsAnyExcept((byte)0xA5) && !new ReadOnlySpan<byte>(Start + _bytes, Guard).ContainsAnyExcept((byte)0xA5);

            public void Free() => NativeMemory.AlignedFree(_block);
        }
        """;
}
