using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;

namespace CompiledBert.Training.Learning;

/// <summary>
/// What a smaller model takes over from a larger one: some layers, of each some heads and inner units, some columns of the hidden state. Of what
/// there is too much the largest stays: a unit counts as much as the product of the lengths of the weights into it and out of it.
/// </summary>
public sealed class Inheritance
{
    private readonly IReadOnlyDictionary<string, TensorData> _from;
    private readonly BertShape _teacher;
    private readonly BertShape _shape;
    private readonly IReadOnlyList<int>? _uses;
    private readonly Dictionary<string, InheritedPart> _parts = new(StringComparer.Ordinal);
    private readonly List<int[]> _heads = [];

    private Inheritance(BertShape teacher, IReadOnlyDictionary<string, TensorData> from, BertShape shape, IReadOnlyList<int>? uses)
    {
        (_teacher, _from, _shape, _uses) = (teacher, from, shape, uses);
        Layers = [.. Enumerable.Range(1, shape.Layers.Count).Select(i => Math.Max(0, (i * teacher.Layers.Count / shape.Layers.Count) - 1))];
        Columns = Largest(ColumnImportance(), shape.Width);
        AddParts();
    }

    /// <summary>For each of the student's layers the teacher's that it comes from.</summary>
    public int[] Layers { get; }

    /// <summary>For each of the student's layers the teacher's heads that stay, rising.</summary>
    public IReadOnlyList<int[]> Heads => _heads;

    /// <summary>The columns of the teacher's hidden state that stay, rising.</summary>
    public int[] Columns { get; }

    /// <summary>
    /// The student's weights, and what they are of the teacher's. Nothing of the student may be larger than the teacher's. The table of words keeps
    /// its rows, also where the student will have fewer tokens: rows are left out when a model is written.
    /// </summary>
    /// <param name="teacher">The teacher's architecture.</param>
    /// <param name="from">The teacher's weights.</param>
    /// <param name="shape">The student's architecture.</param>
    /// <param name="uses">
    /// How often each row of the table of words is read, so that those that are lose least where it is factored; null where nobody knows.
    /// </param>
    public static (Dictionary<string, TensorData> Weights, Inheritance Origin) Of(
        BertShape teacher, IReadOnlyDictionary<string, TensorData> from, BertShape shape, IReadOnlyList<int>? uses = null)
    {
        var origin = new Inheritance(teacher, from, shape, uses);
        return (origin.Take(from), origin);
    }

    /// <summary>What a student would take over, without taking it.</summary>
    internal static Inheritance Planned(
        BertShape teacher, IReadOnlyDictionary<string, TensorData> from, BertShape shape, IReadOnlyList<int>? uses) =>
        new(teacher, from, shape, uses);

    /// <summary>The student's weights, taken in the same way of other weights than those that told what matters.</summary>
    /// <param name="from">Weights of the teacher's architecture.</param>
    public Dictionary<string, TensorData> Take(IReadOnlyDictionary<string, TensorData> from)
    {
        var made = _parts.ToDictionary(p => p.Key, p => p.Value.Of(from[p.Value.From]), StringComparer.Ordinal);
        if (_shape.IsFactored)
        {
            var factors = WordFactors.Of(Words(from), _shape.Embedding, _uses);
            (made[WeightNames.Words], made[WeightNames.Projection]) = (factors.Table, factors.Projection);
        }
        else
        {
            made[WeightNames.Words] = Words(from).Data;
        }

        return made;
    }

    /// <summary>For every weight of the student but the table of words, which part of which of the teacher's it is.</summary>
    internal IReadOnlyDictionary<string, InheritedPart> Parts => _parts;

    /// <summary>
    /// What brings the teacher's table of words to the rows that the student's table stands for, factored or not [columns of the table, width].
    /// </summary>
    internal TensorData WordsTo()
    {
        var to = _from.TryGetValue(WeightNames.Projection, out var projection) ? new WeightMatrix(projection) : WeightMatrix.Identity(_teacher.Width);
        to = to.Take(null, Columns);
        if (_shape.IsFactored)
        {
            var leading = new WeightMatrix(WordFactors.Of(Words(_from), _shape.Embedding, _uses).Projection);
            to = to.Times(leading.Transposed()).Times(leading);
        }

        return to.Data;
    }

    private WeightMatrix Words(IReadOnlyDictionary<string, TensorData> from)
    {
        var words = new WeightMatrix(from[WeightNames.Words]);
        return (from.TryGetValue(WeightNames.Projection, out var projection) ? words.Times(new WeightMatrix(projection)) : words).Take(null, Columns);
    }

    private void AddParts()
    {
        foreach (var name in new[] { WeightNames.Positions, WeightNames.Segments }.Where(_from.ContainsKey))
        {
            _parts.Add(name, new InheritedPart(name, null, Columns));
        }

        AddVectors(WeightNames.EmbeddingNorm, WeightNames.EmbeddingNorm);
        for (var i = 0; i < Layers.Length; i++)
        {
            AddLayer(WeightNames.Layer(Layers[i]), WeightNames.Layer(i), _teacher.Layers[Layers[i]], _shape.Layers[i]);
        }

        if (_from.ContainsKey(WeightNames.Pooler + ".weight"))
        {
            Add(WeightNames.Pooler, WeightNames.Pooler, Columns, Columns);
        }

        Add(WeightNames.Classifier, WeightNames.Classifier, Columns, null);
    }

    private void AddLayer(string from, string to, LayerShape teacher, LayerShape layer)
    {
        var values = Matrix(from + WeightNames.Value + ".weight").ColumnLengths();
        var outputs = Matrix(from + WeightNames.AttentionOutput + ".weight").RowLengths();
        var queries = Matrix(from + WeightNames.Query + ".weight").ColumnLengths();
        var keys = Matrix(from + WeightNames.Key + ".weight").ColumnLengths();
        var read = values.Zip(outputs, (a, b) => a * b).ToArray();
        var match = queries.Zip(keys, (a, b) => a * b).ToArray();
        var heads = Largest([.. read.Chunk(teacher.HeadSize).Select(h => h.Sum())], layer.Heads);
        _heads.Add(heads);
        int[] Within(double[] importance) =>
            [.. heads.SelectMany(h =>
                Largest(importance.AsSpan(h * teacher.HeadSize, teacher.HeadSize).ToArray(), layer.HeadSize).Select(d => (h * teacher.HeadSize) + d))];

        // Scores are divided by the root of the head's size, which may be another now.
        var (matched, passed) = (Within(match), Within(read));
        Add(from + WeightNames.Query, to + WeightNames.Query, Columns, matched, MathF.Sqrt((float)layer.HeadSize / teacher.HeadSize));
        Add(from + WeightNames.Key, to + WeightNames.Key, Columns, matched);
        Add(from + WeightNames.Value, to + WeightNames.Value, Columns, passed);
        Add(from + WeightNames.AttentionOutput, to + WeightNames.AttentionOutput, passed, Columns);
        AddVectors(from + WeightNames.AttentionNorm, to + WeightNames.AttentionNorm);

        var into = Matrix(from + WeightNames.Inner + ".weight").ColumnLengths();
        var outOf = Matrix(from + WeightNames.Output + ".weight").RowLengths();
        var units = Largest([.. into.Zip(outOf, (a, b) => a * b)], layer.Inner);
        Add(from + WeightNames.Inner, to + WeightNames.Inner, Columns, units);
        Add(from + WeightNames.Output, to + WeightNames.Output, units, Columns);
        AddVectors(from + WeightNames.OutputNorm, to + WeightNames.OutputNorm);
    }

    private void Add(string from, string to, int[]? rows, int[]? columns, float factor = 1)
    {
        _parts.Add(to + ".weight", new InheritedPart(from + ".weight", rows, columns, factor));
        _parts.Add(to + ".bias", new InheritedPart(from + ".bias", null, columns, factor));
    }

    private void AddVectors(string from, string to)
    {
        _parts.Add(to + ".weight", new InheritedPart(from + ".weight", null, Columns));
        _parts.Add(to + ".bias", new InheritedPart(from + ".bias", null, Columns));
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
}
