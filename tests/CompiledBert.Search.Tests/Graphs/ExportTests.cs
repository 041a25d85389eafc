using CompiledBert.Cli.Benchmarks;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Onnx.Writing;
using CompiledBert.Compiler.Targets;
using CompiledBert.Compiler.Tests.Fusion;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Tests.Graphs;

public sealed class ExportTests : IDisposable
{
    private static readonly BertTask Task = new() { Outputs = 3, Positions = 40 };

    private readonly string _file = Path.Combine(Path.GetTempPath(), $"export-{Guid.NewGuid():N}.onnx");

    public static TheoryData<string> Cases => ["plain", "factored", "relu", "nonorm", "mean", "pooler", "every token", "without segments", "one head"];

    public void Dispose() => File.Delete(_file);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_written_model_gives_the_same_in_onnx_runtime_compiled_and_interpreted(string name)
    {
        var (shape, task) = Case(name);
        Write(shape, task);
        using var session = ModelSession.Compile(new CompileOptions { ModelPath = _file, Name = "Exported" });
        using var engine = new OnnxRuntimeEngine(_file, 1);
        using var result = CompilePipeline.Compile(new CompileOptions { ModelPath = _file, Name = "Exported" });
        var weights = new MemoryStream();
        result.WriteWeights(weights);
        foreach (var (batch, tokens) in new[] { (1, 1), (2, 7), (1, 33) })
        {
            var inputs = Inputs(task, batch, tokens);
            var call = session.Prepare(inputs);
            call.Invoke();
            using var reference = engine.Prepare(session.Plan, inputs, call.Outputs);
            reference.Invoke();
            var interpreted = PlanInterpreter.Run(
                result.Plan, weights.ToArray(), Lengths(result.Plan, batch, tokens), [.. inputs.Select(i => (Array)i.As<long>().ToArray())]);
            var expected = reference.Outputs[0].As<float>().ToArray();
            Assert.Equal(batch * 3 * (task.Pooling == Pooling.None ? tokens : 1), expected.Length);
            Assert.True(expected.Distinct().Count() == expected.Length);
            Agree(expected, call.Outputs[0].As<float>());
            Agree(expected, (float[])interpreted[0]);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_candidate_costs_what_its_file_costs(string name)
    {
        var (shape, task) = Case(name);
        Write(shape, task);
        foreach (var precision in new[] { Precision.Fp32, Precision.Int8 })
        {
            using var result = CompilePipeline.Compile(new CompileOptions { ModelPath = _file, Name = "Exported", Precision = precision });
            var costs = new Search.Costs.CandidateCosts(task, precision, [], (KnownCores.NeoverseN1, 33));
            var cost = costs.Of(shape);
            Assert.Equal(CostModel.Estimate(result.Plan, KnownCores.NeoverseN1, 1, 33).Cycles, cost.Cycles, 1e-6 * cost.Cycles);
            Assert.Equal(result.Plan.Weights.Bytes, cost.WeightBytes);
            Assert.Equal(Kinds(result.Plan), Kinds(costs.PlanOf(shape)));
        }
    }

    [Fact]
    public void The_same_model_is_written_as_the_same_bytes()
    {
        Write(Shapes.Tiny, Task);
        var first = File.ReadAllBytes(_file);
        Write(Shapes.Tiny, Task);
        Assert.Equal(first, File.ReadAllBytes(_file));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("factored")]
    [InlineData("relu")]
    [InlineData("mean")]
    [InlineData("pooler")]
    [InlineData("every token")]
    [InlineData("without segments")]
    [InlineData("one head")]
    [InlineData("one head of all columns")]
    public void What_was_written_is_read_back(string name)
    {
        var (shape, task) = Case(name);
        var written = Write(shape, task);
        var read = BertReader.Read(_file);
        Assert.Equal(shape, read.Shape);
        Assert.Equal(task, read.Task);
        Assert.Equal(written.Made.Keys.Order(StringComparer.Ordinal), read.Weights.Keys.Order(StringComparer.Ordinal));
        Assert.All(written.Made, w => Assert.Equal(w.Value.As<float>().ToArray(), read.Weights[w.Key].As<float>().ToArray()));
    }

    [SharedModelTheory]
    [InlineData("bert-legacy-op14-eager")]
    [InlineData("bert-legacy-op11-seqcls")]
    [InlineData("bert-dynamo-op18-sdpa")]
    [InlineData("bert-torch18-op11")]
    [InlineData("bert-ortfused-l1-from-torch25")]
    [InlineData("bert-tf2onnx-op13")]
    [InlineData("distilbert-dynamo-op18-sdpa")]
    public void Berts_of_every_exporter_are_read(string model)
    {
        var path = RepositoryFiles.Shared(Path.Combine("zoo", model, "model.onnx"))!;
        var read = BertReader.Read(path);
        Assert.True(read.Shape.Layers.Count > 0);
        if (read.Task.Outputs > 0)
        {
            using (var stream = File.Create(_file))
            {
                OnnxWriter.Write(BertGraph.Of(read.Shape, read.Task, new KnownBertWeights(read.Weights)), stream);
            }

            using var original = ModelSession.Compile(new CompileOptions { ModelPath = path, Name = "Original" });
            using var copy = ModelSession.Compile(new CompileOptions { ModelPath = _file, Name = "Copy" });
            var inputs = Inputs(read.Task, 1, 7);
            Agree(original.Run(inputs)[0].As<float>().ToArray(), copy.Run(inputs)[0].As<float>());
        }
    }

    [Theory]
    [InlineData("roberta-legacy-op14-seqcls-eager")]
    [InlineData("distilbert-legacy-op11-qa")]
    [InlineData("minilm-maxpool-legacy-op14")]
    public void What_is_no_bert_is_refused(string model)
    {
        var refusal = Assert.Throws<CompileException>(() => BertReader.Read(Path.Combine(RepositoryFiles.Zoo, model, "model.onnx")));
        Assert.Equal("CBERT0803", refusal.Diagnostic.Code);
    }

    [Fact]
    public void Halves_take_half_the_file_and_compile_to_the_same_steps_with_rounded_weights()
    {
        var weights = Write(Shapes.Tiny, Task);
        var (whole, kinds) = (new FileInfo(_file).Length, PlanKinds());
        using (var stream = File.Create(_file))
        {
            OnnxWriter.Write(BertGraph.Of(Shapes.Tiny, Task, weights), stream, halves: true);
        }

        Assert.InRange(new FileInfo(_file).Length, 0.5 * whole, 0.75 * whole);
        Assert.Equal(kinds, PlanKinds());
        var read = BertReader.Read(_file);
        foreach (var (name, data) in read.Weights)
        {
            var original = weights.Of(name, [.. data.Dims]).As<float>().ToArray();
            Assert.Equal(data.Dims.Count > 1 ? original.Select(w => (float)(Half)w) : original, data.As<float>().ToArray());
        }
    }

    private List<string> PlanKinds()
    {
        using var result = CompilePipeline.Compile(new CompileOptions { ModelPath = _file, Name = "Written" });
        return [.. Kinds(result.Plan)];
    }

    private static IEnumerable<string> Kinds(ModelPlan plan) => plan.Steps.Select(s => s.GetType().Name).Order(StringComparer.Ordinal);

    private static (BertShape Shape, BertTask Task) Case(string name) => name switch
    {
        "factored" => (Shapes.Tiny with { Embedding = 16 }, Task),
        "relu" => (Shapes.Tiny with { Activation = Activation.Relu }, Task),
        "nonorm" => (Shapes.Tiny with { Norm = Norm.NoNorm }, Task),
        "mean" => (Shapes.Tiny, Task with { Pooling = Pooling.Mean }),
        "pooler" => (Shapes.Tiny, Task with { HasPooler = true }),
        "every token" => (Shapes.Tiny, Task with { Pooling = Pooling.None }),
        "one head" => (Shapes.Tiny with { Layers = [new LayerShape(1, 8, 40), new LayerShape(1, 8, 33)] }, Task),
        "one head of all columns" => (Shapes.Tiny with { Layers = [new LayerShape(1, 24, 24)] }, Task with { Pooling = Pooling.Mean }),
        "without segments" => (Shapes.Tiny, Task with { Segments = 0 }),
        _ => (Shapes.Tiny, Task),
    };

    private MadeUpWeights Write(BertShape shape, BertTask task)
    {
        var weights = new MadeUpWeights();
        using var stream = File.Create(_file);
        OnnxWriter.Write(BertGraph.Of(shape, task, weights), stream);
        return weights;
    }

    private static Dictionary<string, long> Lengths(ModelPlan plan, int batch, int tokens) =>
        plan.Symbols.ToDictionary(s => s.Name, s => s.Role == SymbolRole.Batch ? (long)batch : tokens, StringComparer.Ordinal);

    private static List<HostTensor> Inputs(BertTask task, int batch, int tokens)
    {
        var random = new Random(batch + tokens);
        HostTensor Make(Func<int, long> value) => HostTensor.Of([batch, tokens], [.. Enumerable.Range(0, batch * tokens).Select(value)]);
        var inputs = new List<HostTensor> { Make(_ => random.Next(80)), Make(i => i % tokens == 0 || random.Next(4) > 0 ? 1 : 0) };
        return task.Segments > 0 ? [.. inputs, Make(i => i % tokens * 2 / tokens)] : inputs;
    }

    private static void Agree(float[] expected, ReadOnlySpan<float> actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 2e-5f);
        }
    }
}
