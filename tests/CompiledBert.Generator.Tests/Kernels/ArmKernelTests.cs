using CompiledBert.Compiler;
using CompiledBert.Generator.Emit;

namespace CompiledBert.Generator.Tests.Kernels;

/// <summary>The kernels that only Arm runs, in an emulator: a native program with steps of many shapes and a plain product to compare them with.</summary>
public class ArmKernelTests
{
    private static readonly (int K, int N)[] Shapes = [(1, 1), (7, 7), (33, 33), (16, 16), (5, 48), (64, 65), (130, 160), (12, 31), (35, 100)];

    [ArmFact]
    [Trait("Category", "NativeAot")]
    public void Linear_steps_of_any_shape_agree_with_the_plain_product_on_every_processor()
    {
        var folder = Directory.CreateTempSubdirectory("compiledbert-arm-kernels-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "App.csproj"), """
                <Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework><ImplicitUsings>enable</ImplicitUsings>
                <AllowUnsafeBlocks>true</AllowUnsafeBlocks><PublishAot>true</PublishAot><InvariantGlobalization>true</InvariantGlobalization></PropertyGroup></Project>
                """);
            for (var i = 0; i < Shapes.Length; i++)
            {
                var host = new StepHost("Vector128", new LinearEmitter(), Step(Shapes[i].K, Shapes[i].N), ["M"], ["x", "w", "bias", "y"]);
                File.WriteAllText(Path.Combine(folder, $"Step{i}.cs"), host.Source.Replace("public static unsafe class Variant", $"public static unsafe class Variant{i}", StringComparison.Ordinal));
            }

            File.WriteAllText(Path.Combine(folder, "Program.cs"), Program());
            var published = DotNet.Run(folder, ["publish", .. ArmProgram.PublishArguments, "-o", Path.Combine(folder, "published")]);
            Assert.True(published.ExitCode == 0, published.Output);
            foreach (var processor in ArmProgram.Processors)
            {
                var run = ArmProgram.Run(folder, processor, Path.Combine(folder, "published/App"));
                Assert.True(run.ExitCode == 0 && run.Output.Trim() == $"{Shapes.Length} shapes", processor + ": " + run.Output);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static LinearStep Step(int k, int n) => new()
    {
        Title = "linear",
        Origins = ["/MatMul"],
        Rows = Dim.Of(new Symbol("M")),
        K = k,
        N = n,
        X = new RowOperand("x", Dim.Of(2), Dim.Of(k + 3)),
        Weights = "w",
        Bias = "bias",
        Y = new RowOperand("y", Dim.One, Dim.Of(n + 5)),
    };

    /// <summary>Every shape with 1 to 14 rows by 1 to 3 tasks; memory between and behind the rows must stay as it was.</summary>
    private static string Program() => $$"""
        unsafe
        {
            {{string.Concat(Shapes.Select((s, i) => $"Check({s.K}, {s.N}, (delegate*<void*, int, int, void>)(delegate*<Variant{i}.Frame*, int, int, void>)&Variant{i}.Step0, (delegate*<void*, long>)(delegate*<Variant{i}.Frame*, long>)&Variant{i}.ScratchBytes);\n    "))}}
            Console.WriteLine("{{Shapes.Length}} shapes");
        }

        static unsafe void Check(int k, int n, delegate*<void*, int, int, void> step, delegate*<void*, long> scratchBytes)
        {
            int panels = (n + 15) / 16;
            float[] w = Numbers(1, panels * 16 * k), bias = Numbers(2, panels * 16);
            for (int i = 0; i < k; i++)
                for (int j = n; j < panels * 16; j++) w[j / 16 * 16 * k + 16 * i + j % 16] = 0;
            for (int m = 1; m <= 14; m++)
            {
                float[] x = Numbers(3, 2 + m * (k + 3));
                float[]? one = null;
                for (int tasks = 1; tasks <= 3; tasks++)
                {
                    var y = new float[1 + m * (n + 5) + 64];
                    Array.Fill(y, 12345);
                    fixed (float* px = x, pw = w, pb = bias, py = y)
                    {
                        long* frame = stackalloc long[7];
                        frame[0] = m; frame[1] = (long)px; frame[2] = (long)pw; frame[3] = (long)pb; frame[4] = (long)py;
                        long bytes = scratchBytes(frame) + 64;
                        var scratch = new byte[bytes * tasks];
                        fixed (byte* ps = scratch)
                        {
                            frame[5] = (long)ps; frame[6] = bytes;
                            for (int task = 0; task < tasks; task++) step(frame, task, tasks);
                        }
                    }
                    one ??= y;
                    if (!y.AsSpan().SequenceEqual(one)) throw new Exception($"{k}x{n}, {m} rows: {tasks} tasks give other bits");
                    for (int r = 0; r < m; r++)
                    {
                        for (int c = 0; c < n + 5; c++)
                        {
                            double exact = 12345, size = 0;
                            if (c < n)
                            {
                                exact = bias[c];
                                for (int i = 0; i < k; i++)
                                {
                                    double term = (double)x[2 + r * (k + 3) + i] * w[c / 16 * 16 * k + 16 * i + c % 16];
                                    exact += term;
                                    size += Math.Abs(term);
                                }
                            }
                            if (!(Math.Abs(y[1 + r * (n + 5) + c] - exact) <= 1e-6 * (size + 1))) throw new Exception($"{k}x{n}, {m} rows, [{r}, {c}]: {y[1 + r * (n + 5) + c]}, not {exact}");
                        }
                    }
                }
            }
        }

        static float[] Numbers(int seed, int count)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(_ => (float)random.NextDouble() * 2 - 1)];
        }
        """;
}
