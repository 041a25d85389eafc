namespace CompiledBert.Compiler.Cost;

/// <summary>What an operation of loop programs is made of, on a vector.</summary>
/// <param name="Instructions">Vector instructions, divisions and roots left out.</param>
/// <param name="Depth">Instructions on its longest chain.</param>
/// <param name="Divisions">Divisions and roots, which keep their unit busy.</param>
internal readonly record struct OperationCost(int Instructions, int Depth, int Divisions = 0);

/// <summary>The operations whose cost is known. Functions are counted as their vector code is written.</summary>
internal static class Operations
{
    private static readonly Dictionary<string, OperationCost> Known = new(StringComparer.Ordinal)
    {
        ["exp"] = new(20, 13),
        ["expshare"] = new(12, 11),
        ["exp2rounded"] = new(9, 8),
        ["erf"] = new(26, 11, 1),
        ["tanh"] = new(26, 11, 1),
        ["log"] = new(30, 16),
        ["sigmoid"] = new(23, 15, 1),
        ["silu"] = new(24, 15, 1),
        ["softplus"] = new(58, 36, 1),
        ["geluerf"] = new(17, 15),
        ["geluerfcoarse"] = new(12, 8),
        ["gelutanh"] = new(33, 15, 1),
        ["div"] = new(0, 0, 1),
        ["sqrt"] = new(0, 0, 1),
        ["rsqrt"] = new(0, 0, 2),
        ["reciprocal"] = new(0, 0, 1),
        ["cast"] = new(2, 2),
        ["roundmul"] = new(2, 2),
        ["select"] = new(1, 1),
        ["dim"] = new(1, 1),
        ["index"] = new(4, 3),
    };

    private static readonly HashSet<string> Single = new(StringComparer.Ordinal)
    {
        "add", "sub", "mul", "fma", "min", "max", "neg", "abs", "sign", "floor", "ceil", "round", "relu", "not", "and", "or", "xor", "identity",
        "isnan", "isinf", "equal", "less", "greater", "lessorequal", "greaterorequal",
    };

    /// <summary>The cost of an operation; null where it is not known.</summary>
    public static OperationCost? Of(string op) => Known.TryGetValue(op, out var cost) ? cost : Single.Contains(op) ? new OperationCost(1, 1) : null;
}
