namespace CompiledBert.Generator.Emit.Loops;

/// <summary>Small methods around vectors: partial ones, truth values, reductions over the lanes.</summary>
internal static class VectorKernels
{
    /// <summary>Needs <c>VF LoadPartial(float* p, int count)</c>: the first lanes, zeros after them; nothing beyond them is read.</summary>
    public static string LoadPartial(MicroKernels kernels) => kernels.Need("LoadPartial", (writer, target) =>
    {
        writer.Line("// The first lanes of a vector, zeros after them.");
        if (target.Bits > 128)
        {
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
            writer.Line($"private static VF LoadPartial(float* p, int count) => {Masked(target, "Load", target.Bits == 512 ? ", VF.Zero" : "")};");
            return;
        }

        writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
        using (writer.Block("private static VF LoadPartial(float* p, int count)"))
        {
            writer.Line("VF v = VF.Zero;");
            using (writer.Block("for (int l = 0; l < count; l++)"))
            {
                writer.Line("((float*)&v)[l] = p[l];");
            }

            writer.Line("return v;");
        }
    });

    /// <summary>Needs <c>void StorePartial(float* p, VF v, int count)</c>: writes the first lanes and nothing beyond them.</summary>
    public static string StorePartial(MicroKernels kernels) => kernels.Need("StorePartial", (writer, target) =>
    {
        writer.Line("// Writes the first lanes of a vector.");
        if (target.Bits > 128)
        {
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
            writer.Line($"private static void StorePartial(float* p, VF v, int count) => {Masked(target, "Store", ", v")};");
            return;
        }

        writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
        using (writer.Block("private static void StorePartial(float* p, VF v, int count)"))
        using (writer.Block("for (int l = 0; l < count; l++)"))
        {
            writer.Line("p[l] = ((float*)&v)[l];");
        }
    });

    /// <summary>Moves the first lanes in one instruction, which neither reads nor writes what lies beyond them.</summary>
    private static string Masked(VectorTarget target, string move, string last) =>
        $"global::System.Runtime.Intrinsics.X86.{(target.Bits == 512 ? "Avx512F" : "Avx")}"
        + $".Mask{move}(p, V.LessThan(VI.Indices, V.Create(count)).AsSingle(){last})";

    /// <summary>Needs <c>VF LoadMask(byte* p)</c>: truth values as a mask.</summary>
    public static string LoadMask(MicroKernels kernels) => kernels.Need("LoadMask", (writer, target) =>
    {
        writer.Line("// Truth values of one byte as a mask.");
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        using (writer.Block("private static VF LoadMask(byte* p)"))
        {
            var wide = target.Lanes switch
            {
                16 => "global::System.Runtime.Intrinsics.X86.Avx512F.ConvertToVector512Int32(V128.Load(p))",
                8 => "global::System.Runtime.Intrinsics.X86.Avx2.ConvertToVector256Int32(p)",
                _ => "V128.WidenLower(V128.WidenLower(V128.CreateScalar(*(uint*)p).AsByte())).AsInt32()",
            };
            writer.Line($"return ~V.Equals({wide}, VI.Zero).AsSingle();");
        }
    });

    /// <summary>Needs <c>VF LoadMaskPartial(byte* p, int count)</c>: the first truth values as a mask, false after them.</summary>
    public static string LoadMaskPartial(MicroKernels kernels) => kernels.Need("LoadMaskPartial", (writer, _) =>
    {
        writer.Line("// The first truth values as a mask, false after them.");
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
        using (writer.Block("private static VF LoadMaskPartial(byte* p, int count)"))
        {
            writer.Line("VI v = VI.Zero;");
            using (writer.Block("for (int l = 0; l < count; l++)"))
            {
                writer.Line("((int*)&v)[l] = p[l] != 0 ? -1 : 0;");
            }

            writer.Line("return v.AsSingle();");
        }
    });

    /// <summary>Needs the reduction over the lanes of a vector in a fixed order: halves onto each other.</summary>
    public static string Across(MicroKernels kernels, string kind)
    {
        var operation = LoopTypes.Operation(kind);
        var name = "Across" + char.ToUpperInvariant(operation[0]) + operation.Substring(1);
        return kernels.Need(name, (writer, target) =>
        {
            writer.Line("// All lanes combined, halves onto each other: always in this order.");
            writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
            using (writer.Block($"private static float {name}(VF v)"))
            {
                if (target == VectorTarget.Vector128 && operation is "max" or "min")
                {
                    // Of these the order makes no difference.
                    var arm = "global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64";
                    writer.Line($"if ({arm}.IsSupported) return {arm}.{(operation == "max" ? "Max" : "Min")}Across(v).ToScalar();");
                }

                var rest = "v";
                foreach (var (bits, local) in new[] { (256, "y"), (128, "x") }.Where(half => half.Item1 < target.Bits))
                {
                    writer.Line($"var {local} = {Combine(operation, $"V{LoopNames.Text(bits)}", $"{rest}.GetLower()", $"{rest}.GetUpper()")};");
                    rest = local;
                }

                writer.Line(
                    $"float even = {Scalar(operation, $"{rest}.GetElement(0)", $"{rest}.GetElement(2)")}, "
                        + $"odd = {Scalar(operation, $"{rest}.GetElement(1)", $"{rest}.GetElement(3)")};");
                writer.Line($"return {Scalar(operation, "even", "odd")};");
            }
        });
    }

    /// <summary>Needs <c>struct Slots</c>: an element of any type for each lane.</summary>
    public static string Slots(MicroKernels kernels) => kernels.Need("Slots", (writer, target) =>
    {
        writer.Line("// An element of up to 64 bits for each lane.");
        using (writer.Block("private struct Slots"))
        {
            writer.Line($"public fixed long Values[{LoopNames.Text(target.Lanes)}];");
        }
    });

    private static string Combine(string operation, string vector, string a, string b) => operation switch
    {
        "add" => $"{a} + {b}",
        "mul" => $"{a} * {b}",
        "max" => $"{vector}.Max({a}, {b})",
        "maxnative" => $"{vector}.MaxNative({a}, {b})",
        _ => $"{vector}.Min({a}, {b})",
    };

    private static string Scalar(string operation, string a, string b) => Combine(operation, operation == "maxnative" ? "float" : "MathF", a, b);
}
