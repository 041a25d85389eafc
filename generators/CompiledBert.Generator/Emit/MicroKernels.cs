namespace CompiledBert.Generator.Emit;

/// <summary>Methods that the steps of one variant share: each is written once, when it is first needed.</summary>
internal sealed class MicroKernels
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly List<string> _texts = [];
    private readonly Dictionary<string, string> _shared = new(StringComparer.Ordinal);

    /// <summary>Creates the empty registry of a variant.</summary>
    public MicroKernels(VectorTarget target) => Target = target;

    /// <summary>The variant.</summary>
    public VectorTarget Target { get; }

    /// <summary>Makes sure that the method called <paramref name="name"/> is there, and returns its name.</summary>
    /// <param name="name">The method's name, which says all that its text depends on: <c>Linear_f32_6x16_Gelu</c>.</param>
    /// <param name="emit">Writes the whole method with its comment and attributes; it may need further kernels.</param>
    public string Need(string name, Action<CodeWriter, VectorTarget> emit)
    {
        if (_names.Add(name))
        {
            var writer = new CodeWriter(depth: 2);
            emit(writer, Target);
            _texts.Add(writer.ToString());
        }

        return name;
    }

    /// <summary>
    /// Makes sure that a method with this text is there, and returns its name: for drivers whose text depends on more than a name can tell, and which
    /// the layers of a model nevertheless have in common.
    /// </summary>
    /// <param name="name">The method's name; a number is appended where a different text has taken it.</param>
    /// <param name="emit">Writes the whole method, given its name.</param>
    public string Share(string name, Action<CodeWriter, string> emit)
    {
        const string Placeholder = "\u0001";
        var writer = new CodeWriter(depth: 2);
        emit(writer, Placeholder);
        var text = writer.ToString();
        if (!_shared.TryGetValue(text, out var given))
        {
            given = name;
            for (var i = 2; !_names.Add(given); i++)
            {
                given = $"{name}_{i.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
            }

            _shared.Add(text, given);
            _texts.Add(text.Replace(Placeholder, given));
        }

        return given;
    }

    /// <summary>The methods in the order in which they were finished, so that a method comes after those it calls.</summary>
    public IReadOnlyList<string> Texts => _texts;
}
