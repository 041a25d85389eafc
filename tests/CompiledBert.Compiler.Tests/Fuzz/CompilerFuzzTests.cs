using System.Diagnostics;
using System.Globalization;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Tests.Fusion;
using CompiledBert.Tests.Fuzz;
using Xunit;
using Xunit.Abstractions;

namespace CompiledBert.Compiler.Tests.Fuzz;

/// <summary>
/// Mutated model files go through the compiler: each compiles or is refused with a diagnostic, soon and in little memory, and what compiles
/// addresses nothing outside its buffers. CBERT_FUZZ_FILES makes the run longer, CBERT_FUZZ_FIRST says where it begins.
/// </summary>
public class CompilerFuzzTests(ITestOutputHelper log)
{
    private const int UsualFiles = 2000;
    private const long MostBytes = 1_000_000_000;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    [Fact]
    public void Mutated_files_compile_or_are_refused()
    {
        var given = Number("CBERT_FUZZ_FILES");
        var seeds = given is null ? Seeds.OfRepository : Seeds.All;
        var (first, files) = (Number("CBERT_FUZZ_FIRST") ?? 0, given ?? UsualFiles);
        var folder = Directory.CreateTempSubdirectory("cbert-fuzz-").FullName;
        var findings = new List<string>();
        var (compiled, current, clock) = (0, first, Stopwatch.StartNew());

        // The stack of a thread as small as any host's.
        var worker = new Thread(
            () =>
            {
                for (var number = first; number < first + files; number++)
                {
                    (current, clock) = (number, Stopwatch.StartNew());
                    if (Try(number, seeds, folder, out var finding))
                    {
                        compiled++;
                    }

                    if (finding is not null)
                    {
                        findings.Add(finding);
                        File.AppendAllText(Path.Combine(folder, "findings.txt"), finding + "\n\n");
                    }
                }
            },
            1 << 20);
        worker.Start();
        while (!worker.Join(1000))
        {
            File.WriteAllText(Path.Combine(folder, "current.txt"), current.ToString(CultureInfo.InvariantCulture));
            Assert.True(clock.Elapsed < 20 * Longest, $"File {current} of {Path.GetFileName(seeds[current % seeds.Count])} hangs.");
        }

        log.WriteLine($"{files} files, {compiled} compiled, {findings.Count} findings; kept in {folder}");
        Assert.True(findings.Count == 0, string.Join("\n\n", findings));
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>Whether a mutated file compiled; a finding where it did neither that nor was refused as it should be.</summary>
    private static bool Try(int number, IReadOnlyList<string> seeds, string folder, out string? finding)
    {
        var seed = seeds[number % seeds.Count];
        var path = Path.Combine(folder, "model.onnx");
        File.WriteAllBytes(path, new Mutator(number).Mutate(File.ReadAllBytes(seed)));
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var (wall, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        string? failure = null;
        var compiled = false;
        try
        {
            using var result = CompilePipeline.Compile(new CompileOptions { ModelPath = path, Name = "Mutant" });
            compiled = true;
            Assert.Equal(result.PlanText, PlanWriter.Write(PlanParser.Parse(result.PlanText)));
            if (number % 8 == 0)
            {
                Interpret(result, new Random(number));
            }
        }
        catch (CompileException e) when (e.Diagnostic.Code != DiagnosticTable.InternalError.Code)
        {
            // Refused.
        }
        catch (Exception e)
        {
            failure = e.ToString();
        }

        // On a busy machine the clock says little: a compilation takes as long as the processor works on it.
        var time = TimeSpan.FromTicks(Math.Min(wall.Elapsed.Ticks, (Environment.CpuUsage.TotalTime - processor).Ticks));
        var memory = GC.GetAllocatedBytesForCurrentThread() - allocated;
        failure ??= time > Longest ? $"takes {time.TotalSeconds:0.0} s" : memory > MostBytes ? $"allocates {memory / 1_000_000} MB" : null;
        finding = failure is null ? null : $"file {number} of {seed}: {failure}";
        if (failure is not null)
        {
            File.Copy(path, Path.Combine(folder, $"{number}.onnx"), overwrite: true);
        }

        return compiled;
    }

    /// <summary>Runs a small plan where every access is checked against its buffer.</summary>
    private static void Interpret(CompileResult result, Random random)
    {
        var plan = result.Plan;
        var lengths = plan.Symbols.ToDictionary(s => s.Name, s => Math.Min(s.Max ?? 3, s.Role == SymbolRole.Batch ? 2L : 3), StringComparer.Ordinal);
        long Of(Dim dim) => dim.Evaluate(s => lengths[s.Name]);
        if (plan.Limits.Any(l => Of(l.Length) > Of(l.Most)) || plan.Weights.Bytes > 4_000_000
            || plan.Buffers.Sum(b => (double)Of(b.Elements)) > 1e6 || plan.Steps.Count > 40)
        {
            return;
        }

        var weights = new MemoryStream();
        result.WriteWeights(weights);
        var inputs = plan.Inputs
            .Select((tensor, i) => Input(tensor.Type, tensor.Shape.Aggregate(1L, (n, d) => n * Of(d)), [.. plan.Checks.Where(c => c.Input == i)], random))
            .ToList();
        try
        {
            _ = PlanInterpreter.Run(plan, weights.ToArray(), lengths, inputs);
        }
        catch (InvalidOperationException e) when (e.Message.Contains("Op = index", StringComparison.Ordinal))
        {
            // An index that depends on data was checked and found outside its table.
        }
        catch (ArithmeticException)
        {
            // Integers divided by zero.
        }
    }

    private static Array Input(DataType type, long count, IndexCheck[] checks, Random random)
    {
        var integers = new long[count];
        var (low, high) = (checks.Select(c => c.Low).DefaultIfEmpty(-2).Max(), checks.Select(c => c.High).DefaultIfEmpty(50).Min());
        for (var i = 0; i < integers.Length; i++)
        {
            integers[i] = low >= high ? low : random.NextInt64(low, high);
        }

        return type switch
        {
            DataType.Int64 => integers,
            DataType.Int32 => Array.ConvertAll(integers, i => (int)i),
            DataType.Bool => Array.ConvertAll(integers, i => (byte)(i & 1)),
            DataType.Float32 => Array.ConvertAll(integers, i => (float)i),
            _ => integers.SelectMany(i => BitConverter.GetBytes(i)[..(int)(type.BitsOf() / 8)]).ToArray(),
        };
    }

    private static int? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
