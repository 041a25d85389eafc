namespace CompiledBert.Generator.Tests.Kernels;

/// <summary>
/// VNNI in plain code, for emitted text that asks for it: few machines have its instructions, and .NET 10 has none on 512 bits, but kernels must be right
/// on all of them.
/// </summary>
internal static class EmulatedVnni
{
    private const string Separator = " with VNNI on ";

    /// <summary>Variants with integer kernels that this machine can run, as it is and with VNNI emulated.</summary>
    public static IEnumerable<string> Variants => EmittedVariant.Runnable.SelectMany(target =>
        new[] { 0, 256, 512 }
            .Where(bits => bits <= target.Bits && (bits == 0 || target.Bits > 128))
            .Select(bits => bits == 0 ? target.Name : target.Name + Separator + bits));

    /// <summary>Whether such a name says that VNNI is emulated, and for how many bits; 0 for not.</summary>
    public static (string Target, int Bits) Parse(string variant) =>
        variant.Split(Separator) is [var name, var bits] ? (name, int.Parse(bits, System.Globalization.CultureInfo.InvariantCulture)) : (variant, 0);

    /// <summary>The emitted text with the emulation in place of the runtime's class.</summary>
    public static string In(string source, int bits) => bits == 0 ? source : source
        .Replace("#if NET11_0_OR_GREATER", "#if true", StringComparison.Ordinal)
        .Replace("global::System.Runtime.Intrinsics.X86.AvxVnni", "EmulatedVnni", StringComparison.Ordinal) + $$"""

        public static unsafe class EmulatedVnni
        {
            public static bool IsSupported => true;

            public static Vector256<int> MultiplyWideningAndAdd(Vector256<int> sum, Vector256<byte> x, Vector256<sbyte> w)
            {
                int* s = (int*)&sum;
                for (int i = 0; i < 32; i++) s[i / 4] += ((byte*)&x)[i] * ((sbyte*)&w)[i];
                return sum;
            }

            public static class V512
            {
                public static bool IsSupported => {{(bits == 512 ? "true" : "false")}};

                public static Vector512<int> MultiplyWideningAndAdd(Vector512<int> sum, Vector512<byte> x, Vector512<sbyte> w) => Vector512.Create(
                    EmulatedVnni.MultiplyWideningAndAdd(sum.GetLower(), x.GetLower(), w.GetLower()),
                    EmulatedVnni.MultiplyWideningAndAdd(sum.GetUpper(), x.GetUpper(), w.GetUpper()));
            }
        }
        """;
}
