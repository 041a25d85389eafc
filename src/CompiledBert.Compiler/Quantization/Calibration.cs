using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// Token ids of texts like those that a model will see: what <see cref="Precision.Int8"/> measures on instead of made-up ids. A file of lines, each of them the
/// ids of one text with its special tokens: a JSON array of whole numbers, or an object that has one as <c>input_ids</c>, whatever else it has.
/// </summary>
public sealed class Calibration
{
    private Calibration(string name, IReadOnlyList<long[]> sequences)
    {
        Name = name;
        Sequences = sequences;
        Hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', sequences.Select(ids => string.Join(',', ids))))));
    }

    /// <summary>The file's name, for messages.</summary>
    public string Name { get; }

    /// <summary>The ids, in the file's order.</summary>
    public IReadOnlyList<long[]> Sequences { get; }

    /// <summary>SHA-256 of the ids: equal ones calibrate equally.</summary>
    public string Hash { get; }

    /// <summary>Reads a calibration file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="askedBy">The file that messages name.</param>
    /// <exception cref="CompileException">There is no such file, it cannot be read, or a line of it is not token ids
    /// (<see cref="DiagnosticTable.InvalidCalibration"/>).</exception>
    public static Calibration Read(string path, string askedBy)
    {
        var name = Path.GetFileName(path);
        var sequences = new List<long[]>();
        var number = 0;
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                number++;
                if (!string.IsNullOrWhiteSpace(line))
                {
                    sequences.Add(IdsOf(line));
                }
            }
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw Invalid(string.Create(CultureInfo.InvariantCulture, $"Line {number}: {e.Message}"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Invalid(e is FileNotFoundException or DirectoryNotFoundException ? "There is no such file." : e.Message);
        }

        return sequences.Count > 0 ? new Calibration(name, sequences) : throw Invalid("It has no lines.");

        CompileException Invalid(string why) => DiagnosticTable.InvalidCalibration.Error(askedBy, null, name, why);
    }

    private static long[] IdsOf(string line)
    {
        using var json = JsonDocument.Parse(line);
        var ids = json.RootElement;
        if (ids.ValueKind == JsonValueKind.Object && !ids.TryGetProperty("input_ids", out ids))
        {
            throw new FormatException("The object has no input_ids.");
        }

        if (ids.ValueKind != JsonValueKind.Array || ids.GetArrayLength() == 0)
        {
            throw new FormatException("There is no array of ids.");
        }

        return [.. ids.EnumerateArray().Select(id => id.ValueKind == JsonValueKind.Number && id.TryGetInt32(out var number) && number >= 0
            ? number
            : throw new FormatException($"{Diagnostic.Abbreviate(id.GetRawText())} is not an id."))];
    }
}
