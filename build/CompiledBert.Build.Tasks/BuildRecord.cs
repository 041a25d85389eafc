using CompiledBert.Build.Protocol;

namespace CompiledBert.Build.Tasks;

/// <summary>A request and its answer in a file, so that a build with nothing to do sees that without starting the compiler.</summary>
internal static class BuildRecord
{
    private const string Separator = "answer";

    /// <summary>The answer on record for a request, where it still holds; null elsewhere.</summary>
    public static BuildAnswer? Find(string path, BuildRequest request)
    {
        if (Read(path) is not { } lines)
        {
            return null;
        }

        var expected = request.ToLines();
        if (lines.Length <= expected.Count || lines[expected.Count] != Separator || !lines.Take(expected.Count).SequenceEqual(expected, StringComparer.Ordinal))
        {
            return null;
        }

        var answer = new BuildAnswer();
        return lines.Skip(expected.Count + 1).All(answer.Add) && answer.StillHolds() ? answer : null;
    }

    /// <summary>The files that the recorded answer was made of, whether or not it still holds.</summary>
    public static IEnumerable<string> InputsOf(string path)
    {
        var answer = new BuildAnswer();
        foreach (var line in Read(path) ?? [])
        {
            answer.Add(line);
        }

        return answer.Inputs.Select(input => input.Path);
    }

    /// <summary>Forgets what was recorded: a failed build leaves nothing to rely on.</summary>
    public static void Remove(string path)
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }
    }

    /// <summary>Writes a record: under another name first, so that a half-written one is never read.</summary>
    public static void Write(string path, BuildRequest request, BuildAnswer answer)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = path + "." + Guid.NewGuid().ToString("N");
        try
        {
            File.WriteAllLines(temporary, request.ToLines().Concat([Separator]).Concat(answer.ToLines()));
            File.Delete(path);
            File.Move(temporary, path);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another build at the same project was faster; its record says as much.
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>The lines of a record; null where there is none, or none that can be read: then it is as if nothing had been built.</summary>
    private static string[]? Read(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
