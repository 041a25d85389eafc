using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>The attention operators of ONNX Runtime.</summary>
internal static class ContribAttention
{
    /// <summary>Attention with the projections of queries, keys and values inside: one weight [inputs, 3·width].</summary>
    public static void Attention(NodeImport n)
    {
        var (x, w, bias) = (Elementwise.Float(n, n.Data(0)), n.Data(1), n.OptionalData(2));
        if (n.Flag("past_present_share_buffer", false) || n.Optional(6) is not null)
        {
            throw n.Unsupported("a shared cache");
        }

        if (x.Shape.Rank != 3 || w.Shape.Rank != 2)
        {
            throw new ShapeException($"{x.Shape} × {w.Shape}");
        }

        var all = n.EmitMatMul(x, w);
        Project(n, bias is null ? all : n.Emit(BinaryKind.Add, all, bias), n.OptionalData(3), n.OptionalData(4), n.OptionalData(5));
    }

    /// <summary>Attention over queries, keys and values side by side: [batch, tokens, 3·width].</summary>
    public static void Project(NodeImport n, Value all, Value? mask, Value? past, Value? scoreBias)
    {
        var heads = n.RequiredInt("num_heads");
        var sizes = n.Ints("qkv_hidden_sizes");
        if (n.Flag("do_rotary", false))
        {
            throw n.Unsupported("rotary embeddings");
        }

        n.Ignore("rotary_embedding_dim");
        var width = all.Shape[2].IsConstant ? all.Shape[2].Value : throw n.Unsupported("a width that is not constant");
        sizes ??= [width / 3, width / 3, width / 3];
        if (sizes.Length != 3 || sizes.Sum() != width || heads < 1 || Array.Exists(sizes, s => s < 1 || s % heads != 0))
        {
            throw new ShapeException($"a width of {width} holds no projections of {heads} heads");
        }

        var start = 0L;
        var parts = new Value[3];
        for (var i = 0; i < 3; i++)
        {
            parts[i] = Operators.Attention.SplitHeads(n, n.EmitSlice(all, 2, start, sizes[i]), heads);
            start += sizes[i];
        }

        var (q, k, v) = (parts[0], parts[1], parts[2]);
        var offset = Dim.Zero;
        if (past is not null)
        {
            if (past.Shape.Rank != 5)
            {
                throw new ShapeException($"a cache of {past.Shape}");
            }

            offset = past.Shape[3];
            Value Half(int at) => n.EmitReshape(n.EmitSlice(past, 0, at, 1), past.Shape.Skip(1));
            (k, v) = (Operators.Attention.Append(n, Half(0), k), Operators.Attention.Append(n, Half(1), v));
        }

        Finish(n, q, k, v, mask, scoreBias, offset);
        if (n.Wants(1))
        {
            Value Apart(Value half) => n.EmitReshape(half, half.Shape.Prepend(Dim.One));
            n.Set(1, n.Emit(new Concat(0), Apart(k), Apart(v)));
        }
    }

    /// <summary>Attention over projected queries, keys and values.</summary>
    public static void MultiHeadAttention(NodeImport n)
    {
        var (q, k, v) = (Elementwise.Float(n, n.Data(0)), n.Data(1), n.Data(2));
        var bias = n.OptionalData(3);
        var heads = n.RequiredInt("num_heads");
        if (q.Shape.Rank != 3)
        {
            throw n.Unsupported($"packed queries, keys and values {q.Shape}");
        }

        var start = Dim.Zero;
        Value Project(Value x)
        {
            if (x.Shape.Rank == 4)
            {
                return x; // keys and values of another sequence come with their heads apart
            }

            var projected = x;
            if (bias is not null)
            {
                projected = n.Emit(BinaryKind.Add, x, n.EmitSlice(bias, 0, start, x.Shape[2]));
                start += x.Shape[2];
            }

            return Operators.Attention.SplitHeads(n, projected, heads);
        }

        (q, k, v) = (Project(q), Project(k), Project(v));
        var offset = n.OptionalData(6)?.Shape[2] ?? Dim.Zero;
        (k, v) = (Operators.Attention.Append(n, n.OptionalData(6), k), Operators.Attention.Append(n, n.OptionalData(7), v));
        Finish(n, q, k, v, n.OptionalData(4), n.OptionalData(5), offset);
        n.Set(1, k);
        n.Set(2, v);
    }

    /// <summary>Rotary embeddings with the positions in front of the tables.</summary>
    public static void RotaryEmbedding(NodeImport n)
    {
        var (x, positions, cos, sin) = (Elementwise.Float(n, n.Data(0)), n.Data(1), n.Data(2), n.Data(3));
        var (isInterleaved, size, heads) = (n.Flag("interleaved", false), n.Int("rotary_embedding_dim", 0), n.Int("num_heads", 0));
        if (n.Float("scale", 1) != 1 || n.Flag("is_packed_batching", false))
        {
            throw n.Unsupported("a scale or packed batches");
        }

        var isMerged = x.Shape.Rank == 3;
        if (isMerged)
        {
            // Without a number of heads the tables say how wide one is.
            heads = heads > 0 ? heads : x.Shape[2].Value / (cos.Shape[1].Value * 2);
            x = Operators.Attention.SplitHeads(n, x, heads);
        }

        if (positions.Shape.Rank == 1)
        {
            // One position: that of the first token.
            positions = n.EmitReshape(n.Emit(BinaryKind.Add, n.Emit(new Iota(Dim.Zero, 1, x.Shape[2])), positions), Dim.One, x.Shape[2]);
        }

        var rotated = Operators.Attention.Rotate(n, x, n.Emit(new Gather(0), cos, positions), n.Emit(new Gather(0), sin, positions), isInterleaved, size);
        n.Set(isMerged ? Operators.Attention.MergeHeads(n, rotated) : rotated);
    }

    private static void Finish(NodeImport n, Value q, Value k, Value v, Value? mask, Value? bias, Dim offset)
    {
        var masked = n.Float("mask_filter_value", -10000f);
        var isCausal = n.Flag("unidirectional", false);
        var size = q.Shape[3].IsConstant ? q.Shape[3].Value : throw n.Unsupported("a head size that is not constant");
        var scale = n.Float("scale", 0) is var given && given != 0 ? given : 1 / Math.Sqrt(size);
        var added = mask is null ? null : MaskBias(n, mask, q.Shape[0], k.Shape[2], masked);
        added = added is null ? bias : bias is null ? added : n.Emit(BinaryKind.Add, added, bias);
        var y = Operators.Attention.Attend(n, q, k, v, new Attention.ScoreRules(scale, added, CausalOffset: isCausal ? offset : null, Masked: float.MinValue));
        n.Set(0, Operators.Attention.MergeHeads(n, y));
    }

    /// <summary>
    /// What a mask adds to the scores: lengths [batch], or ones and zeros [batch, keys], [batch, queries, keys] or [batch, 1, queries, keys].
    /// </summary>
    private static Value MaskBias(NodeImport n, Value mask, Dim batch, Dim keys, float masked)
    {
        if (mask.Type is not (DataType.Int32 or DataType.Int64 or DataType.Bool))
        {
            throw n.BadTypes($"a mask of {mask.Type}");
        }

        Value keep;
        switch (mask.Shape.Rank)
        {
            case 1 when n.Lengths.Unify(mask.Shape[0], batch):
                var position = n.EmitCast(n.Emit(new Iota(Dim.Zero, 1, keys)), mask.Type);
                keep = n.Emit(BinaryKind.Less, position, n.EmitReshape(mask, batch, Dim.One));
                break;
            case 2 or 3 or 4:
                keep = mask.Type == DataType.Bool ? mask : n.Emit(BinaryKind.Greater, mask, 0);
                break;
            default:
                throw n.Unsupported($"a mask of shape {mask.Shape}");
        }

        keep = keep.Shape.Rank switch
        {
            2 => n.EmitReshape(keep, keep.Shape[0], Dim.One, Dim.One, keep.Shape[1]),
            3 => n.EmitReshape(keep, keep.Shape[0], Dim.One, keep.Shape[1], keep.Shape[2]),
            _ => keep,
        };
        return n.EmitSelect(keep, NodeImport.Scalar(DataType.Float32, 0), NodeImport.Scalar(DataType.Float32, masked));
    }
}
