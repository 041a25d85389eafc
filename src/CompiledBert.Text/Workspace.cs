namespace CompiledBert.Text;

/// <summary>The memory of one tokenization at a time; each thread has one and uses it again, so that calls allocate nothing.</summary>
internal sealed class Workspace
{
    /// <summary>Characters beyond which the memory is not kept for the next call.</summary>
    private const int KeptCharacters = 1 << 20;

    [ThreadStatic]
    private static Workspace? t_idle;

    /// <summary>The text as it is after the last step.</summary>
    public TextBuffer Text { get; private set; } = new();

    /// <summary>Where a step writes what it makes of <see cref="Text"/>.</summary>
    public TextBuffer Next { get; private set; } = new();

    public PieceList Pieces { get; private set; } = new();

    public PieceList NextPieces { get; private set; } = new();

    /// <summary>Characters of a step that reorders, with how many it takes of the text before: see <see cref="Normalization.Rewriting"/>.</summary>
    public Normalization.Rewriting Rewriting { get; } = new();

    public PreTokenization.MatchList Matches { get; } = new();

    public Patterns.PatternStack Stack { get; } = new();

    public Models.ModelMemory Model { get; } = new();

    /// <summary>Takes this thread's workspace; while it is taken, another is made (for a call within a call).</summary>
    public static Workspace Rent()
    {
        var workspace = t_idle ?? new Workspace();
        t_idle = null;
        return workspace;
    }

    public void Return()
    {
        Text.Trim(KeptCharacters);
        Next.Trim(KeptCharacters);
        Pieces.Trim(KeptCharacters);
        NextPieces.Trim(KeptCharacters);
        Rewriting.Trim(KeptCharacters);
        Matches.Trim(KeptCharacters);
        Model.Trim(KeptCharacters);
        Stack.Trim(KeptCharacters);
        t_idle = this;
    }

    public void SwapText() => (Text, Next) = (Next, Text);

    public void SwapPieces() => (Pieces, NextPieces) = (NextPieces, Pieces);
}
