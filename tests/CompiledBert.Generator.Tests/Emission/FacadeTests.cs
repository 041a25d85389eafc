using System.Globalization;
using System.Reflection;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Tests.Fusion;

namespace CompiledBert.Generator.Tests.Emission;

public sealed class FacadeTests
{
    private const int Hidden = TinyModel.Hidden;
    private static readonly (ModelPlan Plan, byte[] Weights) Tiny = TinyModel.Create();
    private static readonly Type Adapter = ModelAssembly.Load(Tiny.Plan, Tiny.Weights, TinyModel.Adapter).GetType("Tests.TinyAdapter")!;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(33)]
    [InlineData(TinyModel.MaxTokens)]
    public void A_sequence_gives_what_the_plan_says(int tokens)
    {
        using var model = Load();
        var (ids, mask) = Inputs(tokens, seed: tokens);
        var (hidden, pooled) = Run(model, ids, mask);
        var expected = PlanInterpreter.Run(Tiny.Plan, Tiny.Weights, new Dictionary<string, long> { ["B"] = 1, ["T"] = tokens }, [ids, mask]);
        Close((float[])expected[0], hidden);
        Close((float[])expected[1], pooled);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_rectangle_and_concatenated_sequences_give_the_bits_of_each_alone(int threads)
    {
        using var model = Load();
        model.Threads = threads;
        foreach (var lengths in new int[][] { [1], [5, 5, 5], [3, 1, 7, 40, 2, 33, 16], [16, 17] })
        {
            var inputs = lengths.Select((t, i) => Inputs(t, seed: i)).ToArray();
            var alone = inputs.Select(x => RunOnOneThread(x.Ids, x.Mask)).ToArray();
            var ids = inputs.SelectMany(x => x.Ids).ToArray();
            var mask = inputs.SelectMany(x => x.Mask).ToArray();
            var hidden = new float[ids.Length * Hidden];
            var pooled = new float[lengths.Length * Hidden];
            model.RunBatch(lengths, ids, mask, hidden, pooled);
            Assert.Equal(alone.SelectMany(a => a.Hidden), hidden);
            Assert.Equal(alone.SelectMany(a => a.Pooled), pooled);
            if (lengths.Distinct().Count() == 1)
            {
                Array.Clear(hidden);
                model.Run(lengths.Length, ids, mask, hidden, pooled);
                Assert.Equal(alone.SelectMany(a => a.Hidden), hidden);
                Assert.Equal(alone.SelectMany(a => a.Pooled), pooled);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Calls_allocate_nothing(int threads)
    {
        using var model = Load();
        model.Threads = threads;
        var (ids, mask) = Inputs(20, seed: 1);
        var (hidden, pooled) = (new float[20 * Hidden], new float[3 * Hidden]);
        int[] lengths = [5, 8, 7];
        void Call()
        {
            model.Run(ids, mask, hidden, pooled.AsSpan(0, Hidden));
            model.Run(2, ids, mask, hidden, pooled.AsSpan(0, 2 * Hidden));
            model.RunBatch(lengths, ids, mask, hidden, pooled);
        }

        for (var i = 0; i < 50; i++)
        {
            Call();
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        var mine = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 200; i++)
        {
            Call();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - mine);
        Assert.True(before >= 0);
    }

    [Fact]
    public void Wrong_arguments_are_refused_by_name_before_anything_is_computed()
    {
        using var model = Load();
        var (ids, mask) = Inputs(4, seed: 1);
        var (hidden, pooled) = (new float[4 * Hidden], new float[Hidden]);

        Refuses<ArgumentException>("attentionMask", () => model.Run(ids, mask.AsSpan(1), hidden, pooled));
        Refuses<ArgumentException>("hidden", () => model.Run(ids, mask, hidden.AsSpan(1), pooled));
        Refuses<ArgumentException>("pooled", () => model.Run(ids, mask, hidden, new float[Hidden + 1]));
        Refuses<ArgumentException>("inputIds", () => model.Run([], [], [], pooled));
        Refuses<ArgumentException>("inputIds", () => model.Run(3, ids, mask, hidden, pooled));
        Refuses<ArgumentException>("batch", () => model.Run(0, ids, mask, hidden, pooled));
        Refuses<ArgumentOutOfRangeException>("batch", () => model.Run(-1, ids, mask, hidden, pooled));
        Refuses<ArgumentOutOfRangeException>("inputIds", () => model.Run(new long[41], new long[41], new float[41 * Hidden], pooled));
        Refuses<ArgumentOutOfRangeException>("inputIds", () => model.Run([1, 2, 30, 3], mask, hidden, pooled));
        Refuses<ArgumentOutOfRangeException>("inputIds", () => model.Run([1, 2, -31, 3], mask, hidden, pooled));
        Refuses<ArgumentException>("lengths", () => model.RunBatch([], ids, mask, hidden, pooled));
        Refuses<ArgumentException>("lengths", () => model.RunBatch([3], ids, mask, hidden, pooled));
        Refuses<ArgumentException>("pooled", () => model.RunBatch([1, 3], ids, mask, hidden, pooled));
        Assert.All(hidden, x => Assert.Equal(0, x));

        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => model.Run(ids, mask, hidden, pooled, cancelled.Token));
        model.Run([1, -30, 29, 3], mask, hidden, pooled);
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Run(ids, mask, hidden, pooled));
    }

    [Fact]
    public void Weights_come_from_the_assembly_a_file_or_a_stream()
    {
        var (ids, mask) = Inputs(4, seed: 1);
        var expected = RunOnOneThread(ids, mask);
        var path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, Tiny.Weights);
            using var fromFile = (ITinyModel)Adapter.GetMethod("LoadPath", BindingFlags.Static | BindingFlags.NonPublic)!.Invoke(null, [path])!;
            Assert.Equal(2, fromFile.Threads);
            Assert.Equal(expected.Hidden, Run(fromFile, ids, mask).Hidden);
        }
        finally
        {
            File.Delete(path);
        }

        using var fromStream = (ITinyModel)Adapter
            .GetMethod("LoadStream", BindingFlags.Static | BindingFlags.NonPublic)!
            .Invoke(null, [new MemoryStream(Tiny.Weights)])!;
        Assert.Equal(expected.Hidden, Run(fromStream, ids, mask).Hidden);

        var without = ModelAssembly.Load(Tiny.Plan, null, TinyModel.Adapter).GetType("Tests.TinyAdapter")!;
        var load = without.GetMethod("Load", BindingFlags.Static | BindingFlags.NonPublic)!;
        var error = Assert.Throws<FileNotFoundException>(() => load.Invoke(null, BindingFlags.DoNotWrapExceptions, null, [], null));
        Assert.Contains("Tiny.weights", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths_are_known_without_a_model() =>
        Assert.Equal([2 * 3 * Hidden, 5 * Hidden, TinyModel.MaxTokens],
            (int[])Adapter.GetMethod("Lengths", BindingFlags.Static | BindingFlags.NonPublic)!.Invoke(null, null)!);

    [Fact]
    public void A_signature_alone_compiles_to_the_same_members()
    {
        var stub = ModelAssembly.Load(Tiny.Plan with { IsStub = true, Steps = [], Buffers = [], Checks = [] }).GetType("Tests.Tiny")!;
        Assert.Equal(Members(Adapter.Assembly.GetType("Tests.Tiny")!), Members(stub));

        static IEnumerable<string> Members(Type type) => type.GetMembers().Select(m => m.ToString()!).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void The_text_is_the_same_every_time_and_under_any_culture()
    {
        var plan = PlanWriter.Write(Tiny.Plan);
        var expected = PlanCompiler.Compile(plan);
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = HostileCulture.Create();
            Assert.Equal(expected, PlanCompiler.Compile(plan));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        Assert.Equal(["Tiny.g.cs", "Tiny.Avx512.g.cs", "Tiny.Avx2.g.cs", "Tiny.Vector128.g.cs"], expected.Select(f => f.HintName));
        Assert.All(expected, f => Assert.DoesNotContain("\r", f.Source, StringComparison.Ordinal));
    }

    [Fact]
    public void Models_without_lengths_or_with_lengths_of_their_own_compile()
    {
        var s = Dim.Of(new Symbol("S"));
        ModelPlan Plan(Dim elements, params PlanSymbol[] symbols) => Tiny.Plan with
        {
            IsRagged = false,
            IsPublic = false,
            Namespace = "",
            Symbols = symbols,
            Inputs = [new("x", "frame", DataType.Float32, [elements]), new("flag", "call", DataType.Bool, [])],
            Outputs = [new("y", "y", DataType.Float32, [elements])],
            Checks = [],
            Buffers = [new("in0", DataType.Float32, elements, BufferKind.Input, 0), new("in1", DataType.Bool, 1, BufferKind.Input, 1),
                new("out0", DataType.Float32, elements, BufferKind.Output, 0)],
            Steps =
            [
                new NestStep
                {
                    Title = "copy\n*/",
                    Origins = [],
                    Body = [new Loop("n", elements, LoopKind.Lanes,
                        [new Load("x", DataType.Float32, new("in0", 0, [new("n", 1)])), new Store(new("out0", 0, [new("n", 1)]), "x")])],
                },
            ],
        };

        Assert.NotNull(ModelAssembly.Load(Plan(5)).GetType("Tiny"));
        Assert.NotNull(ModelAssembly.Load(Plan((3 * s) + 1, new PlanSymbol("S", SymbolRole.Other, 100))).GetType("Tiny"));
        Assert.NotNull(ModelAssembly.Load(Plan(3 * s, new PlanSymbol("S", SymbolRole.Tokens, 100))).GetType("Tiny"));
        Assert.NotNull(ModelAssembly.Load(Plan(3 * s, new PlanSymbol("S", SymbolRole.Batch, null))).GetType("Tiny"));
    }

    [Theory]
    [InlineData("Vector128")]
    [InlineData("Avx2")]
    [InlineData("Tile")]
    [InlineData("Nest")]
    [InlineData("Exp")]
    public void Classes_called_like_what_emitted_code_knows_otherwise_compile(string name) =>
        Assert.NotNull(ModelAssembly.Load(Tiny.Plan with { Name = name }).GetType("Tests." + name));

    [Fact]
    public void Lengths_that_do_not_fit_each_other_are_refused()
    {
        var limited = Tiny.Plan with { Limits = [new(3, Dim.Of(new Symbol("T")))] };
        using var model = Load(ModelAssembly.Load(limited, Tiny.Weights, TinyModel.Adapter).GetType("Tests.TinyAdapter")!);
        var (ids, mask) = Inputs(3, seed: 1);
        var (hidden, pooled) = (new float[3 * Hidden], new float[2 * Hidden]);
        model.Run(ids, mask, hidden, pooled.AsSpan(..Hidden));
        var single = Assert.Throws<ArgumentException>(() => model.Run(ids.AsSpan(1), mask.AsSpan(1), hidden.AsSpan(Hidden), pooled.AsSpan(Hidden)));
        Assert.Contains("3", single.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => model.RunBatch([1, 2], ids, mask, hidden, pooled));
    }

    private static ITinyModel Load() => Load(Adapter);

    private static ITinyModel Load(Type adapter) => (ITinyModel)adapter.GetMethod("Load", BindingFlags.Static | BindingFlags.NonPublic)!.Invoke(null, null)!;

    private static (long[] Ids, long[] Mask) Inputs(int tokens, int seed)
    {
        var random = new Random(seed);
        return (
            [.. Enumerable.Range(0, tokens).Select(_ => random.NextInt64(-TinyModel.Vocabulary, TinyModel.Vocabulary))],
            [.. Enumerable.Range(0, tokens).Select(i => i == 0 ? 1 : random.NextInt64(2))]);
    }

    private static (float[] Hidden, float[] Pooled) RunOnOneThread(long[] ids, long[] mask)
    {
        using var model = Load();
        return Run(model, ids, mask);
    }

    private static (float[] Hidden, float[] Pooled) Run(ITinyModel model, long[] ids, long[] mask)
    {
        var (hidden, pooled) = (new float[ids.Length * Hidden], new float[Hidden]);
        model.Run(ids, mask, hidden, pooled);
        return (hidden, pooled);
    }

    private static void Refuses<T>(string parameter, Action call)
        where T : ArgumentException => Assert.Equal(parameter, Assert.Throws<T>(call).ParamName);

    private static void Close(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.InRange(actual[i], expected[i] - 5e-6f, expected[i] + 5e-6f);
        }
    }
}
