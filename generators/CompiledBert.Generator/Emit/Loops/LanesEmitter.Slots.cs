using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <content>What has no vector form, lane by lane.</content>
internal sealed partial class LanesEmitter
{
    /// <summary>Writes neighbouring statements lane by lane.</summary>
    private void Run(LaneStatement[] run, bool partial)
    {
        var number = run[0].Run;
        var names = _names.Fork();
        var index = LoopNames.Local("l", LoopNames.Text(number));
        var read = new HashSet<string>(run.SelectMany(s => LanesAnalysis.Reads(s.Statement)), StringComparer.Ordinal);
        var declared = run.Select(s => LanesAnalysis.Declares(s.Statement)).OfType<string>().ToArray();
        foreach (var id in read.Where(id => _analysis.IsInner(id) && _analysis.FormOf(id) == LaneForm.Vector).OrderBy(id => id, StringComparer.Ordinal))
        {
            var spilled = LoopNames.Local(id, "l" + LoopNames.Text(number));
            _writer.Line($"VF {spilled} = {LoopNames.Local(id)};");
            names.Bind(id, _analysis.TypeOf(id), Read(id, spilled, index));
        }

        foreach (var id in declared.Where(_analysis.Escaping.Contains))
        {
            var type = _analysis.TypeOf(id);
            var vector = type is DataType.Float32 or DataType.Bool || VectorOps.IsByte(type) ? "VF" : VectorKernels.Slots(_kernels);
            _writer.Line($"Unsafe.SkipInit(out {vector} {LoopNames.Local(id)});");
        }

        foreach (var id in read.Where(_analysis.Escaping.Contains).Except(declared, StringComparer.Ordinal))
        {
            names.Bind(id, _analysis.TypeOf(id), Read(id, LoopNames.Local(id), index));
        }

        using (_writer.Block($"for (int {index} = 0; {index} < {(partial ? Rest : LoopNames.Text(Lanes))}; {index}++)"))
        {
            names.Bind(_variable, DataType.Int64, $"({_lane} + {index})");
            var emitter = new LoopEmitter(_writer, _kernels, names, _step, suffix: "s", insideLanes: true);
            foreach (var accumulator in read.Select(AccumulatorNamed).OfType<Accumulator>())
            {
                emitter.Know(accumulator);
            }

            foreach (var statement in run.Select(s => s.Statement))
            {
                Slot(statement, emitter, names, index);
            }
        }
    }

    private Accumulator? AccumulatorNamed(string id) =>
        _inner.TryGetValue(id, out var inner) ? inner : !_analysis.IsInner(id) && _outer.Knows(id) ? _outer.AccumulatorOf(new Accumulate(id, id)) : null;

    private void Slot(Statement statement, LoopEmitter emitter, LoopNames names, string index)
    {
        if (LanesAnalysis.Declares(statement) is not { } id || !_analysis.Escaping.Contains(id))
        {
            emitter.Statement(statement);
            return;
        }

        var type = _analysis.TypeOf(id);
        var lane = Lane(id, LoopNames.Local(id), index);
        if (statement is Accumulator accumulator)
        {
            _inner[id] = accumulator;
            names.Bind(id, type, lane);
            emitter.Know(accumulator);
            _writer.Line($"{lane} = {LoopTypes.Neutral(accumulator.Kind, type)};");
            return;
        }

        emitter.Statement(statement);
        var local = LoopNames.Local(id, "s");
        _writer.Line(type == DataType.Bool ? $"((int*)&{LoopNames.Local(id)})[{index}] = {local} ? -1 : 0;" : $"{lane} = {local};");
    }

    /// <summary>One lane of a value as a C# expression of its type.</summary>
    private string Read(string id, string local, string index) => _analysis.TypeOf(id) is var type && VectorOps.IsByte(type)
        ? $"({ElementTypes.Value(type)}){Lane(id, local, index)}"
        : Lane(id, local, index);

    /// <summary>One lane of a value as C# that can be assigned.</summary>
    private string Lane(string id, string local, string index) => _analysis.TypeOf(id) switch
    {
        DataType.Float32 or DataType.Int8 or DataType.UInt8 => $"((float*)&{local})[{index}]",
        DataType.Bool => $"(((int*)&{local})[{index}] != 0)",
        var type => $"(*({ElementTypes.Value(type)}*)({local}.Values + {index}))",
    };
}
