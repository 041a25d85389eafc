namespace CompiledBert.Text;

/// <summary>What a tag says of a word's place in an entity.</summary>
/// <param name="Type">The entity's type; null outside of all.</param>
/// <param name="Begins">Whether one begins here, though the word before is of the same type.</param>
/// <param name="Ends">Whether it ends here, though the word after is of the same type.</param>
internal readonly record struct TagPlace(string? Type, bool Begins, bool Ends)
{
    /// <summary>
    /// The places of labels: B- begins, I- goes on. Where there are such, E- and L- end, and S- and U- are entities of one word; a label of a model
    /// without them may well be called E-MAIL. What has no prefix is a type.
    /// </summary>
    public static TagPlace[] Of(IReadOnlyList<string> labels)
    {
        var isScheme = labels.Any(l => PrefixOf(l) is 'B' or 'I');
        return [.. labels.Select(label => Of(label, isScheme))];
    }

    private static TagPlace Of(string label, bool isScheme) => PrefixOf(label) switch
    {
        'B' => new TagPlace(label[2..], true, false),
        'I' => new TagPlace(label[2..], false, false),
        'E' or 'L' when isScheme => new TagPlace(label[2..], false, true),
        'S' or 'U' when isScheme => new TagPlace(label[2..], true, true),
        _ => new TagPlace(label == "O" ? null : label, false, false),
    };

    private static char PrefixOf(string label) => label.Length > 2 && label[1] == '-' ? label[0] : '\0';
}
