using System.Globalization;

namespace CompiledBert.Build.Protocol;

/// <summary>What the compiler process answers, a line at a time on its standard output.</summary>
internal sealed class BuildAnswer
{
    /// <summary>The last line of a complete answer.</summary>
    public static readonly string End = ProtocolText.Line("end");

    private readonly List<InputStamp> _inputs = [];
    private readonly List<Model> _models = [];
    private readonly List<Message> _messages = [];

    /// <summary>Every file that was read or looked for.</summary>
    public IReadOnlyList<InputStamp> Inputs => _inputs;

    /// <summary>The models that were compiled.</summary>
    public IReadOnlyList<Model> Models => _models;

    /// <summary>Diagnostics, in order.</summary>
    public IReadOnlyList<Message> Messages => _messages;

    /// <summary>Whether the answer is complete: the process got to its end.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>A compiled model.</summary>
    /// <param name="Source">The model file.</param>
    /// <param name="ClassName">The class.</param>
    /// <param name="Namespace">Its namespace, or nothing.</param>
    /// <param name="Access">public or internal.</param>
    /// <param name="WeightsPlace">embedded or file.</param>
    /// <param name="Plan">The plan file.</param>
    /// <param name="Weights">The weights file; empty where only the signature was asked for.</param>
    /// <param name="Report">The report, as JSON; empty where none is wanted.</param>
    /// <param name="Page">The report as a page; empty where none is wanted.</param>
    /// <param name="Texts">Whether the class takes texts: true or false.</param>
    public sealed record Model(
        string Source, string ClassName, string Namespace, string Access, string WeightsPlace,
        string Plan, string Weights, string Report, string Page, string Texts)
    {
        /// <summary>The model as a line.</summary>
        public string ToLine() => ProtocolText.Line("model", Source, ClassName, Namespace, Access, WeightsPlace, Plan, Weights, Report, Page, Texts);
    }

    /// <summary>A diagnostic, a line of summary (severity "summary"), or one of a table for those who want to know more (severity "table").</summary>
    public sealed record Message(string Severity, string Code, string File, string Text)
    {
        /// <summary>The message as a line.</summary>
        public string ToLine() => ProtocolText.Line("message", Severity, Code, File, Text);
    }

    /// <summary>Takes in one line. Returns whether it belongs to an answer.</summary>
    public bool Add(string line)
    {
        switch (ProtocolText.Fields(line))
        {
            case ["input", var path, var length, var ticks]
                when long.TryParse(length, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var bytes)
                    && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var time):
                _inputs.Add(new InputStamp(path, bytes, time));
                return true;
            case ["model", var source, var className, var space, var access, var place, var plan, var weights, var report, var page, var texts]:
                _models.Add(new Model(source, className, space, access, place, plan, weights, report, page, texts));
                return true;
            case ["message", var severity, var code, var file, var text]:
                _messages.Add(new Message(severity, code, file, text));
                return true;
            case ["end"]:
                IsComplete = true;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Whether every file is as it was and every result still there.</summary>
    public bool StillHolds() =>
        IsComplete && _inputs.TrueForAll(i => i.StillHolds())
            && _models.TrueForAll(m => new[] { m.Plan, m.Weights, m.Report, m.Page }.All(file => file.Length == 0 || File.Exists(file)));

    /// <summary>The answer as lines.</summary>
    public IEnumerable<string> ToLines() =>
        [.. _inputs.Select(i => i.ToLine()), .. _models.Select(m => m.ToLine()), .. _messages.Select(m => m.ToLine()), .. IsComplete ? new[] { End } : []];
}
