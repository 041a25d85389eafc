namespace CompiledBert.Cli;

/// <summary>What long work is at, as one line on the error stream that goes away again. Nothing where that is no terminal, or <c>NO_COLOR</c> is set.</summary>
/// <param name="writer">Where the line goes.</param>
/// <param name="isShown">Whether there is a terminal that shows it.</param>
internal sealed class ProgressLine(TextWriter writer, bool isShown) : IDisposable
{
    // Erases the line that the cursor is in, and goes to its beginning.
    private const string Erase = "\e[2K\r";

    private bool _isThere;

    /// <summary>A line on this process's error stream.</summary>
    public static ProgressLine OnErrorStream() => new(Console.Error, IsTerminal);

    private static bool IsTerminal { get; } = !Console.IsErrorRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") != "dumb";

    /// <summary>Says what is being done now, in place of what was said before.</summary>
    public void Say(string text)
    {
        if (isShown)
        {
            writer.Write(Erase + text + " …");
            writer.Flush();
            _isThere = true;
        }
    }

    /// <summary>Takes the line away, before something else is written to the terminal.</summary>
    public void Clear()
    {
        if (_isThere)
        {
            writer.Write(Erase);
            writer.Flush();
            _isThere = false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();
}
