namespace CompiledBert.Text.Normalization;

/// <summary>One step of normalization: writes what becomes of a piece to <see cref="Workspace.Next"/>.</summary>
/// <remarks>
/// Where a character comes from follows the rules of the Hugging Face tokenizers, whose offsets are the reference: what replaces a character has its
/// range, what is inserted has the range of the character before.
/// </remarks>
internal abstract class NormalizerStep
{
    public abstract void Apply(Workspace workspace, in Piece piece);
}
