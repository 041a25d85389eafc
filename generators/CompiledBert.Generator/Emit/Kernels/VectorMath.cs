namespace CompiledBert.Generator.Emit;

/// <summary>Functions of floats as vector code over the aliases, each written once a variant when it is first needed.</summary>
/// <remarks>
/// Every lane's result depends on that lane alone. Error bounds are against double precision, in units in the last place (ulp) of the result, and hold
/// with and without fused multiply-add; the tests measure them over dense samples. NaN gives NaN.
/// </remarks>
internal static class VectorMath
{
    // Polynomial coefficients are minimax fits of relative error (Remez 1934), made for these intervals and degrees.
    private static readonly Dictionary<string, (int Arguments, string Text, string[] Needs)> Functions = new(StringComparer.Ordinal)
    {
        ["exp"] = (1, """
            // eˣ for every x; above the largest float, infinity.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF Exp(VF x) => V.ConditionalSelect(V.GreaterThan(x, V.Create(89f)), V.Create(float.PositiveInfinity), ExpFinite(x));
            """, ["expfinite"]),
        ["erf"] = (1, """
            // erf x within 6 ulp: x·P(x²)/Q(x²) up to 3.9, ±1 beyond.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF Erf(VF x)
            {
                VF t = x * x;
                VF p = Mad(V.Create(-1.5150941099e-8f), t, V.Create(5.0857556605e-6f));
                p = Mad(Mad(Mad(p, t, V.Create(3.9249780996e-4f)), t, V.Create(3.8076691784e-3f)), t, V.Create(5.4384286766e-2f));
                p = Mad(Mad(p, t, V.Create(0.18315061222f)), t, V.Create(1.1283792018f));
                VF q = Mad(Mad(V.Create(6.6870373129e-5f), t, V.Create(1.3159707315e-3f)), t, V.Create(1.5427117945e-2f));
                q = Mad(Mad(Mad(q, t, V.Create(0.11340999162f)), t, V.Create(0.49564695396f)), t, VF.One);
                VF y = x * p / q;
                return V.ConditionalSelect(V.GreaterThan(V.Abs(x), V.Create(3.9f)) | V.GreaterThan(V.Abs(y), VF.One), V.CopySign(VF.One, x), y);
            }
            """, []),
        ["tanh"] = (1, """
            // tanh x within 6 ulp: x·P(x²)/Q(x²) up to 9, ±1 beyond.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF Tanh(VF x)
            {
                VF t = x * x;
                VF p = Mad(Mad(V.Create(2.8968322789e-11f), t, V.Create(9.7258269979e-8f)), t, V.Create(3.9655507087e-5f));
                p = Mad(Mad(Mad(p, t, V.Create(4.3201506581e-3f)), t, V.Create(0.14018798018f)), t, V.Create(0.99999997453f));
                VF q = Mad(Mad(V.Create(2.4612743842e-9f), t, V.Create(2.3686923228e-6f)), t, V.Create(4.8080609388e-4f));
                q = Mad(Mad(Mad(q, t, V.Create(2.8827302926e-2f)), t, V.Create(0.47352122688f)), t, VF.One);
                VF y = x * p / q;
                return V.ConditionalSelect(V.GreaterThan(V.Abs(x), V.Create(9f)) | V.GreaterThan(V.Abs(y), VF.One), V.CopySign(VF.One, x), y);
            }
            """, []),
        ["log"] = (1, """
            // ln x within 4 ulp.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF Log(VF x) => V.Log(x);
            """, []),
        ["sin"] = (1, """
            // sin x within 1 ulp, lane by lane: the runtime's vectors take another way where a neighbour is far out.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static VF Sin(VF x)
            {
                float* a = stackalloc float[VF.Count];
                x.Store(a);
                for (int i = 0; i < VF.Count; i++) a[i] = MathF.Sin(a[i]);
                return V.Load(a);
            }
            """, []),
        ["cos"] = (1, """
            // cos x within 1 ulp, lane by lane: the runtime's vectors take another way where a neighbour is far out.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static VF Cos(VF x)
            {
                float* a = stackalloc float[VF.Count];
                x.Store(a);
                for (int i = 0; i < VF.Count; i++) a[i] = MathF.Cos(a[i]);
                return V.Load(a);
            }
            """, []),
        ["sigmoid"] = (1, """
            // 1/(1+e⁻ˣ) within 4 ulp; below e⁻⁸⁷ it is 0.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF Sigmoid(VF x) => VF.One / (VF.One + Exp(-x));
            """, ["exp"]),
        ["silu"] = (1, """
            // x/(1+e⁻ˣ) within 5 ulp.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF Silu(VF x) => x / (VF.One + Exp(-x));
            """, ["exp"]),
        ["softplus"] = (1, """
            // ln(1+eˣ) within 4 ulp: max(x, 0) + ln(1+e⁻|ˣ|).
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF Softplus(VF x)
            {
                VF e = Exp(-V.Abs(x)), u = VF.One + e;
                VF log = V.ConditionalSelect(V.Equals(u, VF.One), e, V.Log(u) * (e / (u - VF.One))); // what 1+e lost in rounding comes back
                return V.ConditionalSelect(V.LessThan(x, VF.Zero), VF.Zero, x) + log;
            }
            """, ["exp"]),
        ["gelutanh"] = (1, """
            // x/2·(1+tanh(√(2/π)·(x+0.044715x³))), off by at most |x|·2⁻²¹.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static VF GeluTanh(VF x)
            {
                VF half = V.Create(0.5f) * x, inner = x * Mad(V.Create(0.0356774081f) * x, x, V.Create(0.797884561f));
                return Mad(half, Tanh(inner), half);
            }
            """, ["tanh"]),
        ["pow"] = (2, """
            // xʸ lane by lane, as the runtime's own power.
            [MethodImpl(MethodImplOptions.AggressiveOptimization)]
            private static VF Pow(VF x, VF y)
            {
                float* a = stackalloc float[VF.Count], b = stackalloc float[VF.Count];
                x.Store(a);
                y.Store(b);
                for (int i = 0; i < VF.Count; i++) a[i] = MathF.Pow(a[i], b[i]);
                return V.Load(a);
            }
            """, []),
    };

    // Written line by line, so that a loop may write those of several vectors side by side.
    private static readonly Dictionary<string, (string Method, string Comment, IReadOnlyList<VectorLine> Lines)> InLines = new(StringComparer.Ordinal)
    {
        ["expfinite"] = ("ExpFinite", "eˣ within 2 ulp for x up to 88: 2ⁿ·e^r, |r| ≤ ln 2 / 2. Results below 2⁻¹²⁵ are 0.",
        [
            new("t", "Mad(@x, V.Create(1.44269504f), V.Create(12583038f))"), // its low bits are n + 126
            new("n", "@t - V.Create(12583038f)"),
            new("q", "Mad(@n, V.Create(-0.693359375f), @x)"),
            new("r", "Mad(@n, V.Create(2.12194440e-4f), @q)"),
            new("a", "Mad(V.Create(2.767346899e-3f), @r, V.Create(1.674979651e-2f))"),
            new("b", "Mad(@a, @r, V.Create(8.333646387e-2f))"),
            new("c", "Mad(@b, @r, V.Create(0.3333283838f))"),
            new("d", "Mad(@c, @r, V.Create(0.9999998406f))"),
            new("f", "Mad(@d, @r, V.Create(2.000000073f))"),
            new("g", "Mad(@f, @r, V.Create(2f))"), // 2·e^r
            new("s", "(@t.AsInt32() << 23).AsSingle()"),
            new("e", "@g * @s"),
            new("y", "V.ConditionalSelect(V.LessThan(@x, V.Create(-87.3f)), VF.Zero, @e)"),
        ]),

        ["expshare"] = ("ExpShare", "eˣ for x ≤ 0, as softmax takes it: off by at most 2⁻²² (of 1, not of itself). 2ⁿ·2^f, |f| ≤ ½; below e⁻⁸⁷ it is 0.",
        [
            new("p", "@x * V.Create(1.44269504f)"),
            new("c", "V.MaxNative(V.Create(-127f), @p)"), // in this order NaN stays on x64
            new("t", "@c + V.Create(12583039f)"), // its low bits are n + 127
            new("n", "@t - V.Create(12583039f)"),
            new("f", "@c - @n"),
            new("a", "Mad(V.Create(1.32647272e-3f), @f, V.Create(9.67151264e-3f))"),
            new("b", "Mad(@a, @f, V.Create(5.55073374e-2f))"),
            new("d", "Mad(@b, @f, V.Create(0.240222421f))"),
            new("g", "Mad(@d, @f, V.Create(0.693146978f))"),
            new("h", "Mad(@g, @f, VF.One)"), // 2^f
            new("s", "(@t.AsInt32() << 23).AsSingle()"),
            new("y", "@h * @s"),
        ]),

        // The cubic polynomial as a product of a linear and a quadratic one, each with the leading coefficient 1: additions of constants, which destroy none.
        ["exp2rounded"] = ("Exp2Rounded",
            "2320.0313·2ˣ for x below 1, to be rounded: off by at most 2⁻¹³ of itself, and below a half from x = −13 on. 2ⁿ·2^r, |r| ≤ 1/2.",
        [
            new("c", "V.MaxNative(V.Create(-15f), @x)"), // in this order NaN stays on x64
            new("t", "@c + V.Create(12583046f)"), // its low bits are n + 134
            new("n", "@t - V.Create(12583046f)"),
            new("r", "@c - @n"),
            new("a", "@r + V.Create(2.33833909f)"),
            new("b", "@r + V.Create(2.05904675f)"),
            new("e", "Mad(@b, @r, V.Create(7.75077534f))"),
            new("d", "@a * @e"), // 2320.0313·2^r / 128
            new("s", "(@t.AsInt32() << 23).AsSingle()"),
            new("y", "@d * @s"),
        ]),

        // Half of what is missing to 1 in Φ falls off too fast for a polynomial, its root less so: Φ(−|x|) = (w·P(c))², where c is −|x| down to −5.24 and w
        // its distance from there, so that beyond it nothing is left.
        ["geluerf"] = ("GeluErf", "x·Φ(x) = max(x, 0) − |x|·Φ(−|x|), off by at most |x|·2⁻²².",
        [
            new("m", "@x | V.Create(-0f)"), // −|x|
            new("c", "V.MaxNative(V.Create(-5.244311f), @m)"), // in this order NaN stays on x64
            new("w", "@c + V.Create(5.244311f)"),
            new("p9", "Mad(V.Create(1.2010804e-07f), @c, V.Create(1.8452793e-06f))"),
            new("p8", "Mad(@p9, @c, V.Create(7.421636e-06f))"),
            new("p7", "Mad(@p8, @c, V.Create(-2.0350226e-05f))"),
            new("p6", "Mad(@p7, @c, V.Create(-0.00018815625f))"),
            new("p5", "Mad(@p6, @c, V.Create(-8.965841e-06f))"),
            new("p4", "Mad(@p5, @c, V.Create(0.0016950268f))"),
            new("p3", "Mad(@p4, @c, V.Create(-0.0016405064f))"),
            new("p2", "Mad(@p3, @c, V.Create(-0.016088644f))"),
            new("p1", "Mad(@p2, @c, V.Create(0.028079934f))"),
            new("p0", "Mad(@p1, @c, V.Create(0.13483311f))"),
            new("g", "@w * @p0"),
            new("h", "@g * @g"),
            new("r", "V.MaxNative(@x, VF.Zero)"),
            new("y", "Mad(@c, @h, @r)"),
        ]),

        // The polynomial as a product of quadratic ones with the leading coefficient 1: its constants are added to, which destroys none.
        ["geluerfcoarse"] = ("GeluErfCoarse", "x·Φ(x) for results that are rounded to 8 bits: off by at most |x|·2⁻¹¹.",
        [
            new("c", "V.MinNative(V.MaxNative(@x, V.Create(-3.2f)), V.Create(3.2f))"),
            new("u", "@c * @c"),
            new("w", "@u * @u"),
            new("k", "V.Create(1.57767099e-05f) * @c"),
            new("half", "V.Create(0.5f) * @x"),
            new("a", "@w + V.Create(95.1509171f)"),
            new("b", "@w + V.Create(264.732513f)"),
            new("p", "Mad(V.Create(-4.35757923f), @u, @a)"),
            new("q", "Mad(V.Create(-29.8718739f), @u, @b)"),
            new("e", "@k * @p"),
            new("f", "@e * @q"), // Φ(x) − 1/2
            new("y", "Mad(@x, @f, @half)"),
        ]),
    };

    /// <summary>The lines of a function of one argument, <c>x</c>; null where there are none.</summary>
    public static IReadOnlyList<VectorLine>? Lines(string op) => InLines.TryGetValue(op, out var function) ? function.Lines : null;

    /// <summary>Makes sure that a function is there.</summary>
    /// <param name="kernels">The variant's registry.</param>
    /// <param name="op">The operation's name in loop programs.</param>
    /// <param name="arguments">How many arguments it is given.</param>
    /// <returns>Name of the method, which takes and returns <c>VF</c>; null where there is none of this name and number of arguments.</returns>
    public static string? Need(MicroKernels kernels, string op, int arguments)
    {
        if (InLines.TryGetValue(op, out var lined) && arguments == 1)
        {
            TileKernels.NeedMad(kernels);
            return kernels.Need(lined.Method, (writer, _) =>
            {
                writer.Line("// " + lined.Comment);
                writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
                using (writer.Block($"private static VF {lined.Method}(VF x)"))
                {
                    foreach (var line in lined.Lines)
                    {
                        writer.Line($"VF {line.Name} = {line.Text(name => name)};");
                    }

                    writer.Line($"return {lined.Lines[lined.Lines.Count - 1].Name};");
                }
            });
        }

        if (!Functions.TryGetValue(op, out var function) || function.Arguments != arguments)
        {
            return null;
        }

        foreach (var needed in function.Needs)
        {
            Need(kernels, needed, 1);
        }

        var name = op switch { "gelutanh" => "GeluTanh", _ => char.ToUpperInvariant(op[0]) + op.Substring(1) };
        TileKernels.NeedMad(kernels);
        return kernels.Need(name, (writer, _) => writer.Lines(function.Text));
    }

    /// <summary>The operations there are, in ordinal order.</summary>
    public static IEnumerable<string> Operations =>
        Functions.Keys.Concat(["expshare", "exp2rounded", "geluerf", "geluerfcoarse"]).OrderBy(op => op, StringComparer.Ordinal);
}
