using System.Reflection;
using System.Runtime.InteropServices;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Tests.Fusion;
using CompiledBert.Generator.Tests.Kernels;

namespace CompiledBert.Generator.Tests.Emission;

/// <summary>Runs the one step of a plan in each variant, and in the interpreter of plans.</summary>
internal sealed class NestHarness
{
    private readonly ModelPlan _plan;
    private readonly Type _model;

    /// <summary>Compiles a plan of one nest over inputs and outputs.</summary>
    public NestHarness(IReadOnlyList<Statement> body, IReadOnlyList<PlanBuffer> buffers, IReadOnlyList<Scratch>? scratch = null)
    {
        _plan = new ModelPlan
        {
            Name = "Nested",
            Namespace = "Tests",
            IsPublic = true,
            Source = "nest.onnx",
            SourceNodes = 1,
            Symbols = [new("B", SymbolRole.Batch, null), new("T", SymbolRole.Tokens, null)],
            Inputs = [],
            Outputs = [],
            Weights = new(64, ""),
            Buffers = buffers,
            Steps = [new NestStep { Title = "the nest", Origins = ["/a"], Body = body, Scratch = scratch ?? [] }],
        };
        var names = EmittedVariant.Runnable.Select(t => t.Name);
        _model = ModelAssembly.Load(_plan, null, $$"""
            namespace Tests;
            sealed unsafe partial class Nested
            {
                internal static void TestRun(string variant, int tasks, long b, long t, nint[] buffers, nint scratch, long stride)
                {
                    Frame frame = default;
                    frame.B = b;
                    frame.T = t;
                    frame.Scratch = (byte*)scratch;
                    frame.ScratchStride = stride;
                    {{string.Join("\n        ", buffers.Select((x, i) => $"frame.{x.Id} = (byte*)buffers[{i}];"))}}
                    for (int task = 0; task < tasks; task++)
                    {
                        switch (variant)
                        {
                            {{string.Join("\n                ", names.Select(n => $"case \"{n}\": With{n}.Step0(&frame, task, tasks); break;"))}}
                        }
                    }
                }
            }
            """).GetType("Tests.Nested")!;
    }

    /// <summary>The emitted files.</summary>
    public IReadOnlyList<(string HintName, string Source)> Sources => PlanCompiler.Compile(PlanWriter.Write(_plan));

    /// <summary>Runs one variant on copies of the arrays, and returns those of the outputs.</summary>
    public unsafe Array[] Run(string variant, int tasks, long batch, long tokens, Array[] arrays)
    {
        var copies = arrays.Select(a => (Array)a.Clone()).ToArray();
        var pins = copies.Select(a => GCHandle.Alloc(a, GCHandleType.Pinned)).ToArray();
        var scratch = (byte*)NativeMemory.AlignedAlloc((nuint)(1 << 16) * (nuint)tasks, 64);
        try
        {
            _model.GetMethod("TestRun", BindingFlags.NonPublic | BindingFlags.Static)!.Invoke(
                null, BindingFlags.DoNotWrapExceptions, null,
                [variant, tasks, batch, tokens, pins.Select(p => p.AddrOfPinnedObject()).ToArray(), (nint)scratch, 1L << 16], null);
        }
        finally
        {
            NativeMemory.AlignedFree(scratch);
            foreach (var pin in pins)
            {
                pin.Free();
            }
        }

        return [.. copies.Where((_, i) => _plan.Buffers[i].Kind == BufferKind.Output)];
    }

    /// <summary>What the interpreter of plans gives.</summary>
    public Array[] Interpret(long batch, long tokens, Array[] arrays) =>
        PlanInterpreter.Run(
            _plan, [], new Dictionary<string, long> { ["B"] = batch, ["T"] = tokens },
            [.. arrays.Where((_, i) => _plan.Buffers[i].Kind == BufferKind.Input)]);

    /// <summary>Runs all variants, whole and in three tasks, against the interpreter.</summary>
    public void Check(long batch, long tokens, Array[] arrays, double tolerance = 2e-6)
    {
        var expected = Interpret(batch, tokens, arrays);
        foreach (var variant in EmittedVariant.Runnable.Select(t => t.Name))
        {
            var actual = Run(variant, 1, batch, tokens, arrays);
            var shared = Run(variant, 3, batch, tokens, arrays);
            for (var i = 0; i < expected.Length; i++)
            {
                Assert.True(
                    MemoryMarshal.AsBytes(Bytes(actual[i])).SequenceEqual(MemoryMarshal.AsBytes(Bytes(shared[i]))),
                    $"{variant}: three tasks give other bits than one.");
                Same(expected[i], actual[i], tolerance, $"{variant}, output {i}, B={batch}, T={tokens}");
            }
        }
    }

    private static Span<byte> Bytes(Array array) => MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(array), Buffer.ByteLength(array));

    private static void Same(Array expected, Array actual, double tolerance, string where)
    {
        var scale = expected is float[] all ? Math.Max(1, all.Where(float.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max()) : 0;
        for (var i = 0; i < expected.Length; i++)
        {
            var (e, a) = (expected.GetValue(i)!, actual.GetValue(i)!);
            var same = e is float x && a is float y ? x.Equals(y) || Math.Abs((double)x - y) <= tolerance * scale : e.Equals(a);
            Assert.True(same, $"{where}: element {i} is {a}, should be {e}.");
        }
    }
}
