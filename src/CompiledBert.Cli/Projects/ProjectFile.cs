using System.Text;
using System.Xml;
using System.Xml.Linq;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Projects;

/// <summary>A project or props file that gets items. What stands in it stays as it is, to the byte: items are put before its end.</summary>
internal sealed class ProjectFile
{
    private const string End = "</Project>";

    private readonly string _text;
    private readonly bool _hasMark;
    private readonly XElement _root;
    private readonly List<string> _added = [];

    /// <exception cref="CompileException">The file cannot be read or is no project.</exception>
    public ProjectFile(string path)
    {
        Path = System.IO.Path.GetFullPath(path);
        try
        {
            var bytes = File.ReadAllBytes(Path);
            _hasMark = bytes.AsSpan().StartsWith(Encoding.UTF8.Preamble);
            _text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes.AsSpan(_hasMark ? 3 : 0));
            _root = XDocument.Parse(_text).Root!;
        }
        catch (Exception e) when (e is XmlException or ArgumentException)
        {
            throw DiagnosticTable.ProjectUnchangeable.Error(Path, null, "it is not XML in UTF-8: " + e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.FileInaccessible.Error(Path, null, e.Message);
        }

        if (_root.Name.LocalName != "Project" || !_text.TrimEnd().EndsWith(End, StringComparison.Ordinal))
        {
            throw DiagnosticTable.ProjectUnchangeable.Error(Path, null, "it does not end with " + End);
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The folder that its paths are relative to.</summary>
    public string Folder => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>What items of one kind include.</summary>
    public IEnumerable<string> Includes(string item) =>
        _root.Descendants().Where(e => e.Name.LocalName == item).Select(e => e.Attribute("Include")?.Value ?? "");

    /// <summary>The value of a property that is set somewhere in the file; null where it is not.</summary>
    public string? Property(string name) => _root.Descendants().LastOrDefault(e => e.Name.LocalName == name)?.Value.Trim();

    /// <summary>Adds an item. Attributes without a value are left out.</summary>
    public void Add(string item, params IEnumerable<(string Name, string? Value)> attributes) =>
        _added.Add(new XElement(item, attributes.Where(a => a.Value is not null).Select(a => new XAttribute(a.Name, a.Value!))).ToString());

    /// <summary>Writes the file where something was added.</summary>
    public void Save()
    {
        if (_added.Count == 0)
        {
            return;
        }

        var at = _text.LastIndexOf(End, StringComparison.Ordinal);
        var line = _text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        var before = _text[..at].TrimEnd();
        var group = string.Concat(_added.Select(item => $"{line}{line}  <ItemGroup>{line}    {item}{line}  </ItemGroup>"));
        Replace(Path, before + group + line + line + _text[at..], _hasMark);
    }

    private static void Replace(string path, string text, bool hasMark)
    {
        var temporary = path + "." + Guid.NewGuid().ToString("N");
        try
        {
            File.WriteAllText(temporary, text, new UTF8Encoding(hasMark));
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw DiagnosticTable.FileInaccessible.Error(path, null, e.Message);
        }
    }
}
