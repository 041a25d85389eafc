using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>
/// What a smaller model takes over from a larger one: some layers, of each some heads and inner units, some columns of the hidden state. Of what there is too much
/// the largest stays: a unit counts as much as the product of the lengths of the weights into it and out of it.
/// </summary>
public sealed class Inheritance
{
    // What a row counts that no text reads.
    private const float Unread = 0.1f;

    private readonly IReadOnlyDictionary<string, TensorData> _from;
    private readonly BertShape _teacher;
    private readonly BertShape _shape;
    private readonly IReadOnlyList<int>? _uses;

    private Inheritance(BertShape teacher, IReadOnlyDictionary<string, TensorData> from, BertShape shape, IReadOnlyList<int>? uses)
    {
        (_teacher, _from, _shape, _uses) = (teacher, from, shape, uses);
        Layers = [.. Enumerable.Range(1, shape.Layers.Count).Select(i => Math.Max(0, (i * teacher.Layers.Count / shape.Layers.Count) - 1))];
        Columns = Largest(ColumnImportance(), shape.Width);
    }

    /// <summary>For each of the student's layers the teacher's that it comes from.</summary>
    public int[] Layers { get; }

    /// <summary>The columns of the teacher's hidden state that stay, rising.</summary>
    public int[] Columns { get; }

    /// <summary>The student's weights, and what they are of the teacher's. Nothing of the student may be larger than the teacher's, and both have the same vocabulary.</summary>
    /// <param name="teacher">The teacher's architecture.</param>
    /// <param name="from">The teacher's weights.</param>
    /// <param name="shape">The student's architecture.</param>
    /// <param name="uses">How often each row of the table of words is read, so that those that are lose least where it is factored; null where nobody knows.</param>
    public static (Dictionary<string, TensorData> Weights, Inheritance Origin) Of(
        BertShape teacher, IReadOnlyDictionary<string, TensorData> from, BertShape shape, IReadOnlyList<int>? uses = null)
    {
        var origin = new Inheritance(teacher, from, shape, uses);
        return (origin.Make(), origin);
    }

    private Dictionary<string, TensorData> Make()
    {
        var made = new Dictionary<string, TensorData>(StringComparer.Ordinal);
        foreach (var name in new[] { WeightNames.Positions, WeightNames.Segments }.Where(_from.ContainsKey))
        {
            made[name] = Matrix(name).Take(null, Columns).Data;
        }

        var words = _from.ContainsKey(WeightNames.Projection) ? Matrix(WeightNames.Words).Times(Matrix(WeightNames.Projection)) : Matrix(WeightNames.Words);
        words = words.Take(null, Columns);
        if (_shape.IsFactored)
        {
            var (table, projection) = Factored(words, _shape.Embedding, _uses);
            (made[WeightNames.Words], made[WeightNames.Projection]) = (table, projection);
        }
        else
        {
            made[WeightNames.Words] = words.Data;
        }

        TakeVectors(made, WeightNames.EmbeddingNorm, WeightNames.EmbeddingNorm, Columns);
        for (var i = 0; i < Layers.Length; i++)
        {
            TakeLayer(made, WeightNames.Layer(Layers[i]), WeightNames.Layer(i), _teacher.Layers[Layers[i]], _shape.Layers[i]);
        }

        if (_from.ContainsKey(WeightNames.Pooler + ".weight"))
        {
            Take(made, WeightNames.Pooler, WeightNames.Pooler, Columns, Columns);
        }

        Take(made, WeightNames.Classifier, WeightNames.Classifier, Columns, null);
        return made;
    }

    private void TakeLayer(Dictionary<string, TensorData> made, string from, string to, LayerShape teacher, LayerShape layer)
    {
        var values = Matrix(from + WeightNames.Value + ".weight").ColumnLengths();
        var outputs = Matrix(from + WeightNames.AttentionOutput + ".weight").RowLengths();
        var queries = Matrix(from + WeightNames.Query + ".weight").ColumnLengths();
        var keys = Matrix(from + WeightNames.Key + ".weight").ColumnLengths();
        var read = values.Zip(outputs, (a, b) => a * b).ToArray();
        var match = queries.Zip(keys, (a, b) => a * b).ToArray();
        var heads = Largest([.. read.Chunk(teacher.HeadSize).Select(h => h.Sum())], layer.Heads);
        int[] Within(double[] importance) =>
            [.. heads.SelectMany(h => Largest(importance.AsSpan(h * teacher.HeadSize, teacher.HeadSize).ToArray(), layer.HeadSize).Select(d => (h * teacher.HeadSize) + d))];

        var (matched, passed) = (Within(match), Within(read));
        Take(made, from + WeightNames.Query, to + WeightNames.Query, Columns, matched);
        Take(made, from + WeightNames.Key, to + WeightNames.Key, Columns, matched);
        Take(made, from + WeightNames.Value, to + WeightNames.Value, Columns, passed);
        Take(made, from + WeightNames.AttentionOutput, to + WeightNames.AttentionOutput, passed, Columns);
        TakeVectors(made, from + WeightNames.AttentionNorm, to + WeightNames.AttentionNorm, Columns);

        // Scores are divided by the root of the head's size, which may be another now.
        if (layer.HeadSize != teacher.HeadSize)
        {
            foreach (var part in new[] { ".weight", ".bias" })
            {
                var name = to + WeightNames.Query + part;
                var factor = MathF.Sqrt((float)layer.HeadSize / teacher.HeadSize);
                made[name] = TensorData.FromFloats([.. made[name].Dims], [.. made[name].ToFloats().Select(w => w * factor)]);
            }
        }

        var into = Matrix(from + WeightNames.Inner + ".weight").ColumnLengths();
        var outOf = Matrix(from + WeightNames.Output + ".weight").RowLengths();
        var units = Largest([.. into.Zip(outOf, (a, b) => a * b)], layer.Inner);
        Take(made, from + WeightNames.Inner, to + WeightNames.Inner, Columns, units);
        Take(made, from + WeightNames.Output, to + WeightNames.Output, units, Columns);
        TakeVectors(made, from + WeightNames.OutputNorm, to + WeightNames.OutputNorm, Columns);
    }

    private void Take(Dictionary<string, TensorData> made, string from, string to, int[]? rows, int[]? columns)
    {
        made[to + ".weight"] = Matrix(from + ".weight").Take(rows, columns).Data;
        made[to + ".bias"] = Picked(from + ".bias", columns);
    }

    private void TakeVectors(Dictionary<string, TensorData> made, string from, string to, int[] columns)
    {
        made[to + ".weight"] = Picked(from + ".weight", columns);
        made[to + ".bias"] = Picked(from + ".bias", columns);
    }

    private TensorData Picked(string name, int[]? columns)
    {
        var values = _from[name].ToFloats();
        return TensorData.FromFloats([columns?.Length ?? values.Length], columns is null ? values : [.. columns.Select(c => values[c])]);
    }

    private WeightMatrix Matrix(string name) => new(_from[name]);

    /// <summary>How much a column of the hidden state carries: what the norms let through of it, and how much of it is read.</summary>
    private double[] ColumnImportance()
    {
        var sum = new double[_teacher.Width];
        for (var layer = 0; layer < _teacher.Layers.Count; layer++)
        {
            var name = WeightNames.Layer(layer);
            var scale = _from[name + WeightNames.AttentionNorm + ".weight"].ToFloats();
            var read = Matrix(name + WeightNames.Inner + ".weight").RowLengths();
            for (var j = 0; j < sum.Length; j++)
            {
                sum[j] += Math.Abs(scale[j]) * read[j];
            }
        }

        return sum;
    }

    private static int[] Largest(double[] importance, int count) => count <= importance.Length
        ? [.. Enumerable.Range(0, importance.Length).OrderByDescending(i => importance[i]).ThenBy(i => i).Take(count).Order()]
        : throw new ArgumentException($"{count} of {importance.Length} cannot be taken over.", nameof(count));

    /// <summary>
    /// The two factors of a table with the least squared error, each row's as often as it is read and a little more: its rows in the leading eigenvectors of its columns'
    /// products.
    /// </summary>
    private static (TensorData Table, TensorData Projection) Factored(WeightMatrix table, int width, IReadOnlyList<int>? uses)
    {
        using var scope = NewDisposeScope();
        var rows = tensor(table.Data.ToFloats(), [table.Rows, table.Columns]);
        var counted = uses is null ? rows : rows * tensor(uses.Select(u => MathF.Sqrt(u + Unread)).ToArray(), [table.Rows, 1]);
        var (_, vectors) = linalg.eigh(counted.t().matmul(counted).to_type(ScalarType.Float64));
        var leading = vectors.slice(1, table.Columns - width, table.Columns, 1).to_type(ScalarType.Float32).contiguous();
        return (
            TensorData.FromFloats([table.Rows, width], rows.matmul(leading).contiguous().data<float>().ToArray()),
            TensorData.FromFloats([width, table.Columns], leading.t().contiguous().data<float>().ToArray()));
    }
}
