using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>Weights changed by passes. The results are derived from the operands when they are read, so that no copy of a weight is held.</summary>
internal static class WeightAlgebra
{
    /// <summary>A matrix with rows and columns exchanged.</summary>
    public static Value Transposed(Value matrix) => ModelGraph.Constant(matrix.Name, matrix.Constant!.Transposed());

    /// <summary>A matrix with each column multiplied by its number.</summary>
    public static Value ScaledColumns(Value matrix, float[] scale) => Scaled(matrix, nameof(ScaledColumns), scale, (part, row, line) =>
    {
        for (var i = 0; i < line.Length; i++)
        {
            line[i] *= scale[part.Column + i];
        }
    });

    /// <summary>A matrix with each row multiplied by its number.</summary>
    public static Value ScaledRows(Value matrix, float[] scale) => Scaled(matrix, nameof(ScaledRows), scale, (part, row, line) =>
    {
        for (var i = 0; i < line.Length; i++)
        {
            line[i] *= scale[part.Row + row];
        }
    });

    /// <summary>Matrices of as many rows beside each other.</summary>
    public static Value Beside(IReadOnlyList<Value> matrices)
    {
        TensorData[] sources = [.. matrices.Select(m => m.Constant!)];
        var name = string.Join('+', matrices.Select(m => m.Name));
        var recipe = Recipe.Of(nameof(Beside), [.. sources.Select(m => m.Identity)]);
        return Derive(name, [sources[0].Dims[0], sources.Sum(m => m.Dims[1])], sources, recipe, (part, to, stride) =>
        {
            var start = 0;
            foreach (var source in sources)
            {
                var end = start + (int)source.Dims[1];
                var (first, last) = (Math.Max(start, part.Column), Math.Min(end, part.Column + part.Columns));
                if (first < last)
                {
                    source.Read(part with { Column = first - start, Columns = last - first }, to[(first - part.Column)..], stride);
                }

                start = end;
            }
        });
    }

    /// <summary>Some columns of a matrix.</summary>
    public static Value Columns(Value matrix, int start, int step, int count)
    {
        var source = matrix.Constant!;
        return Derive(matrix.Name, [source.Dims[0], count], [source], Recipe.Of(nameof(Columns), source.Identity, start, step, count), (part, to, stride) =>
        {
            if (part.Columns == 0)
            {
                return;
            }

            var (first, last) = (start + (part.Column * step), start + ((part.Column + part.Columns - 1) * step));
            var (lowest, spread) = (Math.Min(first, last), new float[Math.Abs(last - first) + 1]);
            for (var row = 0; row < part.Rows; row++)
            {
                source.Read(new MatrixPart(part.Row + row, 1, lowest, spread.Length), spread.AsSpan(), spread.Length);
                for (var i = 0; i < part.Columns; i++)
                {
                    to[(row * stride) + i] = spread[first + (i * step) - lowest];
                }
            }
        });
    }

    /// <summary>A vector as a constant.</summary>
    public static Value Vector(string name, float[] elements) => ModelGraph.Constant(name, TensorData.FromFloats([elements.Length], elements));

    /// <summary>Element by element sum and product of vectors.</summary>
    public static float[] Combine(float[] a, float[] b, Func<float, float, float> f) => [.. a.Zip(b, f)];

    private static Value Scaled(Value matrix, string name, float[] scale, ScaleLine multiply)
    {
        var source = matrix.Constant!;
        return Derive(matrix.Name, [.. source.Dims], [source], Recipe.Of(name, source.Identity, Recipe.Of(scale)), (part, to, stride) =>
        {
            source.Read(part, to, stride);
            for (var row = 0; row < part.Rows; row++)
            {
                multiply(part, row, to.Slice(row * stride, part.Columns));
            }
        });
    }

    private static Value Derive(string name, long[] dims, IReadOnlyList<TensorData> sources, Recipe recipe, PartReader<float> read) =>
        ModelGraph.Constant(name, TensorData.Derived(DataType.Float32, dims, sources, read, recipe));

    private delegate void ScaleLine(MatrixPart part, int row, Span<float> line);
}
