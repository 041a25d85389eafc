using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>Rows that are kept: filled once, then read.</summary>
internal sealed partial class NestBuilder
{
    private readonly HashSet<string> _filled = new(StringComparer.Ordinal);
    private readonly HashSet<string> _filling = new(StringComparer.Ordinal);

    private Operand ReadCached(Value value, IReadOnlyList<Affine> index, RowCache cache, string key)
    {
        var row = index.Take(index.Count - 1).ToList();
        var lane = index[^1];
        var rowKey = KeyOf(value, row);
        if (_writer.DepthOf(row) > 0 || (cache.ScratchId is not null && _filled.Count > 0 && OtherRowFilled(value, rowKey)))
        {
            throw new MaterializeException(value);
        }

        if (!_filled.Contains(rowKey))
        {
            if (_filling.Contains(rowKey))
            {
                // A loop that fills the row reads it at another place than its own lane.
                _caches.FilledApart.Add(value);
                throw new RewriteException();
            }

            var scope = _writer.Innermost;
            if (!_caches.FilledApart.Contains(value) && _writer.Depth == 1 && scope.Kind == LoopKind.Lanes && scope.Extent == value.Shape[-1]
                && lane.Offset.Is(0) && lane.Terms.Count == 1 && lane.StrideOf(scope.Variable!).Is(1))
            {
                _filling.Add(rowKey);
                var computed = _writer.Remember(key, Compute(value, index));
                StoreRow(value, row, cache, lane, computed);
                _pending.Add((scope, rowKey));
                return computed;
            }

            FillApart(value, row, cache, rowKey);
        }

        var (buffer, address) = RowAddress(row, cache, lane);
        return _writer.Remember(key, LoadElement(value, buffer, address));
    }

    private readonly List<(LoopScope Scope, string RowKey)> _pending = [];
    private readonly Dictionary<Value, string> _rowOf = [];

    /// <summary>Closes a loop of lanes: the rows it filled are complete.</summary>
    private void Complete(LoopScope scope)
    {
        foreach (var (_, rowKey) in _pending.Where(p => ReferenceEquals(p.Scope, scope)))
        {
            _filled.Add(rowKey);
            _filling.Remove(rowKey);
        }

        _pending.RemoveAll(p => ReferenceEquals(p.Scope, scope));
    }

    private void FillApart(Value value, List<Affine> row, RowCache cache, string rowKey)
    {
        _writer.AtDepth(0, () =>
        {
            var lane = Affine.Variable(_writer.Open(_writer.NewVariable("c"), value.Shape[-1], LoopKind.Lanes));
            StoreRow(value, row, cache, lane, Compute(value, [.. row, lane]));
            CloseLoop();
            return 0;
        });
        _filled.Add(rowKey);
    }

    private void StoreRow(Value value, List<Affine> row, RowCache cache, Affine lane, Operand computed)
    {
        _rowOf[value] = KeyOf(value, row);
        var (buffer, address) = RowAddress(row, cache, lane);
        StoreElement(value, buffer, address, computed);
    }

    private void CloseLoop()
    {
        var scope = _writer.Innermost;
        _writer.Close();
        Complete(scope);
    }

    private bool OtherRowFilled(Value value, string rowKey) => _rowOf.TryGetValue(value, out var filled) && filled != rowKey;

    private static (string Buffer, Affine Address) RowAddress(List<Affine> row, RowCache cache, Affine lane)
    {
        if (cache.ScratchId is { } scratch)
        {
            return (scratch, lane);
        }

        var address = Affine.Of(cache.Place!.Offset) + (lane * cache.Place.Strides[^1]);
        for (var axis = 0; axis < row.Count; axis++)
        {
            address += row[axis] * cache.Place.Strides[axis];
        }

        return (cache.Place.Buffer, address);
    }
}

/// <summary>The nest must be written again with what was learned.</summary>
internal sealed class RewriteException : Exception;
