using CompiledBert.Generator.Emit;
using Xunit.Abstractions;

namespace CompiledBert.Generator.Tests.Kernels;

public unsafe class VectorMathTests(ITestOutputHelper output)
{
    public static TheoryData<string> Variants => EmittedVariant.Names;

    [Theory]
    [MemberData(nameof(Variants))]
    public void Functions_are_within_their_bounds_of_double_precision(string variant)
    {
        var functions = new Functions(variant);
        functions.HasUlp("exp", Math.Exp, -86.6, 88.72, 2, output);
        functions.HasUlp("erf", Erf, -4.2, 4.2, 6, output);
        functions.HasUlp("erf", Erf, -1e-3, 1e-3, 6, output);
        functions.HasUlp("tanh", Math.Tanh, -10, 10, 6, output);
        functions.HasUlp("tanh", Math.Tanh, -1e-3, 1e-3, 6, output);
        functions.HasUlp("log", Math.Log, 1e-30, 100, 4, output);
        functions.HasUlp("sin", Math.Sin, -100, 100, 1, output);
        functions.HasUlp("cos", Math.Cos, -100, 100, 1, output);
        functions.HasUlp("sigmoid", x => 1 / (1 + Math.Exp(-x)), -86, 40, 4, output);
        functions.HasUlp("silu", x => x / (1 + Math.Exp(-x)), -80, 40, 5, output);
        functions.HasUlp("softplus", x => x > 40 ? x : x + Log1p(Math.Exp(-x)), -10, 60, 4, output);
        functions.HasUlp("softplus", x => Log1p(Math.Exp(x)), -80, 10, 4, output);
        functions.IsWithin("geluerf", x => x / 2 * (1 + Erf(x / Math.Sqrt(2))), -8, 8, Math.Pow(2, -22), output);
        functions.IsWithin("geluerfcoarse", x => x / 2 * (1 + Erf(x / Math.Sqrt(2))), -20, 20, Math.Pow(2, -11), output);
        functions.IsAbsolutelyWithin("expshare", Math.Exp, -90, 0, Math.Pow(2, -22), output);
        functions.HasUlp("exp2rounded", x => 2320.0313 * Math.Pow(2, x), -15, 1, 2048, output);
        functions.IsWithin("gelutanh", x => x / 2 * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))), -8, 8, Math.Pow(2, -21), output);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Exp_has_clean_ends(string variant)
    {
        var exp = new Functions(variant);
        Assert.Equal(0, exp.At("exp", float.NegativeInfinity));
        Assert.Equal(0, exp.At("exp", float.MinValue));
        Assert.Equal(0, exp.At("exp", -100));
        Assert.Equal(0, exp.At("exp", -87.6f));
        Assert.Equal(0, exp.At("exp", -88.5f));
        Assert.Equal(1, exp.At("exp", 0));
        Assert.Equal(1, exp.At("exp", -0f));
        Assert.Equal(float.PositiveInfinity, exp.At("exp", 88.8f));
        Assert.Equal(float.PositiveInfinity, exp.At("exp", 89.5f));
        Assert.Equal(float.PositiveInfinity, exp.At("exp", float.MaxValue));
        Assert.Equal(float.PositiveInfinity, exp.At("exp", float.PositiveInfinity));
        for (var x = -90f; x < -86; x += 0.001f)
        {
            Assert.InRange(exp.At("exp", x), 0, (float)(Math.Exp(x) * 1.000001));
        }
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Ends_saturate_and_not_a_number_stays(string variant)
    {
        var functions = new Functions(variant);
        foreach (var op in VectorMath.Operations.Where(op => op != "pow"))
        {
            Assert.True(float.IsNaN(functions.At(op, float.NaN)), op);
        }

        foreach (var op in new[] { "erf", "tanh" })
        {
            Assert.Equal(1, functions.At(op, float.PositiveInfinity));
            Assert.Equal(-1, functions.At(op, float.NegativeInfinity));
            Assert.Equal(0, functions.At(op, 0));
            Assert.True(float.IsNegative(functions.At(op, -0f)), op);
            for (var x = -20f; x < 20; x += 0.003f)
            {
                Assert.InRange(functions.At(op, x), -1, 1);
            }
        }

        Assert.Equal(1, functions.At("sigmoid", 200));
        Assert.Equal(0, functions.At("sigmoid", -200));
        Assert.Equal(200, functions.At("softplus", 200));
        Assert.Equal(0, functions.At("softplus", -200));
        Assert.Equal(50, functions.At("geluerf", 50));
        Assert.Equal(0, functions.At("geluerf", -50));
        Assert.Equal(50, functions.At("gelutanh", 50));
        Assert.Equal(1, functions.At("expshare", 0));
        Assert.Equal(0, functions.At("expshare", -88));
        Assert.Equal(0, functions.At("expshare", float.NegativeInfinity));
        Assert.Equal(float.NegativeInfinity, functions.At("log", 0));
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void A_lane_does_not_depend_on_its_neighbours(string variant)
    {
        var functions = new Functions(variant);
        var random = new Random(5);
        float[] far = [1e-30f, 0.3f, 1.7f, 50, 4000, 3e5f, 1e20f, float.PositiveInfinity, float.NaN, -2];
        foreach (var op in VectorMath.Operations.Where(op => op != "pow"))
        {
            var x = Enumerable.Range(0, 16 * 200)
                .Select(_ => random.Next(3) == 0 ? far[random.Next(far.Length)] : (float)random.NextDouble() * 10 - 5)
                .ToArray();
            var together = functions.Map(op, x);
            for (var i = 0; i < x.Length; i++)
            {
                Assert.True(BitConverter.SingleToInt32Bits(together[i]) == BitConverter.SingleToInt32Bits(functions.At(op, x[i])), $"{op}({x[i]})");
            }
        }
    }

    /// <summary>The error function by its series and, far out, its continued fraction (Abramowitz, Stegun 7.1.6 and 7.1.14).</summary>
    internal static double Erf(double x)
    {
        if (x < 0)
        {
            return -Erf(-x);
        }

        if (x < 2.5)
        {
            double term = x, sum = x;
            for (var n = 1; n < 80; n++)
            {
                term *= 2 * x * x / (2 * n + 1);
                sum += term;
            }

            return 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
        }

        var tail = x;
        for (var n = 80; n > 0; n--)
        {
            tail = x + n / 2.0 / tail;
        }

        return 1 - Math.Exp(-x * x) / Math.Sqrt(Math.PI) / tail;
    }

    private static double Log1p(double x) => x < 1e-5 ? x - x * x / 2 + x * x * x / 3 : Math.Log(1 + x);

    /// <summary>A variant's functions as maps of arrays.</summary>
    private sealed class Functions
    {
        private readonly Type _type;

        public Functions(string variant)
        {
            var target = VectorTarget.All.Single(t => t.Name == variant);
            var kernels = new MicroKernels(target);
            var maps = string.Concat(VectorMath.Operations.Where(op => op != "pow").Select(op => $$"""
                public static void Map_{{op}}(float* x, float* y, int n)
                {
                    for (int i = 0; i < n; i += VF.Count) {{VectorMath.Need(kernels, op, 1)}}(V.Load(x + i)).Store(y + i);
                }

                """));
            _type = EmittedVariant.Compile(target, kernels, maps);
        }

        public float[] Map(string op, float[] x)
        {
            var padded = new float[(x.Length + 15) / 16 * 16];
            x.CopyTo(padded, 0);
            var y = new float[padded.Length];
            var map = (delegate*<float*, float*, int, void>)_type.GetMethod("Map_" + op)!.MethodHandle.GetFunctionPointer();
            fixed (float* from = padded, to = y)
            {
                map(from, to, padded.Length);
            }

            return y[..x.Length];
        }

        public float At(string op, float x) => Map(op, [x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x])[7];

        public void HasUlp(string op, Func<double, double> exact, double low, double high, double bound, ITestOutputHelper output) =>
            Check(
                op, exact, low, high, bound,
                (wrong, right, _) => Math.Abs(wrong - right) / (MathF.BitIncrement((float)Math.Abs(right)) - (float)Math.Abs(right)),
                output);

        public void IsWithin(string op, Func<double, double> exact, double low, double high, double bound, ITestOutputHelper output) =>
            Check(op, exact, low, high, bound, (wrong, right, x) => x == 0 ? 0 : Math.Abs(wrong - right) / Math.Abs(x), output);

        public void IsAbsolutelyWithin(string op, Func<double, double> exact, double low, double high, double bound, ITestOutputHelper output) =>
            Check(op, exact, low, high, bound, (wrong, right, _) => Math.Abs(wrong - right), output);

        private void Check(
            string op, Func<double, double> exact, double low, double high, double bound, Func<double, double, double, double> error, ITestOutputHelper output)
        {
            const int Samples = 200_000;
            var x = Enumerable.Range(0, Samples).Select(i => (float)(low + (high - low) * (i + 0.37) / Samples)).ToArray();
            var y = Map(op, x);
            var worst = Enumerable.Range(0, Samples).MaxBy(i => error(y[i], exact(x[i]), x[i]));
            var found = error(y[worst], exact(x[worst]), x[worst]);
            output.WriteLine($"{op} on {low}..{high}: {found} at {x[worst]:R}");
            Assert.True(found <= bound, $"{op}({x[worst]:R}) = {y[worst]:R}, exactly {exact(x[worst]):R}: {found} > {bound}");
        }
    }
}
