using CompiledBert.Compiler;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Search.Graphs;

/// <summary>One encoder layer, found in a canonical graph: <c>y = Norm(F(a) + a)</c>, <c>a = Norm(Attention(x) + x)</c>.</summary>
internal sealed record BertLayerNodes
{
    public required Value Input { get; init; }

    public required (Node Linear, int Start, int Count) Query { get; init; }

    public required (Node Linear, int Start, int Count) Key { get; init; }

    public required (Node Linear, int Start, int Count) Value { get; init; }

    public required float Scale { get; init; }

    public required int Heads { get; init; }

    public required int HeadSize { get; init; }

    public required Value AttentionOutput { get; init; }

    public required Node AttentionNorm { get; init; }

    public required Value Inner { get; init; }

    public required UnaryKind Activation { get; init; }

    public required Value Output { get; init; }

    public required Node OutputNorm { get; init; }

    /// <summary>The layer whose result a value is; null where it is none.</summary>
    public static BertLayerNodes? Match(Value value)
    {
        if (Residual(value) is not var (outputNorm, output)
            || Walk.Rows(output.Producer!.In(0)).Producer is not { Operator: Unary { Kind: UnaryKind.GeluErf or UnaryKind.Relu } activation } active
            || Walk.Rows(active.In(0)) is not { Producer.Operator: Linear } inner
            || Residual(Walk.Rows(inner.Producer!.In(0))) is not var (attentionNorm, attended)
            || Context(attended.Producer!.In(0)) is not { } context
            || Scores(context.In(0)) is not var (scores, scale)
            || Part(context.In(1)) is not var (v, heads, size)
            || Part(scores.In(0)) is not var (q, _, _)
            || Part(scores.In(1)) is not var (k, _, _))
        {
            return null;
        }

        return new BertLayerNodes
        {
            Input = v.Linear.In(0), Query = q, Key = k, Value = v, Scale = scale, Heads = heads, HeadSize = size,
            AttentionOutput = attended, AttentionNorm = attentionNorm, Inner = inner, Activation = activation.Kind, Output = output, OutputNorm = outputNorm,
        };
    }

    /// <summary>The norm behind a residual sum, and the product that is one of its operands.</summary>
    private static (Node Norm, Value Product)? Residual(Value value)
    {
        if (value.Producer is not { Operator: LayerNorm } norm || norm.In(0).Producer is not { Operator: Binary { Kind: BinaryKind.Add } } sum)
        {
            return null;
        }

        var product = sum.Inputs.OfType<Value>().Select(Walk.Rows).FirstOrDefault(i => i.Producer?.Operator is Linear);
        return product is null || norm.Inputs.Skip(1).Any(i => i is { IsConstant: false }) ? null : (norm, product);
    }

    /// <summary>The product of attention's shares and values behind the merging of heads.</summary>
    private static Node? Context(Value value)
    {
        while (value.Producer is { Operator: Reshape or Transpose } node)
        {
            value = node.In(0);
        }

        return value.Producer is { Operator: MatMul } product ? product : null;
    }

    /// <summary>The product of queries and keys, and what its results are multiplied by.</summary>
    private static (Node Product, float Scale)? Scores(Value shares)
    {
        if (shares.Producer is not { Operator: Softmax } softmax)
        {
            return null;
        }

        var (scores, scale) = (softmax.In(0), 1f);
        if (scores.Producer is { Operator: Binary { Kind: BinaryKind.Add } } masked)
        {
            scores = masked.Inputs.OfType<Value>().FirstOrDefault(AreScores) ?? masked.In(0);
        }

        if (scores.Producer is { Operator: Binary { Kind: BinaryKind.Mul } } scaled)
        {
            var constant = scaled.Inputs.OfType<Value>().FirstOrDefault(i => i.Constant is { Count: 1 });
            if (constant is null)
            {
                return null;
            }

            scale = constant.Constant!.ToFloats()[0];
            scores = scaled.Inputs.OfType<Value>().First(i => !ReferenceEquals(i, constant));
        }

        return scores.Producer is { Operator: MatMul } product ? (product, scale) : null;
    }

    private static bool AreScores(Value value) =>
        value.Producer is { Operator: MatMul } or { Operator: Binary { Kind: BinaryKind.Mul } }
        && value.Producer.Inputs.Append(value).Any(i => i?.Producer?.Operator is MatMul);

    /// <summary>Queries, keys or values: the columns of a product that they are, and how they are split into heads.</summary>
    private static ((Node Linear, int Start, int Count) Columns, int Heads, int Size)? Part(Value value)
    {
        // One head may be split off without a trace of it in between.
        var isOne = value.Shape.Rank == 4 && value.Shape[1].Is(1);
        var (heads, size) = (0, 0);
        var (start, count) = (0, -1);
        while (value.Producer is { } node && node.Operator is not Linear)
        {
            switch (node.Operator)
            {
                case Reshape reshape when reshape.To.Rank == 4 && heads == 0 && reshape.To[2].IsConstant && reshape.To[3].IsConstant:
                    (heads, size) = ((int)reshape.To[2].Value, (int)reshape.To[3].Value);
                    break;
                case Slice slice when slice.Axis == node.In(0).Shape.Rank - 1 && slice.Start.IsConstant && count < 0:
                    (start, count) = ((int)slice.Start.Value, (int)slice.Length.Value);
                    break;
                case Reshape or Transpose or Slice or Gather { Axis: 1 }:
                    break;
                default:
                    return null;
            }

            value = node.In(0);
        }

        if (value.Producer is not { } linear || !linear.In(1).IsConstant || (heads == 0 && !isOne))
        {
            return null;
        }

        count = count < 0 ? (int)value.Shape[-1].Value : count;
        return ((linear, start, count), heads == 0 ? 1 : heads, heads == 0 ? count : size);
    }
}
