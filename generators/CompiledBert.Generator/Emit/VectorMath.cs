namespace CompiledBert.Generator.Emit;

/// <summary>Mathematical functions on vectors, written where they are needed.</summary>
internal static class VectorMath
{
    /// <summary>Needs a function of vectors.</summary>
    /// <param name="kernels">The variant's registry.</param>
    /// <param name="op">Its name as an operation of loop programs: <c>exp</c>, <c>geluerf</c>.</param>
    /// <param name="arguments">How many vectors it takes.</param>
    /// <returns>The method's name; null where there is no such function.</returns>
    public static string? Need(MicroKernels kernels, string op, int arguments) => (op, arguments) switch
    {
        ("exp", 1) => Each(kernels, "Exp", "MathF.Exp(x)"),
        ("log", 1) => Each(kernels, "Log", "MathF.Log(x)"),
        ("tanh", 1) => Each(kernels, "Tanh", "MathF.Tanh(x)"),
        ("sin", 1) => Each(kernels, "Sin", "MathF.Sin(x)"),
        ("cos", 1) => Each(kernels, "Cos", "MathF.Cos(x)"),
        _ => null,
    };

    private static string Each(MicroKernels kernels, string name, string formula) => kernels.Need(name, (writer, target) =>
    {
        using (writer.Block($"private static VF {name}(VF v)"))
        {
            using (writer.Block("for (int l = 0; l < VF.Count; l++)"))
            {
                writer.Line("float x = v.GetElement(l);");
                writer.Line($"v = v.WithElement(l, {formula});");
            }

            writer.Line("return v;");
        }
    });
}
