using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Inputs for one sequence, by what the graph does with them: ids choose rows of the largest table, positions of a smaller one, types
/// of one with a few rows, and masks of none.
/// </summary>
internal sealed class TokenTensors
{
    private const int MostTypes = 16;

    private readonly ModelGraph _graph;
    private readonly Dictionary<Value, long> _rowsOf;
    private readonly long _mostRows;
    private readonly Symbol? _tokens;

    public TokenTensors(ModelGraph graph)
    {
        _graph = graph;
        _rowsOf = graph.Inputs.ToDictionary(i => i, RowsChosenBy);
        _mostRows = _rowsOf.Values.DefaultIfEmpty(0).Max();
        _tokens = graph.Inputs.SelectMany(i => i.Shape.Skip(1)).Select(d => d.AsSymbol).FirstOrDefault(s => s is not null);
    }

    /// <summary>Rows of the table that ids choose from.</summary>
    public long Rows => _mostRows;

    /// <summary>Made-up ids, always the same.</summary>
    /// <param name="tokens">How many, where the model does not fix it.</param>
    public IReadOnlyDictionary<string, Tensor> MadeUp(int tokens) => Make(tokens, input =>
    {
        var (rows, random) = (_rowsOf[input], new Random(1));
        return _ => rows == 0 ? 1 : rows < MostTypes ? 0 : random.NextInt64(rows);
    });

    /// <summary>Given ids; a model of a fixed length sees zeros behind them, with a mask.</summary>
    public IReadOnlyDictionary<string, Tensor> Of(long[] ids) => Make(ids.Length, input =>
    {
        var rows = _rowsOf[input];
        var length = input.Shape.Rank == 0 ? 1 : (int)LengthOf(input.Shape[-1], ids.Length);
        return i => i % length is var t && rows == 0 ? (t < ids.Length ? 1 : 0) : rows < MostTypes ? 0 : rows < _mostRows ? t : t < ids.Length ? ids[t] : 0;
    });

    private Dictionary<string, Tensor> Make(int tokens, Func<Value, Func<int, long>> elementsOf) => _graph.Inputs.ToDictionary(
        input => input.Name,
        input =>
        {
            long[] dims = [.. input.Shape.Select(dim => LengthOf(dim, tokens))];
            var (values, element) = (new long[dims.Aggregate(1L, (product, dim) => product * dim)], elementsOf(input));
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = element(i);
            }

            return Tensor.Of(input.Type, dims, values);
        },
        StringComparer.Ordinal);

    private long LengthOf(Dim dim, int tokens) => dim.Evaluate(symbol => symbol == _tokens ? tokens : 1);

    private long RowsChosenBy(Value input) => _graph.Nodes
        .Where(n => n.Operator is Gather { Axis: 0 } && n.In(0).IsConstant && ReferenceEquals(Source(n.In(1)), input))
        .Select(n => n.In(0).Shape[0].Value)
        .DefaultIfEmpty(0)
        .Min();

    private static Value Source(Value indices)
    {
        while (indices.Producer?.Operator is Cast or Reshape or Unary { Kind: UnaryKind.Identity })
        {
            indices = indices.Producer.In(0);
        }

        return indices;
    }
}
