using CompiledBert.Compiler;

namespace CompiledBert.Generator.Emit.Loops;

/// <content>The loops over vectors: how many at a time, in which order.</content>
internal sealed partial class LanesEmitter
{
    /// <summary>A loop of a known extent whose vectors feed the same sums on every variant: the rest goes on where the last whole turn ended.</summary>
    private void OrderedLoop(long extent, int copies)
    {
        var (step, vectors) = (copies * Lanes, extent / Lanes);
        var rest = vectors % copies;
        _writer.Line($"long {_lane} = 0;");
        if (extent >= step)
        {
            using (_writer.Block($"for (; {_lane} <= {LoopNames.Text(extent - step)}; {_lane} += {LoopNames.Text(step)})"))
            {
                Turn(copies);
            }
        }

        for (var copy = 0; copy < rest; copy++)
        {
            using (_writer.Block(""))
            {
                Body(_analysis.Body, copy, copied: false, partial: false);
            }
        }

        if (extent % Lanes != 0)
        {
            using (_writer.Block(""))
            {
                _writer.Line($"int {Rest} = {LoopNames.Text(extent % Lanes)};");
                _writer.Line($"VF {Inside} = V.LessThan(VI.Indices, V.Create({Rest})).AsSingle();");
                Body(_analysis.Body, (int)rest, copied: false, partial: true);
            }
        }
    }

    /// <summary>So many vectors of one iteration, one after the other or side by side.</summary>
    private void Turn(int width)
    {
        foreach (var statements in IsInterleaved ? _analysis.Body.Select(s => (IReadOnlyList<LaneStatement>)[s]) : [_analysis.Body])
        {
            if (width > 1 && IsInterleaved && Together(statements[0].Statement, width))
            {
                continue;
            }

            for (var copy = 0; copy < width; copy++)
            {
                // Side by side, all are of one scope; one after the other, what is the same for all lanes is computed again.
                using (width > 1 && !IsInterleaved ? (IDisposable)_writer.Block("") : null)
                {
                    Body(statements, copy, IsInterleaved, partial: false);
                }
            }
        }
    }

    private void Loops(string first, string end, long extent, int copies)
    {
        _writer.Line($"long {_lane} = {first};");
        foreach (var width in copies > 1 ? new[] { copies, 1 } : [1])
        {
            var step = width * Lanes;
            var already = width == copies ? 0 : extent / (copies * Lanes) * copies * Lanes;
            if (extent >= 0 && extent - already < step)
            {
                continue;
            }

            var last = extent >= 0
                ? LoopNames.Text(extent - step)
                : $"{(end.All(c => char.IsLetterOrDigit(c) || c == '_') ? end : $"({end})")} - {LoopNames.Text(step)}";
            using (_writer.Block($"for (; {_lane} <= {last}; {_lane} += {LoopNames.Text(step)})"))
            {
                Turn(width);
            }
        }

        if (extent < 0 || extent % Lanes != 0)
        {
            using (_writer.Block(extent < 0 ? $"if ({_lane} < {end})" : ""))
            {
                var rest = extent < 0 ? $"(int)({end} - {_lane})" : LoopNames.Text(extent % Lanes);
                _writer.Line($"int {Rest} = {rest};");
                if (LanesAnalysis.Flat(_analysis.Body).Any(s => s.Statement is Accumulate a && s.Form == LaneForm.Vector && !_analysis.IsInner(a.Accumulator)))
                {
                    _writer.Line($"VF {Inside} = V.LessThan(VI.Indices, V.Create({Rest})).AsSingle();");
                }

                Body(_analysis.Body, 0, copied: false, partial: true);
            }
        }
    }

    /// <summary>Writes what several vectors do best together; false where there is nothing of the kind.</summary>
    private bool Together(Statement statement, int width)
    {
        string Suffix(int copy) => copy > 0 ? LoopNames.Text(copy) : "";
        if (LinesOf(statement) is { } lines)
        {
            var let = (Let)statement;
            TileKernels.NeedMad(_kernels);
            string Name(string line, int copy) => line == "x" ? Value(let.Args[0], DataType.Float32, Suffix(copy))
                : LoopNames.Local(let.Id, line == lines[lines.Count - 1].Name ? Suffix(copy) : line + Suffix(copy));
            foreach (var line in lines)
            {
                for (var copy = 0; copy < width; copy++)
                {
                    var at = copy;
                    _writer.Line($"VF {Name(line.Name, at)} = {line.Text(name => Name(name, at))};");
                }
            }

            return true;
        }

        if (statement is Store store && width == Unroll && !Literal.Is(store.Value) && VectorOps.IsByte(_analysis.TypeOf(store.Value)))
        {
            var type = _analysis.TypeOf(store.Value);
            var values = string.Join(", ", Enumerable.Range(0, width).Select(copy => Value(store.Value, type, Suffix(copy))));
            _writer.Line($"{ByteVectors.NarrowFour(_kernels, type, _analysis.RawBytes.Contains(store.Value))}({Address(store.To, type, 0)}, {values});");
            return true;
        }

        return false;
    }
}
