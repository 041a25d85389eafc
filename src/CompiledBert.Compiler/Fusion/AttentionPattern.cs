using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>
/// Attention in its decomposed form:
/// <code>
/// Q [B,H,Tq,D] ─┐
///               MatMul ── elementwise (scale, mask, …) ── Softmax ── elementwise ── MatMul ── [B,H,Tq,Dv]
/// Kᵀ [B,H,D,Tk] ┘                                                      V [B,H,Tk,Dv] ┘
/// </code>
/// </summary>
internal sealed record AttentionPattern(Node Scores, Node Softmax, Node Product, IReadOnlySet<Node> Inner)
{
    /// <summary>The pattern around a softmax; null where it is not one.</summary>
    public static AttentionPattern? Match(Node softmax, ModelGraph graph)
    {
        var shape = softmax.Output.Shape;
        if (softmax.Operator is not Softmax s || shape.Rank != 4 || s.Axis != 3 || !shape[1].IsConstant)
        {
            return null;
        }

        var inner = new HashSet<Node> { softmax };
        if (FindScores(softmax.In(0)) is not { } scores || FindProduct() is not { } product)
        {
            return null;
        }

        inner.Add(scores);
        inner.Add(product);
        return new AttentionPattern(scores, softmax, product, inner);

        bool IsPrivate(Value value) => value.Users.Count == 1 && !graph.IsOutput(value);

        Node? FindScores(Value value)
        {
            if (!IsPrivate(value) || value.Producer is not { } node)
            {
                return null;
            }

            if (node.Operator is MatMul)
            {
                return node;
            }

            if (!IsElementwise(node))
            {
                return null;
            }

            inner.Add(node);
            var found = node.Inputs.OfType<Value>().Where(i => i.Shape == shape).Select(FindScores).FirstOrDefault(n => n is not null);
            if (found is null)
            {
                inner.Remove(node);
            }

            return found;
        }

        Node? FindProduct()
        {
            var value = softmax.Output;
            while (true)
            {
                var users = value.Users.Distinct().ToList();
                if (graph.IsOutput(value) || users.Count == 0)
                {
                    return null;
                }

                if (users.Count == 1 && users[0].Operator is MatMul)
                {
                    return ReferenceEquals(users[0].In(0), value) && !ReferenceEquals(users[0].In(1), value) && users[0].Output.Shape.Rank == 4
                        ? users[0]
                        : null;
                }

                // A guard such as Where(IsNaN(p), 0, p) uses the probabilities twice and joins again.
                if (Join(value, users) is not { } next)
                {
                    return null;
                }

                value = next;
            }
        }

        Value? Join(Value value, List<Node> users)
        {
            if (users.Any(u => !IsElementwise(u) || u.Outputs[0].Shape != shape))
            {
                return null;
            }

            var last = users.Count == 1
                ? users[0]
                : users.FirstOrDefault(u => users.All(o => ReferenceEquals(o, u) || (IsPrivate(o.Output) && u.Inputs.Contains(o.Output))));
            if (last is null)
            {
                return null;
            }

            inner.UnionWith(users);
            return last.Output;
        }
    }

    private static bool IsElementwise(Node node) => node.Operator is Unary or Binary or Select or Cast;
}
