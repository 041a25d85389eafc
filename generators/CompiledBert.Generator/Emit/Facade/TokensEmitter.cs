using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit.Facade;

/// <summary>Writes how a head runs the model: ids and types of texts, one after the other, become its inputs.</summary>
internal sealed class TokensEmitter
{
    private readonly CodeWriter _writer;
    private readonly ModelPlan _plan;
    private readonly PlanHead _head;
    private readonly (int Index, string Name, string Type)[] _inputs;

    private TokensEmitter(CodeWriter writer, ModelPlan plan, PlanHead head)
    {
        (_writer, _plan, _head) = (writer, plan, head);
        _inputs = [.. plan.Inputs.Select((input, i) => (i, "input" + LoopNames.Text(i), ElementTypes.Value(input.Type)))];
    }

    private bool IsPadded => _head.PaddedTo > 0;

    /// <summary>The output's spans: a second one where a head takes two.</summary>
    private string[] Outputs => _head.Kind == HeadKind.Answer ? ["output", "second"] : ["output"];

    private string Width => LoopNames.Text(_head.Width);

    /// <summary>Elements of an output of a whole sequence that was filled up.</summary>
    private string AllElements => LoopNames.Text((long)_head.PaddedTo * _head.Width);

    /// <summary>The outputs' parts that are the sequence's at hand.</summary>
    private string Parts => string.Join(", ", Outputs.Select(o => $"{o}.Slice(outputAt, elements)"));

    /// <summary>Writes <c>RunTokens</c>.</summary>
    public static void Emit(CodeWriter writer, ModelPlan plan, PlanHead head) => new TokensEmitter(writer, plan, head).Write();

    private void Write()
    {
        _writer.Line();
        using (_writer.Block(
            "void ITokenModel.RunTokens(ReadOnlySpan<int> lengths, ReadOnlySpan<int> ids, ReadOnlySpan<int> typeIds, "
                + "Span<float> output, Span<float> second, CancellationToken cancellationToken)"))
        {
            var arrays = _inputs.Select(i => (i.Name, i.Type, Elements: IsPadded ? LoopNames.Text(_head.PaddedTo) : "ids.Length")).ToList();
            if (IsPadded && _head.IsPerToken)
            {
                arrays.AddRange(Outputs.Select(o => (o + "All", "float", AllElements)));
            }

            foreach (var (name, type, elements) in arrays)
            {
                _writer.Line($"{type}[] {name} = ArrayPool<{type}>.Shared.Rent({elements});");
            }

            using (_writer.Block("try"))
            {
                if (IsPadded)
                {
                    WritePadded();
                }
                else
                {
                    WriteAnyLength();
                }
            }

            using (_writer.Block("finally"))
            {
                foreach (var (name, type, _) in arrays)
                {
                    _writer.Line($"ArrayPool<{type}>.Shared.Return({name});");
                }
            }
        }
    }

    private void WriteAnyLength()
    {
        using (_writer.Block("for (int i = 0; i < ids.Length; i++)"))
        {
            foreach (var (index, name, type) in _inputs)
            {
                _writer.Line($"{name}[i] = {Element(index, type, "i")};");
            }
        }

        if (_plan.IsRagged && _plan.Symbols.Count > 0)
        {
            _writer.Line($"RunBatch(lengths, {Spans("0, ids.Length")}{string.Join(", ", Outputs)}, cancellationToken);");
            return;
        }

        WriteSequences(() => _writer.Line($"Run({Spans("at, length")}{Parts}, cancellationToken);"));
    }

    // The graph takes sequences of one length: shorter ones are filled up, and what is behind them is masked.
    private void WritePadded()
    {
        var all = LoopNames.Text(_head.PaddedTo);
        WriteSequences(() =>
        {
            foreach (var (index, name, type) in _inputs)
            {
                _writer.Line(
                    $"Array.Fill({name}, {(type == "bool" ? "false" : $"({type}){LoopNames.Text(index == _head.Ids ? _head.PadId : 0)}")}, 0, {all});");
            }

            using (_writer.Block("for (int i = 0; i < length; i++)"))
            {
                foreach (var (index, name, type) in _inputs)
                {
                    _writer.Line($"{name}[i] = {Element(index, type, "at + i")};");
                }
            }

            if (!_head.IsPerToken)
            {
                _writer.Line($"Run({Spans($"0, {all}")}{Parts}, cancellationToken);");
                return;
            }

            _writer.Line($"Run({Spans($"0, {all}")}{string.Join(", ", Outputs.Select(o => $"{o}All.AsSpan(0, {AllElements})"))}, cancellationToken);");
            foreach (var output in Outputs)
            {
                _writer.Line($"{output}All.AsSpan(0, elements).CopyTo({output}.Slice(outputAt, elements));");
            }
        });
    }

    private void WriteSequences(Action write)
    {
        _writer.Line("int at = 0, outputAt = 0;");
        using (_writer.Block("foreach (int length in lengths)"))
        {
            _writer.Line($"int elements = {(_head.IsPerToken ? $"length * {Width}" : Width)};");
            write();
            _writer.Line("at += length;");
            _writer.Line("outputAt += elements;");
        }
    }

    private string Element(int index, string type, string at) =>
        type == "bool" ? "true" : $"({type}){(index == _head.Ids ? $"ids[{at}]" : index == _head.Types ? $"typeIds[{at}]" : "1")}";

    private string Spans(string range) => string.Concat(_inputs.Select(i => $"{i.Name}.AsSpan({range}), "));
}
