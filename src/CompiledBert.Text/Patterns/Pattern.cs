using CompiledBert.Text.Unicode;

namespace CompiledBert.Text.Patterns;

/// <summary>What an instruction of a pattern's program does; each is followed by two numbers.</summary>
internal enum PatternOp
{
    /// <summary>The pattern, or the part of it that was asked for, matches.</summary>
    Match,

    /// <summary>One character: its code point.</summary>
    Character,

    /// <summary>A character of a set: where the set begins.</summary>
    Set,

    /// <summary>Goes on at the first number; should that fail, at the second.</summary>
    Either,

    /// <summary>Goes on elsewhere.</summary>
    Jump,

    /// <summary>Start of a line.</summary>
    LineStart,

    /// <summary>End of a line.</summary>
    LineEnd,

    /// <summary>Start of the text.</summary>
    TextStart,

    /// <summary>End of the text.</summary>
    TextEnd,

    /// <summary>Between a word character and another; the first number 1: not so.</summary>
    WordBoundary,

    /// <summary>What follows the instruction, up to its Match, must match here; then goes on at the first number. Takes nothing.</summary>
    Ahead,

    /// <summary>The same, but must not match.</summary>
    NotAhead,

    /// <summary>The same so many characters before: the second number.</summary>
    Behind,

    /// <summary>The same, but must not match.</summary>
    NotBehind,

    /// <summary>What follows, up to its Match, is matched once and for all.</summary>
    Atomic,
}

/// <summary>A set's numbers: flags, categories (a bit each), then the number of ranges and their bounds.</summary>
[Flags]
internal enum SetFlags
{
    None = 0,
    Negated = 1,
    WhiteSpace = 2,
    NotWhiteSpace = 4,
    Word = 8,
    NotWord = 16,
}

/// <summary>Choices that a match may return to; memory of the thread.</summary>
internal sealed class PatternStack
{
    private int[] _items = new int[512];

    public int Count { get; set; }

    public void Push(int instruction, int position)
    {
        if (Count + 2 > _items.Length)
        {
            Array.Resize(ref _items, _items.Length * 2);
        }

        _items[Count++] = instruction;
        _items[Count++] = position;
    }

    public (int Instruction, int Position) Pop()
    {
        Count -= 2;
        return (_items[Count], _items[Count + 1]);
    }

    public void Trim(int most)
    {
        if (_items.Length > most)
        {
            _items = new int[512];
        }
    }
}

/// <summary>A pattern's program, run with backtracking; the compiler wrote it.</summary>
internal sealed unsafe class Pattern(int* program)
{
    /// <summary>Whether the pattern matches from a position, and where the match ends.</summary>
    public bool Match(ReadOnlySpan<uint> text, int start, PatternStack stack, out int end)
    {
        stack.Count = 0;
        return Run(text, 0, start, stack, out end);
    }

    private bool Run(ReadOnlySpan<uint> text, int instruction, int at, PatternStack stack, out int end)
    {
        var floor = stack.Count;
        while (true)
        {
            var (op, first, second) = ((PatternOp)program[instruction], program[instruction + 1], program[instruction + 2]);
            var holds = true;
            var next = instruction + 3;
            switch (op)
            {
                case PatternOp.Match:
                    stack.Count = floor;
                    end = at;
                    return true;
                case PatternOp.Character:
                    holds = at < text.Length && text[at] == (uint)first;
                    at++;
                    break;
                case PatternOp.Set:
                    holds = at < text.Length && IsIn(program + first, text[at]);
                    at++;
                    break;
                case PatternOp.Either:
                    stack.Push(second, at);
                    next = first;
                    break;
                case PatternOp.Jump:
                    next = first;
                    break;
                case PatternOp.LineStart:
                    holds = at == 0 || text[at - 1] == '\n';
                    break;
                case PatternOp.LineEnd:
                    holds = at == text.Length || text[at] == '\n';
                    break;
                case PatternOp.TextStart:
                    holds = at == 0;
                    break;
                case PatternOp.TextEnd:
                    holds = at == text.Length;
                    break;
                case PatternOp.WordBoundary:
                    holds = ((at > 0 && IsBesideBoundary(text[at - 1])) != (at < text.Length && IsBesideBoundary(text[at]))) == (first == 0);
                    break;
                case PatternOp.Ahead or PatternOp.NotAhead:
                    holds = Run(text, next, at, stack, out _) == (op == PatternOp.Ahead);
                    next = first;
                    break;
                case PatternOp.Behind or PatternOp.NotBehind:
                    holds = (at >= second && Run(text, next, at - second, stack, out _)) == (op == PatternOp.Behind);
                    next = first;
                    break;
                default:
                    holds = Run(text, next, at, stack, out at);
                    next = first;
                    break;
            }

            if (holds)
            {
                instruction = next;
            }
            else if (stack.Count > floor)
            {
                (instruction, at) = stack.Pop();
            }
            else
            {
                end = 0;
                return false;
            }
        }
    }

    // Oniguruma counts no joiners among words; boundaries, unlike classes, count the superscripts and fractions of Latin-1.
    private static bool IsWord(uint c) => Characters.Of(c).IsWord && c is not (0x200C or 0x200D);

    private static bool IsBesideBoundary(uint c) => c is 0xB2 or 0xB3 or 0xB9 or 0xBC or 0xBD or 0xBE || IsWord(c);

    private static bool IsIn(int* set, uint c)
    {
        var flags = (SetFlags)set[0];
        var properties = Characters.Of(c);
        var isIn = (((uint)set[1] >> (int)properties.Category) & 1) != 0
            || ((flags & SetFlags.WhiteSpace) != 0 && properties.IsWhiteSpace)
            || ((flags & SetFlags.NotWhiteSpace) != 0 && !properties.IsWhiteSpace)
            || ((flags & SetFlags.Word) != 0 && IsWord(c))
            || ((flags & SetFlags.NotWord) != 0 && !IsWord(c));
        for (var i = 0; !isIn && i < set[2]; i++)
        {
            isIn = c >= (uint)set[3 + (2 * i)] && c <= (uint)set[4 + (2 * i)];
        }

        return isIn != ((flags & SetFlags.Negated) != 0);
    }
}
