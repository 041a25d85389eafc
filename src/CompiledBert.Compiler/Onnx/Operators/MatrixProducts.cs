using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Products of matrices, convolutions and what is one of them in other words.</summary>
internal static class MatrixProducts
{
    public static void Register(OperatorTable table)
    {
        table.Add("MatMul", 2, 2, n => n.Set(Multiply(n, n.Data(0), n.Data(1))));
        table.Add("Gemm", 2, 3, n => n.Set(Gemm(n)));
        table.Add("Conv", 2, 3, Conv);
        table.Add("Einsum", 1, OperatorTable.Any, EinsumImport.Import);
    }

    /// <summary>numpy's matmul, for operands with any number of axes.</summary>
    public static Value Multiply(NodeImport n, Value a, Value b)
    {
        if (a.Shape.Rank == 0 || b.Shape.Rank == 0)
        {
            throw new ShapeException("a scalar is no matrix");
        }

        if (a.Type is DataType.Bool || a.Type != b.Type)
        {
            throw n.BadTypes(a.Type == b.Type ? $"it does not take {a.Type}" : $"{a.Type} and {b.Type} differ");
        }

        var left = a.Shape.Rank == 1 ? n.EmitReshape(a, Dim.One, a.Shape[0]) : a;
        var right = b.Shape.Rank == 1 ? n.EmitReshape(b, b.Shape[0], Dim.One) : b;
        var product = n.EmitMatMul(left, right);
        var dims = product.Shape.ToList();
        if (b.Shape.Rank == 1)
        {
            dims.RemoveAt(dims.Count - 1);
        }

        if (a.Shape.Rank == 1)
        {
            dims.RemoveAt(dims.Count - (b.Shape.Rank == 1 ? 1 : 2));
        }

        return n.EmitReshape(product, dims);
    }

    /// <summary>A value with its last two axes swapped.</summary>
    public static Value SwapLast(NodeImport n, Value x)
    {
        var permutation = Enumerable.Range(0, x.Shape.Rank).ToArray();
        (permutation[^1], permutation[^2]) = (permutation[^2], permutation[^1]);
        return n.EmitTranspose(x, permutation);
    }

    /// <summary>alpha·A·B + beta·C.</summary>
    public static Value Gemm(NodeImport n)
    {
        var (a, b) = (Elementwise.Float(n, n.Data(0)), n.Data(1));
        n.Ignore("broadcast");
        if (a.Shape.Rank != 2 || b.Shape.Rank != 2)
        {
            throw new ShapeException($"two matrices are needed, not {a.Shape} and {b.Shape}");
        }

        var (alpha, beta) = (n.Float("alpha", 1), n.Float("beta", 1));
        var (transA, transB) = (n.Flag("transA", false), n.Flag("transB", false));
        var product = n.EmitMatMul(transA ? SwapLast(n, a) : a, transB ? SwapLast(n, b) : b);
        if (alpha != 1)
        {
            product = n.Emit(BinaryKind.Mul, product, alpha);
        }

        if (n.OptionalData(2) is not { } c)
        {
            return product;
        }

        var sum = n.Emit(BinaryKind.Add, product, beta == 1 ? c : n.Emit(BinaryKind.Mul, c, beta));
        return sum.Shape == product.Shape ? sum : throw new ShapeException($"{c.Shape} does not fit {product.Shape}");
    }

    private static void Conv(NodeImport n)
    {
        var (x, w) = (Elementwise.Float(n, n.Data(0)), n.Data(1));
        var bias = n.OptionalData(2);
        var autoPad = n.Text("auto_pad", "NOTSET");
        var (groups, kernel) = (n.Int("group", 1), n.Ints("kernel_shape"));
        var (dilations, pads, strides) = (n.Ints("dilations"), n.Ints("pads"), n.Ints("strides"));
        if (x.Shape.Rank != 3)
        {
            throw n.Unsupported($"{x.Shape.Rank - 2} dimensions");
        }

        if (w.Shape.Rank != 3 || !w.Shape.IsConstant || w.Type != DataType.Float32)
        {
            throw new ShapeException($"weights {w.Type}{w.Shape} do not fit {x.Shape}");
        }

        var (stride, dilation) = (strides?[0] ?? 1, dilations?[0] ?? 1);
        var (before, after) = (pads?[0] ?? 0, pads is { Length: 2 } ? pads[1] : 0);
        var span = (dilation * (w.Shape[2].Value - 1)) + 1;
        if ((kernel ?? [w.Shape[2].Value]) is not [var size] || size != w.Shape[2].Value || groups < 1 || stride < 1 || dilation < 1 || before < 0 || after < 0
            || w.Shape[0].Value % groups != 0 || (pads ?? [0, 0]).Length != 2)
        {
            throw new ShapeException($"kernel, groups, strides, dilations or pads do not fit weights {w.Shape}");
        }

        if (autoPad is "SAME_UPPER" or "SAME_LOWER" && stride == 1)
        {
            (before, after) = autoPad == "SAME_UPPER" ? ((span - 1) / 2, span / 2) : (span / 2, (span - 1) / 2);
        }
        else if (autoPad is not ("NOTSET" or "VALID" or ""))
        {
            throw n.Unsupported($"auto_pad {Diagnostic.Abbreviate(autoPad)} and stride {stride}");
        }

        n.RequireSame(x.Shape[1], w.Shape[1] * groups, "channels");
        if (bias is not null)
        {
            n.RequireSame(bias.Shape.Elements, w.Shape[0], "bias and channels");
        }

        n.Set(n.Emit(new Conv1d(groups, stride, dilation, before, after), x, w, bias));
    }
}
