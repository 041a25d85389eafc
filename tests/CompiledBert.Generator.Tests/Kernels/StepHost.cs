using System.Runtime.InteropServices;
using CompiledBert.Compiler;
using CompiledBert.Generator.Emit;

namespace CompiledBert.Generator.Tests.Kernels;

/// <summary>One step of a plan, emitted and compiled for one variant, and run over arrays.</summary>
internal sealed unsafe class StepHost
{
    private readonly ModelPlan _plan;
    private readonly Lazy<Type> _type;

    /// <summary>Emits and compiles a step. Its buffers are all floats; their lengths are those of the arrays given to <see cref="Run"/>.</summary>
    public StepHost(string variant, IStepEmitter emitter, Step step, string[] symbols, string[] buffers)
    {
        _plan = new ModelPlan
        {
            Name = "Model",
            Namespace = "",
            IsPublic = true,
            Source = "model.onnx",
            SourceNodes = 1,
            Symbols = [.. symbols.Select(s => new PlanSymbol(s, SymbolRole.Other, null))],
            Inputs = [],
            Outputs = [],
            Weights = new WeightsInfo(0, ""),
            Buffers = [.. buffers.Select((b, i) => new PlanBuffer(b, DataType.Float32, Dim.One, BufferKind.Arena, i))],
            Steps = [step],
        };
        var (name, emulated) = EmulatedVnni.Parse(variant);
        var target = VectorTarget.All.Single(t => t.Name == name);
        var kernels = new MicroKernels(target);
        var context = new StepContext(_plan, 0, kernels);
        var writer = new CodeWriter(1);
        emitter.Emit(context, writer, target);
        var bytes = context.ScratchBytes ?? "0";
        Text = $$"""
            public struct Frame
            {
                {{string.Concat(symbols.Select(s => $"public long {s}; "))}}
                {{string.Concat(buffers.Select(b => $"public byte* {b}; "))}}
                public byte* Scratch;
                public long ScratchStride;
                public long PageBytes;
            }
            public static long ScratchBytes(Frame* f) { {{context.SymbolLocals}} return {{bytes}}; }

            """ + writer;
        Source = EmulatedVnni.In(EmittedVariant.Source(target, kernels, Text), emulated);
        _type = new(() => EmittedVariant.Load(Source).GetType("Variant")!);
    }

    /// <summary>The emitted step with its frame.</summary>
    public string Text { get; }

    /// <summary>The whole emitted file: a class <c>Variant</c> with the step and its kernels.</summary>
    public string Source { get; }

    /// <summary>Runs all shares of the step one after the other. Memory around every buffer and the scratch is checked to be untouched.</summary>
    public void Run(int tasks, long[] symbols, params float[][] buffers)
    {
        const int Guard = 64;
        var frame = stackalloc long[symbols.Length + buffers.Length + 3];
        for (var i = 0; i < symbols.Length; i++)
        {
            frame[i] = symbols[i];
        }

        var blocks = new List<nint>();
        float* Allocate(long count)
        {
            var block = (float*)NativeMemory.AlignedAlloc((nuint)(4 * (count + 2 * Guard)), 64);
            new Span<float>(block, (int)(count + 2 * Guard)).Fill(12345.678f);
            blocks.Add((nint)block);
            return block + Guard;
        }

        for (var i = 0; i < buffers.Length; i++)
        {
            var copy = Allocate(buffers[i].Length);
            buffers[i].CopyTo(new Span<float>(copy, buffers[i].Length));
            frame[symbols.Length + i] = (long)copy;
        }

        var scratchBytes = ((delegate*<long*, long>)_type.Value.GetMethod("ScratchBytes")!.MethodHandle.GetFunctionPointer())(frame);
        var scratch = Allocate(scratchBytes / 4 * tasks);
        frame[symbols.Length + buffers.Length] = (long)scratch;
        frame[symbols.Length + buffers.Length + 1] = scratchBytes;
        frame[symbols.Length + buffers.Length + 2] = 4096;
        var run = (delegate*<long*, int, int, void>)_type.Value.GetMethod("Step0")!.MethodHandle.GetFunctionPointer();
        for (var task = 0; task < tasks; task++)
        {
            run(frame, task, tasks);
        }

        for (var i = 0; i < buffers.Length; i++)
        {
            new Span<float>((float*)frame[symbols.Length + i], buffers[i].Length).CopyTo(buffers[i]);
        }

        for (var i = 0; i < blocks.Count; i++)
        {
            var count = i < buffers.Length ? buffers[i].Length : (int)(scratchBytes / 4 * tasks);
            var block = (float*)blocks[i];
            for (var g = 0; g < Guard; g++)
            {
                Assert.True(block[g] == 12345.678f && block[Guard + count + g] == 12345.678f, "The step wrote beyond a buffer.");
            }

            NativeMemory.AlignedFree(block);
        }
    }
}
