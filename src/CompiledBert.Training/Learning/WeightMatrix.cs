using CompiledBert.Compiler.Graph;

namespace CompiledBert.Training.Learning;

/// <summary>A matrix of weights, of which rows and columns are taken.</summary>
/// <param name="Data">Its elements, row by row.</param>
internal readonly record struct WeightMatrix(TensorData Data)
{
    public int Rows => (int)Data.Dims[0];

    public int Columns => (int)Data.Dims[1];

    /// <summary>Some rows and columns in the given order; null for all.</summary>
    public WeightMatrix Take(int[]? rows, int[]? columns)
    {
        rows ??= [.. Enumerable.Range(0, Rows)];
        columns ??= [.. Enumerable.Range(0, Columns)];
        var source = Data.As<float>();
        var taken = new float[rows.Length * columns.Length];
        for (var i = 0; i < rows.Length; i++)
        {
            for (var j = 0; j < columns.Length; j++)
            {
                taken[(i * columns.Length) + j] = source[(rows[i] * Columns) + columns[j]];
            }
        }

        return new WeightMatrix(TensorData.FromFloats([rows.Length, columns.Length], taken));
    }

    /// <summary>Ones on the diagonal.</summary>
    public static WeightMatrix Identity(int size)
    {
        var elements = new float[size * size];
        for (var i = 0; i < size; i++)
        {
            elements[(i * size) + i] = 1;
        }

        return new WeightMatrix(TensorData.FromFloats([size, size], elements));
    }

    /// <summary>Rows and columns exchanged.</summary>
    public WeightMatrix Transposed()
    {
        var source = Data.As<float>();
        var result = new float[source.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[(i % Columns * Rows) + (i / Columns)] = source[i];
        }

        return new WeightMatrix(TensorData.FromFloats([Columns, Rows], result));
    }

    /// <summary>This times another.</summary>
    public WeightMatrix Times(WeightMatrix other)
    {
        var a = Data.As<float>();
        var b = other.Data.As<float>();
        var result = new float[Rows * other.Columns];
        for (var i = 0; i < Rows; i++)
        {
            for (var k = 0; k < Columns; k++)
            {
                for (var j = 0; j < other.Columns; j++)
                {
                    result[(i * other.Columns) + j] += a[(i * Columns) + k] * b[(k * other.Columns) + j];
                }
            }
        }

        return new WeightMatrix(TensorData.FromFloats([Rows, other.Columns], result));
    }

    /// <summary>The Euclidean length of every column.</summary>
    public double[] ColumnLengths() => Lengths(Columns, byColumn: true);

    /// <summary>The Euclidean length of every row.</summary>
    public double[] RowLengths() => Lengths(Rows, byColumn: false);

    private double[] Lengths(int count, bool byColumn)
    {
        var squares = new double[count];
        var source = Data.As<float>();
        for (var i = 0; i < source.Length; i++)
        {
            squares[byColumn ? i % Columns : i / Columns] += (double)source[i] * source[i];
        }

        return [.. squares.Select(Math.Sqrt)];
    }
}
