using CompiledBert.Text.Patterns;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>The program of a pattern while it is written: three numbers an instruction, then the sets of characters that instructions name.</summary>
internal sealed class PatternProgram
{
    private readonly List<int> _program = [];
    private readonly List<(int At, CharacterSet Set)> _sets = [];

    /// <summary>Numbers so far: where the next instruction will be.</summary>
    public int Count => _program.Count;

    /// <summary>Adds an instruction.</summary>
    /// <returns>Where it is.</returns>
    public int Emit(PatternOp op, int first = 0, int second = 0)
    {
        _program.Add((int)op);
        _program.Add(first);
        _program.Add(second);
        return _program.Count - 3;
    }

    /// <summary>Adds the instruction that takes a character of a set.</summary>
    public void Emit(CharacterSet set) => _sets.Add((Emit(PatternOp.Set) + 1, set));

    /// <summary>Gives an instruction what follows as its target.</summary>
    public void Land(int instruction) => _program[instruction + 1] = _program.Count;

    /// <summary>Gives an instruction what follows as its target, and its second number.</summary>
    public void Land(int instruction, int second)
    {
        Land(instruction);
        _program[instruction + 2] = second;
    }

    /// <summary>Makes the code from a place on one alternative, and what follows the other.</summary>
    /// <returns>The jump that leaves the first, to be landed behind the last.</returns>
    public int Else(int start)
    {
        var (body, sets) = TakeOut(start);
        Emit(PatternOp.Either, start + 3);
        Copy(body, sets, start);
        var jump = Emit(PatternOp.Jump);
        _program[start + 2] = _program.Count;
        return jump;
    }

    /// <summary>How many characters the code from here on takes; null where that may differ.</summary>
    public int? FixedLength(int start)
    {
        var length = 0;
        for (var i = start; i < _program.Count; i += 3)
        {
            switch ((PatternOp)_program[i])
            {
                case PatternOp.Character or PatternOp.Set:
                    length++;
                    break;
                case PatternOp.LineStart or PatternOp.LineEnd or PatternOp.TextStart or PatternOp.TextEnd or PatternOp.WordBoundary:
                    break;
                default:
                    return null;
            }
        }

        return length;
    }

    /// <summary>Whether the code from here on may take nothing.</summary>
    public bool CanBeEmpty(int start)
    {
        var (seen, pending) = (new HashSet<int>(), new Stack<int>([start]));
        while (pending.TryPop(out var i))
        {
            if (i >= _program.Count)
            {
                return true;
            }

            if (!seen.Add(i))
            {
                continue;
            }

            switch ((PatternOp)_program[i])
            {
                case PatternOp.Character or PatternOp.Set:
                    break;
                case PatternOp.Either:
                    pending.Push(_program[i + 1]);
                    pending.Push(_program[i + 2]);
                    break;
                case PatternOp.Jump or PatternOp.Ahead or PatternOp.NotAhead or PatternOp.Behind or PatternOp.NotBehind:
                    pending.Push(_program[i + 1]);
                    break;
                default:
                    // What is matched apart counts as what may be empty, unless it is plain to see.
                    pending.Push(i + 3);
                    break;
            }
        }

        return false;
    }

    /// <summary>Repeats the code from a place on.</summary>
    public void Repeat(int start, int least, int most, bool isLazy, bool isPossessive)
    {
        var (body, sets) = TakeOut(start);
        var atomic = isPossessive ? Emit(PatternOp.Atomic) : -1;
        for (var i = 0; i < least; i++)
        {
            Copy(body, sets, start);
        }

        if (most == int.MaxValue)
        {
            var choice = Choice(isLazy);
            Copy(body, sets, start);
            Emit(PatternOp.Jump, choice);
            Resolve(choice, isLazy);
        }
        else
        {
            var choices = new List<int>();
            for (var i = least; i < most; i++)
            {
                choices.Add(Choice(isLazy));
                Copy(body, sets, start);
            }

            choices.ForEach(c => Resolve(c, isLazy));
        }

        if (isPossessive)
        {
            Emit(PatternOp.Match);
            Land(atomic);
        }
    }

    /// <summary>The whole program.</summary>
    public int[] ToArray()
    {
        var program = new List<int>(_program);
        foreach (var (at, set) in _sets)
        {
            program[at] = program.Count;
            set.Write(program);
        }

        return [.. program];
    }

    private int Choice(bool isLazy)
    {
        var at = Emit(PatternOp.Either);
        _program[at + (isLazy ? 2 : 1)] = _program.Count;
        return at;
    }

    private void Resolve(int choice, bool isLazy) => _program[choice + (isLazy ? 1 : 2)] = _program.Count;

    private void Copy(List<int> body, List<(int At, CharacterSet Set)> sets, int start)
    {
        var shift = _program.Count - start;
        for (var i = 0; i < body.Count; i += 3)
        {
            var op = (PatternOp)body[i];
            var jumps = op is PatternOp.Either or PatternOp.Jump or PatternOp.Ahead or PatternOp.NotAhead
                or PatternOp.Behind or PatternOp.NotBehind or PatternOp.Atomic;
            Emit(op, body[i + 1] + (jumps ? shift : 0), body[i + 2] + (op == PatternOp.Either ? shift : 0));
        }

        _sets.AddRange(sets.Select(s => (s.At + shift, s.Set)));
    }

    private (List<int> Body, List<(int At, CharacterSet Set)> Sets) TakeOut(int start)
    {
        var body = _program.GetRange(start, _program.Count - start);
        var sets = _sets.Where(s => s.At >= start).ToList();
        _program.RemoveRange(start, body.Count);
        _sets.RemoveAll(s => s.At >= start);
        return (body, sets);
    }
}
