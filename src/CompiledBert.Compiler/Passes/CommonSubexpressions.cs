using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Equal constants become one value, and of nodes with equal operators over the same operands one stays.
/// <code>
/// Sub(x, m), Sub(x, m)  → one Sub(x, m)
/// </code>
/// </summary>
public sealed class CommonSubexpressions : Pass
{
    // Derived data is made again for each look at it.
    private const int SmallCount = 4096;

    /// <inheritdoc/>
    public override bool Run(ModelGraph graph)
    {
        var rewriter = new Rewriter(graph);
        MergeConstants(graph);
        var seen = new Dictionary<int, List<Node>>();
        foreach (var node in graph.Nodes.ToArray())
        {
            if (node.Outputs.Count != 1)
            {
                continue;
            }

            // Shapes hash slowly; the operator's type and operands tell nearly all nodes apart.
            var hash = new HashCode();
            hash.Add(node.Operator.Name, StringComparer.Ordinal);
            foreach (var input in node.Inputs)
            {
                hash.Add(input is null ? 0 : System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(input));
            }

            if (!seen.TryGetValue(hash.ToHashCode(), out var alike))
            {
                seen[hash.ToHashCode()] = [node];
            }
            else if (alike.Find(other => AreEqual(node, other)) is { } same)
            {
                rewriter.Replace(node, same.Output);
            }
            else
            {
                alike.Add(node);
            }
        }

        return rewriter.Changed;
    }

    private static bool AreEqual(Node a, Node b) =>
        a.Inputs.Count == b.Inputs.Count
        && a.Inputs.Zip(b.Inputs, ReferenceEquals).All(same => same)
        && a.Operator.Equals(b.Operator)
        && a.Output.Type == b.Output.Type;

    /// <summary>Merges constants of equal type, shape and bytes. Not counted as a change: the graph computes the same with as many nodes.</summary>
    private static void MergeConstants(ModelGraph graph)
    {
        var merged = new HashSet<Value>();
        var byStart = new Dictionary<(DataType, long, ulong), List<Value>>();
        foreach (var node in graph.Nodes)
        {
            for (var i = 0; i < node.Inputs.Count; i++)
            {
                if (node.Inputs[i] is not { Constant: { } data } value || data.IsUnknown || (data.IsDerived && data.Count > SmallCount) || !merged.Add(value))
                {
                    continue;
                }

                var key = (data.Type, data.Count, Start(data));
                if (!byStart.TryGetValue(key, out var alike))
                {
                    byStart[key] = [value];
                }
                else if (alike.Find(other => other.Shape == value.Shape && other.Constant!.Bytes.SequenceEqual(data.Bytes)) is { } same)
                {
                    graph.ReplaceUses(value, same);
                }
                else
                {
                    alike.Add(value);
                }
            }
        }
    }

    private static ulong Start(TensorData data)
    {
        // FNV-1a over the first bytes: enough to tell weights apart without reading them.
        var hash = 14695981039346656037UL;
        var bytes = data.Bytes;
        foreach (var b in bytes[..Math.Min(64, bytes.Length)])
        {
            hash = (hash ^ b) * 1099511628211UL;
        }

        return hash;
    }
}
