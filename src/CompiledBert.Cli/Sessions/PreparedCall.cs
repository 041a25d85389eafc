namespace CompiledBert.Cli.Sessions;

/// <summary>A call with all its arguments in place: <see cref="Invoke"/> can be repeated, measured, and allocates nothing.</summary>
internal sealed unsafe class PreparedCall
{
    private readonly CompiledModel _model;
    private readonly EntryPoint _entry;
    private readonly nint[] _data;
    private readonly int[] _counts;
    private readonly long[] _symbols;

    // Held so that what the pointers point to stays.
    private readonly HostTensor[] _tensors;
    private readonly int[] _lengths;

    public PreparedCall(
        CompiledModel model, EntryPoint entry, IReadOnlyList<HostTensor> inputs, IReadOnlyList<HostTensor> outputs,
        IReadOnlyList<int> lengths, IReadOnlyList<long> symbols)
    {
        _model = model;
        _entry = entry;
        _tensors = [.. inputs, .. outputs];
        _lengths = GC.AllocateArray<int>(Math.Max(1, lengths.Count), pinned: true);
        for (var i = 0; i < lengths.Count; i++)
        {
            _lengths[i] = lengths[i];
        }

        fixed (int* pinned = _lengths)
        {
            _data = [.. _tensors.Select(t => (nint)t.Pointer), (nint)pinned];
        }

        _counts = [.. _tensors.Select(t => t.Count), lengths.Count];
        _symbols = [.. symbols, 0];
        Inputs = inputs;
        Outputs = outputs;
    }

    public IReadOnlyList<HostTensor> Inputs { get; }

    /// <summary>What the last call computed.</summary>
    public IReadOnlyList<HostTensor> Outputs { get; }

    public void Invoke() => Invoke(CancellationToken.None);

    public void Invoke(CancellationToken cancellationToken)
    {
        fixed (nint* data = _data)
        fixed (int* counts = _counts)
        fixed (long* symbols = _symbols)
        {
            _entry.Invoke(_model, (void**)data, counts, symbols, cancellationToken);
        }
    }
}
