using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <summary>Methods between integers of 8 bits in memory and vectors of floats that hold the same whole numbers.</summary>
internal static class ByteVectors
{
    /// <summary>Needs <c>VF Widen{Type}(p)</c>: as many integers as a vector has floats.</summary>
    public static string Widen(MicroKernels kernels, DataType type)
    {
        var element = ElementTypes.Memory(type);
        return kernels.Need("Widen" + type, (writer, target) =>
        {
            var wide = target.Lanes switch
            {
                16 => $"global::System.Runtime.Intrinsics.X86.Avx512F.ConvertToVector512Int32(V128.Load(p))",
                8 => $"global::System.Runtime.Intrinsics.X86.Avx2.ConvertToVector256Int32(p)",
                _ => $"V128.WidenLower(V128.WidenLower(V128.CreateScalar(*(uint*)p).As{(type == DataType.Int8 ? "SByte" : "Byte")}())).AsInt32()",
            };
            writer.Line("// Integers of 8 bits as floats.");
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
            writer.Line($"private static VF Widen{type}({element}* p) => V.ConvertToSingle({wide});");
        });
    }

    /// <summary>Needs <c>VF Widen{Type}Partial(p, count)</c>: the first lanes, zeros after them; nothing beyond them is read.</summary>
    public static string WidenPartial(MicroKernels kernels, DataType type) => kernels.Need($"Widen{type}Partial", (writer, _) => writer.Lines($$"""
        // The first lanes of integers of 8 bits as floats, zeros after them.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static VF Widen{{type}}Partial({{ElementTypes.Memory(type)}}* p, int count)
        {
            VF v = VF.Zero;
            for (int l = 0; l < count; l++) ((float*)&v)[l] = p[l];
            return v;
        }
        """));

    /// <summary>Needs <c>void Narrow{Type}(p, v)</c>: whole numbers within the type's range as its integers.</summary>
    /// <param name="kernels">Where it is registered.</param>
    /// <param name="type">The type.</param>
    /// <param name="isRaw">Whether the numbers are in the low bits, as <see cref="VectorOps.RoundedProduct"/> leaves them.</param>
    public static string Narrow(MicroKernels kernels, DataType type, bool isRaw = false) => kernels.Need("Narrow" + Raw(isRaw) + type, (writer, target) =>
    {
        const string X86 = "global::System.Runtime.Intrinsics.X86.";
        writer.Line("// Whole numbers as integers of 8 bits.");
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        using (writer.Block($"private static void Narrow{Raw(isRaw)}{type}({ElementTypes.Memory(type)}* p, VF v)"))
        {
            writer.Line($"VI i = {Whole("v", isRaw)};");
            writer.Line(target.Lanes switch
            {
                16 => $"{X86}Avx512F.ConvertToVector128SByte(i).As{(type == DataType.Int8 ? "SByte" : "Byte")}().Store(p);",
                8 => $"*(long*)p = V128.Narrow(V128.Narrow(i.GetLower(), i.GetUpper()), Vector128<short>.Zero).AsInt64().ToScalar();",
                _ => "*(int*)p = V128.Narrow(V128.Narrow(i, i), Vector128<short>.Zero).AsInt32().ToScalar();",
            });
        }
    });

    /// <summary>Needs <c>void Narrow{Type}Four(p, a, b, c, d)</c>: four vectors of 128 bits of whole numbers as sixteen integers.</summary>
    public static string NarrowFour(MicroKernels kernels, DataType type, bool isRaw)
    {
        var (words, bytes) = NeedLowHalves(kernels);
        return kernels.Need($"Narrow{Raw(isRaw)}{type}Four", (writer, _) => writer.Lines($$"""
            // Four vectors of whole numbers as integers of 8 bits.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static void Narrow{{Raw(isRaw)}}{{type}}Four({{ElementTypes.Memory(type)}}* p, VF a, VF b, VF c, VF d)
            {
                var low = {{words}}({{Whole("a", isRaw)}}, {{Whole("b", isRaw)}});
                var high = {{words}}({{Whole("c", isRaw)}}, {{Whole("d", isRaw)}});
                {{bytes}}(low, high).Store((sbyte*)p);
            }
            """));
    }

    /// <summary>
    /// Needs <c>LowWords(a, b)</c> and <c>LowBytes(a, b)</c>: the lower halves of all elements of two vectors of 128 bits. Returns their names.
    /// </summary>
    public static (string Words, string Bytes) NeedLowHalves(MicroKernels kernels)
    {
        kernels.Need("LowWords", (writer, _) => writer.Lines("""
            // The lower halves of two vectors' elements: one instruction on Arm.
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static Vector128<short> LowWords(VI a, VI b) => global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported
                ? global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.UnzipEven(a.AsInt16(), b.AsInt16()) : V128.Narrow(a, b);
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            private static Vector128<sbyte> LowBytes(Vector128<short> a, Vector128<short> b) => global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported
                ? global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.UnzipEven(a.AsSByte(), b.AsSByte()) : V128.Narrow(a, b);
            """));
        return ("LowWords", "LowBytes");
    }

    /// <summary>Needs <c>void NarrowRawWords(p, v)</c>: whole numbers, in the low bits, as integers of 16 bits.</summary>
    public static string NarrowWords(MicroKernels kernels) => kernels.Need("NarrowRawWords", (writer, target) =>
    {
        writer.Line("// Whole numbers, in the low bits, as integers of 16 bits.");
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        using (writer.Block("private static void NarrowRawWords(short* p, VF v)"))
        {
            writer.Line("VI i = v.AsInt32();");
            writer.Line(target.Lanes switch
            {
                16 => "global::System.Runtime.Intrinsics.X86.Avx512F.ConvertToVector256Int16(i).Store(p);",
                8 => "V128.Narrow(i.GetLower(), i.GetUpper()).Store(p);",
                _ => "*(long*)p = V128.Narrow(i, i).AsInt64().ToScalar();",
            });
        }
    });

    /// <summary>Needs <c>void Narrow{Type}Partial(p, v, count)</c>: writes the first lanes and nothing beyond them.</summary>
    public static string NarrowPartial(MicroKernels kernels, DataType type, bool isRaw) =>
        kernels.Need($"Narrow{Raw(isRaw)}{type}Partial", (writer, _) => writer.Lines($$"""
        // The first lanes of whole numbers as integers of 8 bits.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void Narrow{{Raw(isRaw)}}{{type}}Partial({{ElementTypes.Memory(type)}}* p, VF v, int count)
        {
            VI i = {{Whole("v", isRaw)}};
            for (int l = 0; l < count; l++) p[l] = unchecked(({{ElementTypes.Memory(type)}})((int*)&i)[l]);
        }
        """));

    private static string Raw(bool isRaw) => isRaw ? "Raw" : "";

    private static string Whole(string vector, bool isRaw) => isRaw ? vector + ".AsInt32()" : $"V.ConvertToInt32Native({vector})";
}
