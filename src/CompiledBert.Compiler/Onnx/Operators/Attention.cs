using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Attention and rotary embeddings of opset 23, and what the contributed forms share with them.</summary>
internal static class Attention
{
    public static void Register(OperatorTable table)
    {
        table.Add("Attention", 3, 7, Import, maxOutputs: 4);
        table.Add("RotaryEmbedding", 3, 4, RotaryEmbedding);
    }

    /// <summary>What is added to the scores, and where they are cut off.</summary>
    /// <param name="Scale">Factor of the scores.</param>
    /// <param name="Bias">Float added to the scaled scores, broadcast.</param>
    /// <param name="Keep">Truth values: where false, the score becomes <paramref name="Masked"/>.</param>
    /// <param name="CausalOffset">Key j is seen by query i where j ≤ i + offset; null for all.</param>
    /// <param name="Softcap">Scores become c·tanh(score/c); 0 for none.</param>
    /// <param name="Masked">What a masked score becomes.</param>
    public sealed record ScoreRules(
        double Scale, Value? Bias = null, Value? Keep = null, Dim? CausalOffset = null, float Softcap = 0, float Masked = float.NegativeInfinity);

    /// <summary>softmax(Q·Kᵀ·scale + bias)·V for operands [batch, heads, tokens, size]; the heads of keys and values may be fewer and shared.</summary>
    public static Value Attend(NodeImport n, Value q, Value k, Value v, ScoreRules rules)
    {
        k = RepeatHeads(n, k, q.Shape[1]);
        v = RepeatHeads(n, v, q.Shape[1]);
        var scores = n.EmitMatMul(q, MatrixProducts.SwapLast(n, k));
        if (rules.Scale != 1)
        {
            scores = n.Emit(BinaryKind.Mul, scores, rules.Scale);
        }

        // Before the mask, which the cap would soften.
        if (rules.Softcap > 0)
        {
            scores = n.Emit(BinaryKind.Mul, n.Emit(UnaryKind.Tanh, n.Emit(BinaryKind.Div, scores, rules.Softcap)), rules.Softcap);
        }

        if (rules.Bias is { } bias)
        {
            scores = n.Emit(BinaryKind.Add, scores, bias);
        }

        if (rules.Keep is { } keep)
        {
            scores = n.EmitSelect(keep, scores, NodeImport.Scalar(DataType.Float32, rules.Masked));
        }

        if (rules.CausalOffset is { } offset)
        {
            var column = n.Emit(new Iota(Dim.Zero, 1, scores.Shape[-1]));
            var row = n.EmitReshape(n.Emit(new Iota(offset, 1, scores.Shape[-2])), scores.Shape[-2], Dim.One);
            scores = n.EmitSelect(n.Emit(BinaryKind.LessOrEqual, column, row), scores, NodeImport.Scalar(DataType.Float32, rules.Masked));
        }

        return n.EmitMatMul(n.Emit(new Softmax(scores.Shape.Rank - 1), scores), v);
    }

    /// <summary>[batch, tokens, heads·size] as [batch, heads, tokens, size].</summary>
    public static Value SplitHeads(NodeImport n, Value x, long heads)
    {
        if (x.Shape.Rank != 3 || heads < 1 || x.Shape[2].DivideExactly(heads) is not { } size)
        {
            throw new ShapeException($"{x.Shape} cannot be split into {heads} heads");
        }

        return n.EmitTranspose(n.EmitReshape(x, x.Shape[0], x.Shape[1], heads, size), 0, 2, 1, 3);
    }

    /// <summary>[batch, heads, tokens, size] as [batch, tokens, heads·size].</summary>
    public static Value MergeHeads(NodeImport n, Value x)
    {
        var rows = n.EmitTranspose(x, 0, 2, 1, 3);
        return n.EmitReshape(rows, rows.Shape[0], rows.Shape[1], rows.Shape[2] * rows.Shape[3]);
    }

    /// <summary>Keys or values of a cache in front of new ones.</summary>
    public static Value Append(NodeImport n, Value? past, Value present)
    {
        if (past is null)
        {
            return present;
        }

        foreach (var axis in new[] { 0, 1, 3 })
        {
            n.RequireSame(present.Shape[axis], past.Shape[axis], "lengths of the cache");
        }

        return n.Emit(new Concat(2), past, present);
    }

    private static Value RepeatHeads(NodeImport n, Value x, Dim heads)
    {
        if (x.Shape[1] == heads)
        {
            return x;
        }

        if (heads.DivideExactly(x.Shape[1]) is not { IsConstant: true } times)
        {
            throw new ShapeException($"{heads} heads of queries over {x.Shape[1]} of keys");
        }

        var apart = n.EmitReshape(x, x.Shape[0], x.Shape[1], Dim.One, x.Shape[2], x.Shape[3]);
        var repeated = n.Emit(new Expand(apart.Shape.With(2, times)), apart);
        return n.EmitReshape(repeated, x.Shape[0], heads, x.Shape[2], x.Shape[3]);
    }

    private static void Import(NodeImport n)
    {
        var (q, k, v) = (Elementwise.Float(n, n.Data(0)), Elementwise.Float(n, n.Data(1)), Elementwise.Float(n, n.Data(2)));
        var mask = n.OptionalData(3);
        var (heads, keyHeads) = (n.Int("q_num_heads", 0), n.Int("kv_num_heads", 0));
        var isCausal = n.Flag("is_causal", false);
        var softcap = n.Float("softcap", 0);
        n.Ignore("qk_matmul_output_mode");
        n.Ignore("softmax_precision");
        if (n.Wants(3))
        {
            throw n.Unsupported("its scores as an output");
        }

        var isMerged = q.Shape.Rank == 3;
        if (isMerged)
        {
            (q, k, v) = (SplitHeads(n, q, heads), SplitHeads(n, k, keyHeads), SplitHeads(n, v, keyHeads));
        }

        if (q.Shape.Rank != 4 || k.Shape.Rank != 4 || v.Shape.Rank != 4)
        {
            throw new ShapeException($"{q.Shape}, {k.Shape} and {v.Shape} should have 3 or 4 axes");
        }

        var offset = n.OptionalData(4)?.Shape[2] ?? Dim.Zero;
        (k, v) = (Append(n, n.OptionalData(4), k), Append(n, n.OptionalData(5), v));
        var size = q.Shape[3];
        var scale = n.Float("scale") ?? 1 / Math.Sqrt(size.IsConstant ? size.Value : throw n.Unsupported("a head size that is not constant"));
        mask = mask is null ? null : Lengthen(n, mask, k.Shape[2]);
        var keep = mask?.Type == DataType.Bool ? mask : null;
        if (n.OptionalData(6) is { } filled)
        {
            var rows = Filled(n, filled, q.Shape, k.Shape[2], isCausal && n.Optional(4) is null);
            keep = keep is null ? rows : n.Emit(BinaryKind.And, keep, rows);
            isCausal &= n.Optional(4) is not null;
        }

        var bias = mask?.Type == DataType.Bool ? null : mask;
        var y = Attend(n, q, k, v, new ScoreRules(scale, bias, keep, isCausal ? offset : null, softcap));
        n.Set(0, isMerged ? MergeHeads(n, y) : y);
        n.Set(1, k);
        n.Set(2, v);
    }

    /// <summary>A mask that ends before the keys do leaves the rest out.</summary>
    private static Value Lengthen(NodeImport n, Value mask, Dim keys)
    {
        if (mask.Shape.Rank == 0 || n.Lengths.AtMost(mask.Shape[-1] + Dim.One, keys) != true)
        {
            return mask;
        }

        var none = Enumerable.Repeat(Dim.Zero, mask.Shape.Rank).ToArray();
        var fill = NodeImport.Scalar(mask.Type, mask.Type == DataType.Bool ? 0 : double.NegativeInfinity);
        return n.Emit(new Pad(none, [.. none.Skip(1), keys - mask.Shape[-1]]), mask, fill);
    }

    /// <summary>
    /// Which keys of a cache of fixed length are filled, one number a sequence; with <paramref name="isCausal"/> the queries are the last of these.
    /// </summary>
    private static Value Filled(NodeImport n, Value counts, Shape queries, Dim keys, bool isCausal)
    {
        n.RequireSame(counts.Shape.Elements, queries[0], "sequences and their filled keys");
        var count = n.EmitReshape(n.EmitCast(counts, DataType.Int64), queries[0], Dim.One, Dim.One, Dim.One);
        var key = n.Emit(new Iota(Dim.Zero, 1, keys));
        var isFilled = n.Emit(BinaryKind.Less, key, count);
        if (!isCausal)
        {
            return isFilled;
        }

        var query = n.EmitReshape(n.Emit(new Iota(Dim.Zero - queries[2], 1, queries[2])), queries[2], Dim.One);
        return n.Emit(BinaryKind.And, isFilled, n.Emit(BinaryKind.LessOrEqual, key, n.Emit(BinaryKind.Add, query, count)));
    }

    private static void RotaryEmbedding(NodeImport n)
    {
        var x = Elementwise.Float(n, n.Data(0));
        var (cos, sin, positions) = (n.Data(1), n.Data(2), n.OptionalData(3));
        var isInterleaved = n.Flag("interleaved", false);
        var size = n.Int("rotary_embedding_dim", 0);
        var heads = n.Int("num_heads", 0);
        if (positions is not null)
        {
            (cos, sin) = (n.Emit(new Gather(0), cos, positions), n.Emit(new Gather(0), sin, positions));
        }

        var isMerged = x.Shape.Rank == 3;
        var rotated = Rotate(n, isMerged ? SplitHeads(n, x, heads) : x, cos, sin, isInterleaved, size);
        n.Set(isMerged ? MergeHeads(n, rotated) : rotated);
    }

    /// <summary>Pairs of elements turned by an angle that depends on the token: x [batch, heads, tokens, size], cos and sin [batch, tokens, size/2].</summary>
    public static Value Rotate(NodeImport n, Value x, Value cos, Value sin, bool isInterleaved, long size)
    {
        if (x.Shape.Rank != 4 || !x.Shape[3].IsConstant || cos.Shape.Rank != 3)
        {
            throw new ShapeException($"{x.Shape} and angles {cos.Shape}");
        }

        var whole = x.Shape[3].Value;
        size = size == 0 ? whole : size;
        if (size > whole || size % 2 != 0 || size < 0)
        {
            throw new ShapeException($"{size} of {whole} elements cannot be turned in pairs");
        }

        var half = size / 2;
        var turned = n.EmitSlice(x, 3, 0, size);
        var (first, second) = isInterleaved
            ? (n.Emit(new Slice(3, 0, 2, half), turned), n.Emit(new Slice(3, 1, 2, half), turned))
            : (n.EmitSlice(turned, 3, 0, half), n.EmitSlice(turned, 3, half, half));
        Value Angles(Value a) => n.EmitReshape(n.EmitSlice(a, 2, 0, half), a.Shape[0], Dim.One, a.Shape[1], half);
        var (c, s) = (Angles(cos), Angles(sin));
        var real = n.Emit(BinaryKind.Sub, n.Emit(BinaryKind.Mul, first, c), n.Emit(BinaryKind.Mul, second, s));
        var imaginary = n.Emit(BinaryKind.Add, n.Emit(BinaryKind.Mul, first, s), n.Emit(BinaryKind.Mul, second, c));
        Value result;
        if (isInterleaved)
        {
            Value Apart(Value half) => n.EmitReshape(half, half.Shape.Append(Dim.One));
            var pairs = n.Emit(new Concat(4), Apart(real), Apart(imaginary));
            result = n.EmitReshape(pairs, real.Shape.With(3, size));
        }
        else
        {
            result = n.Emit(new Concat(3), real, imaginary);
        }

        return size == whole ? result : n.Emit(new Concat(3), result, n.EmitSlice(x, 3, size, whole - size));
    }
}
