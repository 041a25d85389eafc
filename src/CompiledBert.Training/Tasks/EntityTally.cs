using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tasks;

/// <summary>
/// The F1 of entities: twice those that were found with their exact words and type, over those that were told and those that there are.
/// <c>B-</c> begins one, <c>I-</c> goes on with one of its type or else begins one, <c>O</c> is none; where no label has such a prefix every
/// word is one by itself, and the F1 of a label for every word is the share that is right.
/// </summary>
/// <param name="labels">The labels' names.</param>
internal sealed class EntityTally(IReadOnlyList<string> labels) : ITally
{
    private const string None = "O";

    private readonly bool _arePrefixed = labels.Any(IsPrefixed);
    private long _right;
    private long _all;

    /// <inheritdoc/>
    public double Value => _all == 0 ? 1 : 2.0 * _right / _all;

    /// <inheritdoc/>
    public void Add(Batch batch, Tensor own, Tensor? teachers)
    {
        var (told, wanted) = (own.argmax(2).data<long>().ToArray(), batch.Tags.data<long>().ToArray());
        var tokens = (int)batch.Tokens;
        for (var text = 0; text < batch.Count; text++)
        {
            int[] words = [.. Enumerable.Range(text * tokens, tokens).Where(at => wanted[at] >= 0)];
            Add([.. words.Select(at => labels[(int)told[at]])], [.. words.Select(at => labels[(int)wanted[at]])]);
        }
    }

    /// <summary>Adds the words of a text.</summary>
    /// <param name="told">The labels that a model tells.</param>
    /// <param name="wanted">Those that are right.</param>
    public void Add(IReadOnlyList<string> told, IReadOnlyList<string> wanted)
    {
        var (found, there) = (Entities(told), Entities(wanted));
        _right += found.Count(there.Contains);
        _all += found.Count + there.Count;
    }

    private HashSet<(int Start, int End, string Type)> Entities(IReadOnlyList<string> words)
    {
        var (entities, start, open) = (new HashSet<(int, int, string)>(), 0, None);
        for (var i = 0; i <= words.Count; i++)
        {
            var label = i < words.Count ? words[i] : None;
            var type = IsPrefixed(label) ? label[2..] : label;
            if (_arePrefixed && type == open && label[0] == 'I')
            {
                continue;
            }

            if (open != None)
            {
                entities.Add((start, i, open));
            }

            (start, open) = (i, type);
        }

        return entities;
    }

    private static bool IsPrefixed(string label) => label.Length > 2 && label[1] == '-' && label[0] is 'B' or 'I';
}
