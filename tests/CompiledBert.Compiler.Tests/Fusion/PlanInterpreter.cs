using System.Globalization;
using System.Runtime.InteropServices;
using CompiledBert.Tests;

namespace CompiledBert.Compiler.Tests.Fusion;

/// <summary>Runs a plan statement by statement in plain scalar code: what the emitted code must agree with, and what fusion is tested by.</summary>
internal sealed class PlanInterpreter
{
    private readonly ModelPlan _plan;
    private readonly byte[] _weights;
    private readonly Func<Symbol, long> _lengthOf;
    private readonly Dictionary<string, Array> _memory = new(StringComparer.Ordinal);

    private PlanInterpreter(ModelPlan plan, byte[] weights, IReadOnlyDictionary<string, long> lengths)
    {
        _plan = plan;
        _weights = weights;
        _lengthOf = symbol => lengths[symbol.Name];
    }

    /// <summary>The outputs for given inputs (float[], long[], int[], byte[] for bool), in the plan's order.</summary>
    public static Array[] Run(ModelPlan plan, byte[] weights, IReadOnlyDictionary<string, long> lengths, IReadOnlyList<Array> inputs)
    {
        var interpreter = new PlanInterpreter(plan, weights, lengths);
        return interpreter.Run(inputs);
    }

    private Array[] Run(IReadOnlyList<Array> inputs)
    {
        foreach (var slot in _plan.Buffers.Where(b => b.Kind == BufferKind.Arena).GroupBy(b => b.Place))
        {
            // Buffers of one slot share memory: a plan that lets two live at once gives wrong results here.
            var bytes = new byte[slot.Max(b => Length(b.Elements) * b.Type.BitsOf() / 8) + 8];
            Random.Shared.NextBytes(bytes);
            foreach (var buffer in slot)
            {
                _memory[buffer.Id] = bytes;
            }
        }

        foreach (var buffer in _plan.Buffers)
        {
            _memory[buffer.Id] = buffer.Kind switch
            {
                BufferKind.Input => inputs[(int)buffer.Place],
                BufferKind.Output => ArrayOf(buffer.Type, Length(buffer.Elements)),
                BufferKind.Weights => WeightsOf(buffer),
                _ => _memory[buffer.Id],
            };
        }

        foreach (var step in _plan.Steps)
        {
            Run(step);
        }

        return [.. _plan.Buffers.Where(b => b.Kind == BufferKind.Output).OrderBy(b => b.Place).Select(b => _memory[b.Id])];
    }

    private void Run(Step step)
    {
        switch (step)
        {
            case NestStep nest:
                AddScratch(nest.Scratch);
                Run(nest.Body, new Dictionary<string, object>(StringComparer.Ordinal));
                break;
            case LinearStep linear:
                RunLinear(linear);
                break;
            case AttentionStep attention:
                RunAttention(attention);
                break;
            case MatMulStep product:
                RunMatMul(product);
                break;
            default:
                throw new InvalidOperationException(step.GetType().Name);
        }
    }

    private void AddScratch(IReadOnlyList<Scratch> scratch)
    {
        foreach (var row in scratch)
        {
            _memory[row.Id] = ArrayOf(row.Type, Length(row.Elements));
        }
    }

    private void RunLinear(LinearStep step)
    {
        var rows = Length(step.Rows);
        for (long m = 0; m < rows; m++)
        {
            for (long n = 0; n < step.N; n++)
            {
                double sum = step.Bias is null ? 0 : Float(step.Bias, n);
                for (long k = 0; step.IsInteger && k < step.K; k++)
                {
                    var shift = step.Shift is null ? 0 : (int)Read(step.Shift, 0, DataType.Int32);
                    sum += ((long)Read(step.X.Buffer, Length(step.X.Offset) + (m * Length(step.X.RowStride)) + k, DataType.Int8) + shift)
                        * (long)Read(step.Weights, (n / 16 * ((step.K + 3) / 4) * 64) + (k / 4 * 64) + (n % 16 * 4) + (k % 4), DataType.Int8);
                }

                for (long k = 0; !step.IsInteger && k < step.K; k++)
                {
                    sum += (double)Float(step.X.Buffer, Length(step.X.Offset) + (m * Length(step.X.RowStride)) + k)
                        * Float(step.Weights, (n / 16 * step.K * 16) + (k * 16) + (n % 16));
                }

                if (step.Scales is { } scales)
                {
                    sum = (float)((float)((float)sum * Float(scales.Rows, m)) * (double)Float(scales.Columns, n)
                        + (scales.Bias is null ? 0 : Float(scales.Bias, n)));
                }

                var known = new Dictionary<string, object>(StringComparer.Ordinal) { ["m"] = m, ["n"] = n, ["acc"] = (float)sum };
                Run(step.Tile, known);
                SetFloat(step.Y.Buffer, Length(step.Y.Offset) + (m * Length(step.Y.RowStride)) + n, (float)Value(step.TileResult, known, DataType.Float32));
            }
        }

        AddScratch(step.RowScratch);
        Run(step.Row, new Dictionary<string, object>(StringComparer.Ordinal));
    }

    private void RunAttention(AttentionStep step)
    {
        var (queries, keys) = (Length(step.Queries), Length(step.Keys));
        for (long b = 0; b < Length(step.Batch); b++)
        {
            for (long h = 0; h < step.Heads; h++)
            {
                for (long q = 0; q < queries; q++)
                {
                    if (step.IsInteger && keys <= AttentionStep.MostIntegerKeys)
                    {
                        RunIntegerAttention(step, b, h, q, keys);
                        continue;
                    }

                    var scores = new float[keys];
                    for (long k = 0; k < keys; k++)
                    {
                        double sum = 0;
                        for (long i = 0; i < step.HeadSize; i++)
                        {
                            sum += (double)Head(step.Q, b, h, q, i) * Head(step.K, b, h / step.HeadsPerKeyHead, k, i);
                        }

                        scores[k] = Score(step.Score, step.ScoreResult, "s", (float)sum, b, h, q, k);
                    }

                    var max = scores.Max();
                    var e = scores.Select(s => MathF.Exp(s - max)).ToArray();
                    var total = e.Sum();
                    var p = e.Select((x, k) => Score(
                        step.Probability, step.ProbabilityResult, "p", step.IsSafe && float.IsNaN(x / total) ? 0 : x / total, b, h, q, k)).ToArray();
                    for (long i = 0; i < step.ValueSize; i++)
                    {
                        double sum = 0;
                        for (long k = 0; k < keys; k++)
                        {
                            sum += (double)p[k] * Head(step.V, b, h / step.HeadsPerKeyHead, k, i);
                        }

                        SetFloat(step.Y.Buffer, HeadAddress(step.Y, b, h, q, i), (float)sum);
                    }
                }
            }
        }
    }

    private void RunIntegerAttention(AttentionStep step, long b, long h, long q, long keys)
    {
        float[] Vector(HeadOperand o, long head, long t, long size) => [.. Enumerable.Range(0, (int)size).Select(i => Head(o, b, head, t, i))];
        float[][] Vectors(HeadOperand o, long size) => [.. Enumerable.Range(0, (int)keys).Select(k => Vector(o, h / step.HeadsPerKeyHead, k, size))];
        var result = IntegerAttentionReference.Of(
            q,
            Vector(step.Q, h, q, step.HeadSize),
            Vectors(step.K, step.HeadSize),
            Vectors(step.V, step.ValueSize),
            (sum, queryScale, keyScale, k) =>
                IntegerAttentionReference.Power(Score(step.Score, step.ScoreResult, "s", sum * keyScale * queryScale, b, h, q, k)));
        for (var i = 0; i < result.Length; i++)
        {
            SetFloat(step.Y.Buffer, HeadAddress(step.Y, b, h, q, i), step.IsSafe && double.IsNaN(result[i]) ? 0 : (float)result[i]);
        }
    }

    private float Score(IReadOnlyList<Statement> program, string result, string name, float value, long b, long h, long q, long k)
    {
        var known = new Dictionary<string, object>(StringComparer.Ordinal) { ["b"] = b, ["h"] = h, ["q"] = q, ["k"] = k, [name] = value };
        Run(program, known);
        return (float)Value(result, known, DataType.Float32);
    }

    private float Head(HeadOperand o, long b, long h, long t, long i) => Float(o.Buffer, HeadAddress(o, b, h, t, i));

    private long HeadAddress(HeadOperand o, long b, long h, long t, long i) =>
        Length(o.Offset) + (b * Length(o.BatchStride)) + (h * Length(o.HeadStride)) + (t * Length(o.TokenStride)) + i;

    private void RunMatMul(MatMulStep step)
    {
        var extents = step.BatchExtents.Select(Length).ToArray();
        var batches = extents.Aggregate(1L, (a, b) => a * b);
        for (long batch = 0; batch < batches; batch++)
        {
            long Base(MatrixOperand o)
            {
                var (rest, at) = (batch, Length(o.Offset));
                for (var i = extents.Length - 1; i >= 0; i--)
                {
                    at += rest % extents[i] * Length(o.BatchStrides[i]);
                    rest /= extents[i];
                }

                return at;
            }

            for (long m = 0; m < Length(step.M); m++)
            {
                for (long n = 0; n < Length(step.N); n++)
                {
                    double sum = 0;
                    for (long k = 0; k < Length(step.K); k++)
                    {
                        sum += (double)Float(step.A.Buffer, Base(step.A) + (m * Length(step.A.RowStride)) + (k * Length(step.A.ColumnStride)))
                            * Float(step.B.Buffer, Base(step.B) + (step.IsPacked
                                ? (n / 16 * Length(step.K) * 16) + (k * 16) + (n % 16)
                                : (k * Length(step.B.RowStride)) + (n * Length(step.B.ColumnStride))));
                    }

                    SetFloat(step.Y.Buffer, Base(step.Y) + (m * Length(step.Y.RowStride)) + (n * Length(step.Y.ColumnStride)), (float)sum);
                }
            }
        }
    }

    private void Run(IReadOnlyList<Statement> body, Dictionary<string, object> known)
    {
        foreach (var statement in body)
        {
            switch (statement)
            {
                case Loop loop:
                    var extent = Length(loop.Extent);
                    for (long i = 0; i < extent; i++)
                    {
                        known[loop.Variable] = i;
                        Run(loop.Body, known);
                    }

                    break;
                case Load load:
                    known[load.Id] = Read(load.From.Buffer, Address(load.From, known), load.Type);
                    break;
                case Store store:
                    Write(store.To.Buffer, Address(store.To, known), known, store.Value);
                    break;
                case Let let:
                    known[let.Id] = ScalarOperations.Apply(let, (text, type) => Value(text, known, type), known.GetValueOrDefault, _lengthOf);
                    break;
                case Accumulator accumulator:
                    known[accumulator.Id] = ScalarOperations.Neutral(accumulator);
                    known["kind " + accumulator.Id] = accumulator;
                    break;
                case Accumulate feed:
                    var kind = (Accumulator)known["kind " + feed.Accumulator];
                    known[feed.Accumulator] = ScalarOperations.Combine(kind, known[feed.Accumulator], Value(feed.Value, known, kind.Type));
                    break;
                default:
                    throw new InvalidOperationException(statement.GetType().Name);
            }
        }
    }

    private long Address(Access access, Dictionary<string, object> known) =>
        Length(access.Offset) + access.Terms.Sum(t => System.Convert.ToInt64(known[t.Variable], CultureInfo.InvariantCulture) * Length(t.Stride));

    private static object Value(string text, Dictionary<string, object> known, DataType type) =>
        known.TryGetValue(text, out var value) ? value : ScalarOperations.Literal(text, type);

    private long Length(Dim dim) => dim.Evaluate(_lengthOf);

    private static Array ArrayOf(DataType type, long length) => type switch
    {
        DataType.Float32 => new float[length],
        DataType.Int64 => new long[length],
        DataType.Int32 => new int[length],
        DataType.Float16 or DataType.BFloat16 or DataType.Float64 => throw new InvalidOperationException(type.ToString()),
        _ => new byte[length * type.BitsOf() / 8],
    };

    private Array WeightsOf(PlanBuffer buffer)
    {
        var bytes = _weights.AsSpan((int)buffer.Place, (int)(buffer.Elements.Value * buffer.Type.BitsOf() / 8));
        var array = ArrayOf(buffer.Type, buffer.Elements.Value);
        Buffer.BlockCopy(bytes.ToArray(), 0, array, 0, bytes.Length);
        return array;
    }

    private float Float(string buffer, long index) => (float)Read(buffer, index, DataType.Float32);

    private void SetFloat(string buffer, long index, float value) => Write(buffer, index, new Dictionary<string, object> { ["x"] = value }, "x");

    private object Read(string buffer, long index, DataType type) => _memory[buffer] switch
    {
        float[] a => a[index],
        long[] a => a[index],
        int[] a => a[index],
        byte[] a when type == DataType.Float32 => MemoryMarshal.Cast<byte, float>(a)[(int)index],
        byte[] a when type == DataType.Int64 => MemoryMarshal.Cast<byte, long>(a)[(int)index],
        byte[] a when type == DataType.Int32 => MemoryMarshal.Cast<byte, int>(a)[(int)index],
        byte[] a when type == DataType.Bool => a[index] != 0,
        byte[] a => Narrow(a, index, type),
        _ => throw new InvalidOperationException(buffer),
    };

    /// <summary>Other integers are 64 bits wide in loop programs; their bits count, not their sign.</summary>
    private static long Narrow(byte[] memory, long index, DataType type) => type switch
    {
        DataType.UInt8 => (long)memory[index],
        DataType.Int8 => (long)(sbyte)memory[index],
        DataType.Int16 => (long)MemoryMarshal.Cast<byte, short>(memory)[(int)index],
        DataType.UInt16 => (long)MemoryMarshal.Cast<byte, ushort>(memory)[(int)index],
        DataType.UInt32 => (long)MemoryMarshal.Cast<byte, uint>(memory)[(int)index],
        DataType.UInt64 => (long)MemoryMarshal.Cast<byte, ulong>(memory)[(int)index],
        _ => throw new InvalidOperationException(type.ToString()),
    };

    private void Write(string buffer, long index, Dictionary<string, object> known, string value)
    {
        var type = _plan.Buffers.FirstOrDefault(b => b.Id == buffer)?.Type ?? DataType.Float32;
        var stored = Value(value, known, type);
        switch (_memory[buffer])
        {
            case float[] a:
                a[index] = (float)stored;
                break;
            case long[] a:
                a[index] = (long)stored;
                break;
            case int[] a:
                a[index] = (int)stored;
                break;
            case byte[] a when stored is float f:
                MemoryMarshal.Cast<byte, float>(a.AsSpan())[(int)index] = f;
                break;
            case byte[] a when stored is int i:
                MemoryMarshal.Cast<byte, int>(a.AsSpan())[(int)index] = i;
                break;
            case byte[] a when stored is bool flag:
                a[index] = (byte)(flag ? 1 : 0);
                break;
            case byte[] a:
                var size = (int)type.BitsOf() / 8;
                BitConverter.GetBytes((long)stored).AsSpan(0, size).CopyTo(a.AsSpan(checked((int)index * size)));
                break;
            default:
                throw new InvalidOperationException(buffer);
        }
    }
}
