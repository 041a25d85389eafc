using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Operators that ONNX Runtime's optimisers write (domain com.microsoft), expressed by what they were fused from.</summary>
internal static class Contrib
{
    public static void Register(OperatorTable table)
    {
        Add(table, "Gelu", 1, 1, n => n.Set(n.Emit(UnaryKind.GeluErf, Elementwise.Float(n, n.Data(0)))));
        Add(table, "BiasGelu", 2, 2, n => n.Set(n.Emit(UnaryKind.GeluErf, n.Emit(BinaryKind.Add, n.Data(0), n.Data(1)))));
        Add(table, "FastGelu", 1, 2, n =>
            n.Set(n.Emit(UnaryKind.GeluTanh, n.OptionalData(1) is { } bias ? n.Emit(BinaryKind.Add, n.Data(0), bias) : n.Data(0))));
        Add(table, "QuickGelu", 1, 1, n => n.Set(Activations.Swish(n, Elementwise.Float(n, n.Data(0)), n.Float("alpha", 1.702f))));
        Add(table, "SkipLayerNormalization", 3, 5, SkipLayerNormalization, maxOutputs: 4);
        Add(table, "SkipSimplifiedLayerNormalization", 3, 4, SkipSimplified, maxOutputs: 4);
        Add(table, "EmbedLayerNormalization", 7, 9, EmbedLayerNormalization, maxOutputs: 3);
        Add(table, "FusedMatMul", 2, 2, FusedMatMul);
        Add(table, "FusedGemm", 2, 3, FusedGemm);
        Add(table, "Attention", 2, 7, ContribAttention.Attention, maxOutputs: 2);
        Add(table, "MultiHeadAttention", 3, 8, ContribAttention.MultiHeadAttention, maxOutputs: 3);
        Add(table, "RotaryEmbedding", 4, 4, ContribAttention.RotaryEmbedding);
        Add(table, "TransposeMatMul", 2, 2, FusedMatMul);
        Add(table, "ExpandDims", 2, 2, ExpandDims);

        // The same operators as ONNX's, from before it had them.
        foreach (var (name, inputs) in new[] { ("Trilu", 2), ("Pad", 3), ("GatherND", 2), ("Range", 3) })
        {
            Add(table, name, name == "Trilu" ? 1 : 2, inputs, n => table.Find("", name)!.Import(n));
        }
    }

    /// <summary>Adds an operator of ONNX Runtime's domain.</summary>
    private static void Add(OperatorTable table, string name, int minInputs, int maxInputs, Action<NodeImport> import, int maxOutputs = 1) =>
        table.Add(OperatorTable.Microsoft, name, minInputs, maxInputs, import, maxOutputs);

    private static void SkipLayerNormalization(NodeImport n)
    {
        var sum = n.Emit(BinaryKind.Add, Elementwise.Float(n, n.Data(0)), n.Data(1));
        if (n.OptionalData(4) is { } bias)
        {
            sum = n.Emit(BinaryKind.Add, sum, bias);
        }

        n.Set(0, Normalization.LayerNorm(n, sum, n.Data(2), n.OptionalData(3), n.Float("epsilon", 1e-12f)));
        n.Set(3, sum);
    }

    private static void SkipSimplified(NodeImport n)
    {
        var sum = n.Emit(BinaryKind.Add, Elementwise.Float(n, n.Data(0)), n.Data(1));
        if (n.OptionalData(3) is { } bias)
        {
            sum = n.Emit(BinaryKind.Add, sum, bias);
        }

        n.Set(0, Normalization.RmsNorm(n, sum, n.Data(2), n.Float("epsilon", 1e-12f)));
        n.Set(3, sum);
    }

    private static void EmbedLayerNormalization(NodeImport n) =>
        Embed(n, n.Data(2), n.Data(3), n.OptionalData(4), n.Data(5), n.Data(6), n.OptionalData(7), n.OptionalData(8));

    /// <summary>Sum of the embeddings of tokens (input 0), their places and segments (input 1), normalised.</summary>
    public static void Embed(NodeImport n, Value words, Value positions, Value? segmentTable, Value scale, Value bias, Value? mask, Value? positionIds)
    {
        var (ids, segments) = (n.Data(0), n.OptionalData(1));
        var epsilon = n.Float("epsilon", 1e-12f);
        n.Ignore("mask_index_type");
        if (ids.Shape.Rank != 2 || words.Shape.Rank != 2 || positions.Shape.Rank != 2)
        {
            throw new ShapeException($"ids {ids.Shape}, tables {words.Shape} and {positions.Shape}");
        }

        // In the order in which the models are trained, which unfused files keep.
        var sum = n.Emit(new Gather(0), words, ids);
        if (segments is not null && segmentTable is not null)
        {
            sum = n.Emit(BinaryKind.Add, sum, n.Emit(new Gather(0), segmentTable, segments));
        }

        if (positionIds is not null)
        {
            sum = n.Emit(BinaryKind.Add, sum, n.Emit(new Gather(0), positions, positionIds));
        }
        else
        {
            n.Lengths.Assume(ids.Shape[1], positions.Shape[0]);
            sum = n.Emit(BinaryKind.Add, sum, n.EmitSlice(positions, 0, 0, ids.Shape[1]));
        }

        n.Set(0, Normalization.LayerNorm(n, sum, scale, bias, epsilon));
        n.Set(2, sum);
        if (n.Wants(1))
        {
            // The number of tokens in each sequence.
            var count = mask is null
                ? n.Emit(new Expand(new Shape(ids.Shape[0])), NodeImport.Scalar(DataType.Int32, 0))
                : n.EmitReshape(n.Emit(new Reduce(ReduceKind.Sum, 1), n.EmitCast(mask, DataType.Int32)), ids.Shape[0]);
            n.Set(1, count);
        }
    }

    private static void ExpandDims(NodeImport n)
    {
        var x = n.Data(0);
        if (n.In(1).Integers is not [var given])
        {
            throw n.DataDependent("on its axis");
        }

        var axis = Shapes.Normalise(n, [given], x.Shape.Rank + 1)[0];
        n.Set(n.EmitReshape(x, [.. x.Shape.Take(axis), Dim.One, .. x.Shape.Skip(axis)]));
    }

    private static void FusedMatMul(NodeImport n)
    {
        var (a, b) = (Elementwise.Float(n, n.Data(0)), n.Data(1));
        var alpha = n.Float("alpha", 1);
        var (transA, transB) = (n.Flag("transA", false), n.Flag("transB", false));
        if (n.Flag("transBatchA", false) | n.Flag("transBatchB", false))
        {
            throw n.Unsupported("transposed batches");
        }

        var product = MatrixProducts.Multiply(
            n, transA && a.Shape.Rank > 1 ? MatrixProducts.SwapLast(n, a) : a, transB && b.Shape.Rank > 1 ? MatrixProducts.SwapLast(n, b) : b);
        n.Set(alpha == 1 ? product : n.Emit(BinaryKind.Mul, product, alpha));
    }

    private static void FusedGemm(NodeImport n)
    {
        var product = MatrixProducts.Gemm(n);
        var alpha = n.Float("activation_alpha", 0.01f);
        n.Ignore("activation_beta");
        n.Ignore("activation_gamma");
        n.Set(n.Text("activation", "") switch
        {
            "Relu" => n.Emit(UnaryKind.Relu, product),
            "Tanh" => n.Emit(UnaryKind.Tanh, product),
            "Sigmoid" => n.Emit(UnaryKind.Sigmoid, product),
            "LeakyRelu" => n.EmitSelect(n.Emit(BinaryKind.Less, product, 0), n.Emit(BinaryKind.Mul, product, alpha), product),
            var other => throw n.Unsupported($"activation '{Diagnostic.Abbreviate(other)}'"),
        });
    }
}
