using System.Text;

namespace CompiledBert.Generator.Emit;

/// <summary>Writes indented C#: lines, and blocks as disposable scopes. Line ends are always <c>\n</c>.</summary>
internal sealed class CodeWriter
{
    private const string Unit = "    ";

    private readonly StringBuilder _text = new();
    private int _depth;

    /// <summary>Creates an empty writer whose lines begin at a depth.</summary>
    public CodeWriter(int depth = 0) => _depth = depth;

    /// <summary>How many characters were written.</summary>
    public int Length => _text.Length;

    /// <summary>Writes an empty line.</summary>
    public void Line() => _text.Append('\n');

    /// <summary>Writes one line at the current depth.</summary>
    public void Line(string line) => Append(line, 0, line.Length);

    /// <summary>Writes several lines, each at the current depth in addition to its own indentation; a trailing line end adds no empty line.</summary>
    public void Lines(string lines)
    {
        var start = 0;
        while (start < lines.Length)
        {
            var end = lines.IndexOf('\n', start);
            end = end < 0 ? lines.Length : end;
            Append(lines, start, (end > start && lines[end - 1] == '\r' ? end - 1 : end) - start);
            start = end + 1;
        }
    }

    /// <summary>
    /// Writes <paramref name="head"/>, an opening brace and, when the scope is disposed, the closing one followed by <paramref name="tail"/>.
    /// </summary>
    public Scope Block(string head, string tail = "")
    {
        if (head.Length > 0)
        {
            Lines(head);
        }

        Line("{");
        _depth++;
        return new Scope(this, "}" + tail);
    }

    /// <summary>Indents what is written until the scope is disposed.</summary>
    public Scope Indented()
    {
        _depth++;
        return new Scope(this, null);
    }

    /// <summary>What was written.</summary>
    public override string ToString() => _text.ToString();

    private void Append(string lines, int start, int length)
    {
        for (var i = 0; length > 0 && i < _depth; i++)
        {
            _text.Append(Unit);
        }

        _text.Append(lines, start, length).Append('\n');
    }

    private void Close(string? end)
    {
        _depth--;
        if (end is not null)
        {
            Line(end);
        }
    }

    /// <summary>An open block; disposing it closes the block.</summary>
    public readonly struct Scope : IDisposable
    {
        private readonly CodeWriter _writer;
        private readonly string? _end;

        internal Scope(CodeWriter writer, string? end)
        {
            _writer = writer;
            _end = end;
        }

        /// <inheritdoc/>
        public void Dispose() => _writer.Close(_end);
    }
}
