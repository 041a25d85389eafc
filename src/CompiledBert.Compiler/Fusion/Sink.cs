using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>
/// Stores a value in the order in which its only reader wants it: where the one use of a result is a chain of transposes and reshapes, the result is
/// written as if they had been done. Transposes that move the last axis are left to the reader: rows stay rows.
/// </summary>
internal static class Sink
{
    /// <summary>The last value of the chain, and the strides of <paramref name="value"/> in a row-major buffer of it.</summary>
    public static (Value Last, IReadOnlyList<Dim> Strides) Follow(Value value, FusionContext context, bool transposes)
    {
        var chain = new List<Node>();
        var last = value;
        while ((last == value || !context.IsMaterialized(last))
            && last.Users is [var user] && (user.Operator is Reshape || (transposes && KeepsRows(user.Operator)))
            && !context.Graph.IsOutput(last))
        {
            chain.Add(user);
            last = user.Output;
        }

        while (true)
        {
            if (StridesThrough(chain, last) is { } strides)
            {
                return (last, strides);
            }

            last = chain[^1].In(0);
            chain.RemoveAt(chain.Count - 1);
        }
    }

    private static bool KeepsRows(Operator op) => op is Transpose { Permutation: var order } && order[^1] == order.Length - 1;

    private static Dim[]? StridesThrough(List<Node> chain, Value last)
    {
        Dim[] strides = BufferTable.RowMajor(last.Shape);
        for (var i = chain.Count - 1; i >= 0; i--)
        {
            var operand = chain[i].In(0);
            if (chain[i].Operator is Transpose transpose)
            {
                var back = new Dim[strides.Length];
                for (var axis = 0; axis < back.Length; axis++)
                {
                    back[transpose.Permutation[axis]] = strides[axis];
                }

                strides = back;
            }
            else if (strides.SequenceEqual(BufferTable.RowMajor(chain[i].Output.Shape)))
            {
                strides = BufferTable.RowMajor(operand.Shape);
            }
            else
            {
                return null;
            }
        }

        return strides;
    }
}
