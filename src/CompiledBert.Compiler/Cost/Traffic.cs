using CompiledBert.Compiler.Targets;

namespace CompiledBert.Compiler.Cost;

/// <summary>Bytes that steps move, and the cycles those take that come from memory.</summary>
internal sealed class Traffic
{
    private readonly Core _core;
    private readonly Func<Symbol, long> _lengthOf;
    private readonly Dictionary<string, PlanBuffer> _buffers;
    private readonly bool _weightsInMemory;

    public Traffic(ModelPlan plan, Core core, Func<Symbol, long> lengthOf)
    {
        _core = core;
        _lengthOf = lengthOf;
        _buffers = plan.Buffers.ToDictionary(b => b.Id, StringComparer.Ordinal);
        _weightsInMemory = plan.Weights.Bytes > core.LastLevel;
    }

    /// <summary>Bytes of a step, and the cycles of those that no cache holds: weights where all of them do not fit, other buffers each by itself.</summary>
    public (long Bytes, double MemoryCycles) Of(Step step)
    {
        var (all, far) = (0L, 0L);
        foreach (var (id, bytes) in Used(step))
        {
            all += bytes;
            far += _buffers[id].Kind == BufferKind.Weights ? (_weightsInMemory ? bytes : 0) : bytes > _core.LastLevel ? bytes : 0;
        }

        return (all, far / _core.MemoryGigabytes * _core.Gigahertz);
    }

    private Dictionary<string, long> Used(Step step)
    {
        var used = new Dictionary<string, long>(StringComparer.Ordinal);
        switch (step)
        {
            case NestStep nest:
                Add(used, nest.Body, 1);
                break;
            case LinearStep linear:
                var rows = linear.Rows.Evaluate(_lengthOf);
                Whole(used, linear.Weights);
                if (linear.Bias is not null)
                {
                    Whole(used, linear.Bias);
                }

                Add(used, linear.X.Buffer, rows * linear.K);
                Add(used, linear.Y.Buffer, rows * linear.N);
                Add(used, linear.Tile, rows * linear.N);
                Add(used, linear.Row, 1);
                break;
            case AttentionStep attention:
                var (batch, queries, keys) = (attention.Batch.Evaluate(_lengthOf), attention.Queries.Evaluate(_lengthOf), attention.Keys.Evaluate(_lengthOf));
                Add(used, attention.Q.Buffer, batch * attention.Heads * queries * attention.HeadSize);
                Add(used, attention.K.Buffer, batch * attention.Heads / attention.HeadsPerKeyHead * keys * attention.HeadSize);
                Add(used, attention.V.Buffer, batch * attention.Heads / attention.HeadsPerKeyHead * keys * attention.ValueSize);
                Add(used, attention.Y.Buffer, batch * attention.Heads * queries * attention.ValueSize);
                Add(used, attention.Score.Concat(attention.Probability), batch * attention.Heads * queries * keys);
                break;
            case MatMulStep product:
                Whole(used, product.A.Buffer);
                Whole(used, product.B.Buffer);
                Whole(used, product.Y.Buffer);
                break;
            default:
                break;
        }

        return used;
    }

    private void Add(Dictionary<string, long> used, IEnumerable<Statement> statements, long times)
    {
        foreach (var statement in statements)
        {
            switch (statement)
            {
                case Loop loop:
                    Add(used, loop.Body, times * loop.Extent.Evaluate(_lengthOf));
                    break;
                case Load load:
                    Add(used, load.From.Buffer, times);
                    break;
                case Store store:
                    Add(used, store.To.Buffer, times);
                    break;
                default:
                    break;
            }
        }
    }

    private void Whole(Dictionary<string, long> used, string buffer) => Add(used, buffer, long.MaxValue);

    /// <summary>So many elements of a buffer, which is no more than it has; what is no buffer is a step's own scratch and stays in the cache.</summary>
    private void Add(Dictionary<string, long> used, string buffer, long elements)
    {
        if (_buffers.TryGetValue(buffer, out var place))
        {
            var most = place.Elements.Evaluate(_lengthOf);
            used[buffer] = Math.Min(most, Math.Min(elements, most) + (used.GetValueOrDefault(buffer) * 8 / place.Type.BitsOf())) * place.Type.BitsOf() / 8;
        }
    }
}
