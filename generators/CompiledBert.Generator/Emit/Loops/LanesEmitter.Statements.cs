using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <content>A statement as vector code.</content>
internal sealed partial class LanesEmitter
{
    private void Body(IReadOnlyList<LaneStatement> statements, int copy, bool copied, bool partial)
    {
        for (var i = 0; i < statements.Count; i++)
        {
            var statement = statements[i];
            switch (statement.Form)
            {
                case LaneForm.Slots:
                    var run = statements.Skip(i).TakeWhile(s => s.Form == LaneForm.Slots).ToArray();
                    Run(run, partial);
                    i += run.Length - 1;
                    break;
                case LaneForm.Uniform when !_hoisted.Contains(statement):
                    _outer.Statement(statement.Statement);
                    break;
                case LaneForm.Vector:
                    Vector(statement, copy, copied, partial);
                    break;
            }
        }
    }

    private void Vector(LaneStatement statement, int copy, bool copied, bool partial)
    {
        var suffix = copied && copy > 0 ? LoopNames.Text(copy) : "";
        switch (statement.Statement)
        {
            case Let let:
                var from = LoopTypes.ArgumentType(let, _analysis.TypeOf);
                var arguments = let.Args.Select((a, i) => Value(a, LoopTypes.ArgumentType(let, i, from), suffix)).ToArray();
                var text = let.Op == "roundmul" && _analysis.RawBytes.Contains(let.Id)
                    ? VectorOps.RoundedProduct(arguments[0], arguments[1], _kernels)
                    : Unwrap(VectorOps.Text(let.Op, let.Type, from, arguments, _kernels)!);
                _writer.Line($"VF {LoopNames.Local(let.Id, suffix)} = {text};");
                break;
            case Load load:
                var address = Address(load.From, load.Type, copy);
                var read = (load.Type, partial) switch
                {
                    (DataType.Bool, false) => $"{VectorKernels.LoadMask(_kernels)}({address})",
                    (DataType.Bool, true) => $"{VectorKernels.LoadMaskPartial(_kernels)}({address}, {Rest})",
                    (DataType.Int8 or DataType.UInt8, false) => $"{ByteVectors.Widen(_kernels, load.Type)}({address})",
                    (DataType.Int8 or DataType.UInt8, true) => $"{ByteVectors.WidenPartial(_kernels, load.Type)}({address}, {Rest})",
                    (_, false) => $"V.Load({address})",
                    (_, true) => $"{VectorKernels.LoadPartial(_kernels)}({address}, {Rest})",
                };
                _writer.Line($"VF {LoopNames.Local(load.Id, suffix)} = {read};");
                break;
            case Store store:
                var stored = Literal.Is(store.Value) ? DataType.Float32 : _analysis.TypeOf(store.Value);
                var value = Value(store.Value, stored, suffix);
                var to = Address(store.To, stored, copy);
                if (VectorOps.IsByte(stored))
                {
                    var isRaw = _analysis.RawBytes.Contains(store.Value);
                    _writer.Line(partial
                        ? $"{ByteVectors.NarrowPartial(_kernels, stored, isRaw)}({to}, {value}, {Rest});"
                        : $"{ByteVectors.Narrow(_kernels, stored, isRaw)}({to}, {value});");
                    break;
                }

                _writer.Line(partial ? $"{VectorKernels.StorePartial(_kernels)}({to}, {value}, {Rest});" : $"V.Store({value}, {to});");
                break;
            case Accumulator accumulator:
                _inner[accumulator.Id] = accumulator;
                _writer.Line($"VF {LoopNames.Local(accumulator.Id)} = {Create(LoopTypes.Neutral(accumulator.Kind, accumulator.Type))};");
                break;
            case Accumulate accumulate:
                Accumulate(accumulate, copy, suffix, partial);
                break;
            case Loop loop:
                var variable = LoopNames.Local(loop.Variable);
                using (_writer.Block($"for (long {variable} = 0; {variable} < {loop.Extent}; {variable}++)"))
                {
                    _names.Bind(loop.Variable, DataType.Int64, variable);
                    Body(statement.Body, copy, copied, partial);
                }

                break;
        }
    }

    private void Accumulate(Accumulate accumulate, int copy, string suffix, bool partial)
    {
        var isInner = _inner.TryGetValue(accumulate.Accumulator, out var accumulator);
        accumulator ??= _outer.AccumulatorOf(accumulate);
        var sum = isInner ? LoopNames.Local(accumulator.Id) : Copy(accumulator.Id, copy);
        var value = Value(accumulate.Value, DataType.Float32, suffix);
        var next = VectorOps.Float(LoopTypes.Operation(accumulator.Kind), [sum, value], _kernels)!;
        _writer.Line($"{sum} = {(partial && !isInner ? $"V.ConditionalSelect({Inside}, {next}, {sum})" : Unwrap(next))};");
    }

    private string Value(string argument, DataType type, string suffix)
    {
        if (Literal.Is(argument))
        {
            return type == DataType.Bool ? (Literal.Text(argument, type) == "true" ? "VF.AllBitsSet" : "VF.Zero") : Create(Literal.Text(argument, type));
        }

        if (_analysis.TypeOf(argument) is var actual && actual != type)
        {
            throw new EmitException($"'{argument}' is {actual} where {type} is meant");
        }

        return _analysis.FormOf(argument) != LaneForm.Uniform ? LoopNames.Local(argument, suffix)
            : _broadcasts.TryGetValue(argument, out var local) ? local
            : Spread(argument);
    }

    private string Address(Access access, DataType type, int copy)
    {
        var lane = copy == 0 ? _lane : $"{_lane} + {LoopNames.Text(copy * Lanes)}";
        if (access.Terms.All(t => t.Variable == _variable || IsBefore(t.Variable)))
        {
            var before = _names.Address(access, without: _variable);
            var start = _names.Pointer(access.Buffer, type) + (before == "0" ? "" : $" + ({before})");
            if (_rows.TryGetValue(start, out var row))
            {
                if (_hasPointers && copy < InterleavedCopies)
                {
                    return $"{PointerOf(row, copy)} + {_lane}";
                }

                return $"{row} + {lane}";
            }
        }

        var address = _names.Address(access, without: _variable);
        return $"{_names.Pointer(access.Buffer, type)} + ({(address == "0" ? lane : $"{address} + {lane}")})";
    }
}
