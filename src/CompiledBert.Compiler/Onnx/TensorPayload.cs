namespace CompiledBert.Compiler.Onnx;

/// <summary>The field of TensorProto that holds a tensor's data; the values are the fields' numbers.</summary>
internal enum PayloadField
{
    FloatData = 4,
    Int32Data = 5,
    StringData = 6,
    Int64Data = 7,
    RawData = 9,
    DoubleData = 10,
    UInt64Data = 11,
}

/// <summary>A run of data in the file. A packed run is elements only; in the other form a tag comes before each element.</summary>
internal readonly record struct PayloadRun(int Start, int End, bool Packed);

/// <summary>Where the data of one tensor lies in the model file.</summary>
internal sealed class TensorPayload
{
    private readonly List<PayloadRun> _runs = [];

    /// <summary>The field that holds the data; a tensor has only one with data.</summary>
    public PayloadField Field { get; private set; }

    /// <summary>Elements of a typed field; of raw data its bytes.</summary>
    public long Count { get; private set; }

    /// <summary>Where the data lies, in order.</summary>
    public IReadOnlyList<PayloadRun> Runs => _runs;

    /// <summary>Adds elements; empty runs count for nothing.</summary>
    public void Add(PayloadField field, PayloadRun run, long count, int position)
    {
        if (run.Start == run.End)
        {
            return;
        }

        if (_runs.Count > 0 && (field != Field || field == PayloadField.RawData))
        {
            throw new WireException(
                field == Field ? "a tensor has raw data twice" : $"a tensor has data in two fields, {(int)Field} and {(int)field}", position);
        }

        Field = field;
        Count += count;
        if (_runs.Count > 0 && !run.Packed && !_runs[^1].Packed && _runs[^1].End == run.Start)
        {
            run = run with { Start = _runs[^1].Start };
            _runs.RemoveAt(_runs.Count - 1);
        }

        _runs.Add(run);
    }
}
