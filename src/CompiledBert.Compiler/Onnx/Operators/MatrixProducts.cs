using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Onnx.Operators;

/// <summary>Products of matrices and what is one of them in other words.</summary>
internal static class MatrixProducts
{
    public static void Register(OperatorTable table)
    {
        table.Add("MatMul", 2, 2, n => n.Set(Multiply(n, n.Data(0), n.Data(1))));
        table.Add("Gemm", 2, 3, n => n.Set(Gemm(n)));
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
}
