using System.Reflection;
using System.Runtime.InteropServices;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Sessions;

/// <summary>A model compiled in memory, without a project: plan, C#, assembly, loaded class.</summary>
internal sealed unsafe class ModelSession : IDisposable
{
    private readonly EntryPoint _run;
    private readonly EntryPoint? _runBatch;

    private ModelSession(CompiledModel model, ModelPlan plan, EntryPoint run, EntryPoint? runBatch)
    {
        Model = model;
        Plan = plan;
        _run = run;
        _runBatch = runBatch;
    }

    public CompiledModel Model { get; }

    public ModelPlan Plan { get; }

    /// <summary>What each step of all calls so far took, in ticks of the stopwatch; null where the session was not made to measure them.</summary>
    public long[]? StepTicks => (long[]?)Model.GetType().GetField("StepTicks")?.GetValue(null);

    /// <summary>The most tokens of a sequence; null where nothing limits them.</summary>
    public long? MaxTokens => Plan.Symbols.FirstOrDefault(s => s.Role == SymbolRole.Tokens)?.Max;

    /// <summary>Compiles and loads a model.</summary>
    /// <exception cref="CompileException">The model is refused, or the compiler failed (CBERT0001).</exception>
    /// <param name="options">The model and what is wanted of it.</param>
    /// <param name="timeSteps">Whether calls measure their steps, see <see cref="StepTicks"/>.</param>
    /// <param name="rewrite">Changes the emitted C# before it is compiled, file by file: for experiments.</param>
    public static ModelSession Compile(CompileOptions options, bool timeSteps = false, Func<string, string>? rewrite = null)
    {
        using var result = ModelCompilation.Run(options);
        using var progress = ProgressLine.OnErrorStream();
        progress.Say($"compiling the C# of {result.Plan.Name}");
        return ModelCompilation.Guard(options.ModelPath, () => Load(result, timeSteps, rewrite));
    }

    /// <summary>A call of one sequence or of a rectangle of them. The symbols take their values from the inputs' shapes.</summary>
    /// <exception cref="ArgumentException">The inputs do not fit the model.</exception>
    public PreparedCall Prepare(IReadOnlyList<HostTensor> inputs)
    {
        var symbols = Bind(inputs);
        var outputs = Plan.Outputs.Select(o => new HostTensor(o.Type, [.. o.Shape.Select(d => d.Evaluate(s => symbols[s.Name]))])).ToList();
        return new PreparedCall(Model, _run, inputs, outputs, [], [.. Plan.Symbols.Select(s => symbols[s.Name])]);
    }

    /// <summary>A call of sequences of different lengths, whose tensors lie one after the other. Outputs come as one axis.</summary>
    public PreparedCall PrepareBatch(IReadOnlyList<int> lengths, IReadOnlyList<HostTensor> inputs)
    {
        var run = _runBatch ?? throw new InvalidOperationException($"{Plan.Name} takes no sequences of different lengths.");
        var tokens = Plan.Symbols.First(s => s.Role == SymbolRole.Tokens).Name;
        var outputs = Plan.Outputs.Select(o =>
        {
            var elements = o.Shape.Aggregate(Dim.One, (product, dim) => product * dim);
            return new HostTensor(o.Type, [lengths.Sum(length => elements.Evaluate(s => s.Name == tokens ? length : 1))]);
        });
        return new PreparedCall(Model, run, inputs, [.. outputs], lengths, [.. Plan.Symbols.Select(_ => 0L)]);
    }

    /// <summary>Computes the outputs for inputs.</summary>
    public IReadOnlyList<HostTensor> Run(IReadOnlyList<HostTensor> inputs)
    {
        var call = Prepare(inputs);
        call.Invoke();
        return call.Outputs;
    }

    public void Dispose() => Model.Dispose();

    private static ModelSession Load(CompileResult result, bool timeSteps, Func<string, string>? rewrite)
    {
        var plan = result.Plan;
        var sources = ModelCompilation.SourcesOf(result, timeSteps);
        var assembly = InMemoryAssembly.Load(plan.Name, rewrite is null ? sources : sources.Select(s => (s.Path, rewrite(s.Text))));
        var type = assembly.GetType(plan.Namespace.Length == 0 ? plan.Name : plan.Namespace + "." + plan.Name, throwOnError: true)!;
        var load = type.GetMethod("Load", BindingFlags.Public | BindingFlags.Static, [typeof(Stream), typeof(int)])!;

        // Written and read once: memory outside the managed heap is gone at the end of this method.
        var length = (nuint)plan.Weights.Bytes;
        var memory = (byte*)NativeMemory.Alloc(Math.Max(1, length));
        try
        {
            using var stream = new UnmanagedMemoryStream(memory, 0, (long)length, FileAccess.ReadWrite);
            result.WriteWeights(stream);
            stream.Position = 0;
            var model = (CompiledModel)load.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [stream, plan.Threads], null)!;
            var run = EntryPoint.Find(type, "Run", plan) ?? throw new InvalidOperationException("The emitted class has no Run.");
            return new ModelSession(model, plan, run, EntryPoint.Find(type, "RunBatch", plan));
        }
        finally
        {
            NativeMemory.Free(memory);
        }
    }

    private Dictionary<string, long> Bind(IReadOnlyList<HostTensor> inputs)
    {
        if (inputs.Count != Plan.Inputs.Count)
        {
            throw new ArgumentException($"The model has {Plan.Inputs.Count} inputs, {inputs.Count} are given.", nameof(inputs));
        }

        var symbols = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (tensor, input) in Plan.Inputs.Zip(inputs))
        {
            if (tensor.Type != input.Type || tensor.Shape.Count != input.Dims.Count)
            {
                throw new ArgumentException(
                    $"Input '{tensor.Name}' is {Describe(tensor)}; given is {input.Type} [{string.Join(", ", input.Dims)}].", nameof(inputs));
            }

            foreach (var (dim, length) in tensor.Shape.Zip(input.Dims))
            {
                if (dim.AsSymbol is { } symbol)
                {
                    symbols.TryAdd(symbol.Name, length);
                }
            }
        }

        foreach (var (tensor, input) in Plan.Inputs.Zip(inputs))
        {
            if (!tensor.Shape.Zip(input.Dims).All(axis => axis.First.Evaluate(s => symbols.GetValueOrDefault(s.Name)) == axis.Second))
            {
                throw new ArgumentException($"Input '{tensor.Name}' is {Describe(tensor)}; given is [{string.Join(", ", input.Dims)}].", nameof(inputs));
            }
        }

        // A length that stands in no input by itself is not needed, or the caller's to state; 1 is the least.
        foreach (var symbol in Plan.Symbols)
        {
            symbols.TryAdd(symbol.Name, 1);
        }

        return symbols;
    }

    private static string Describe(PlanTensor tensor) => $"{tensor.Type} [{string.Join(", ", tensor.Shape)}]";
}
