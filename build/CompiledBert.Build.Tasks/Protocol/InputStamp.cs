using System.Globalization;

namespace CompiledBert.Build.Protocol;

/// <summary>A file as it was when it was read, or that it was not there: enough to see without reading that nothing changed.</summary>
/// <param name="Path">Absolute path.</param>
/// <param name="Length">Bytes; -1 where there is no such file.</param>
/// <param name="Ticks">Time of the last write, UTC; 0 where there is no such file.</param>
internal sealed record InputStamp(string Path, long Length, long Ticks)
{
    /// <summary>The file as it is now.</summary>
    public static InputStamp Of(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? new InputStamp(path, file.Length, file.LastWriteTimeUtc.Ticks) : new InputStamp(path, -1, 0);
    }

    /// <summary>Whether the file is still the same.</summary>
    public bool StillHolds() => Of(Path) == this;

    /// <summary>The stamp as a line of the answer.</summary>
    public string ToLine() =>
        ProtocolText.Line("input", Path, Length.ToString(CultureInfo.InvariantCulture), Ticks.ToString(CultureInfo.InvariantCulture));
}
