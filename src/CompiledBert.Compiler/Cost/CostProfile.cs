using System.Text;
using System.Text.Json;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Compiler.Cost;

/// <summary>
/// What was measured on a machine of one core: its clock, and how far estimates are off there. A small file of JSON that is committed and named by a model.
/// </summary>
/// <param name="Core">Name of the core.</param>
/// <param name="Gigahertz">Its clock while it was measured.</param>
/// <param name="Corrections">Measured over estimated.</param>
public sealed record CostProfile(string Core, double Gigahertz, StepCorrections Corrections)
{
    /// <summary>What the field <c>schema</c> says. Another number is another meaning of the fields.</summary>
    public const string Schema = "compiledbert-profile-1";

    private const double MostCorrection = 100;

    /// <summary>The core as it was measured; another one as it is. A device's clock stays the device's.</summary>
    public Core ApplyTo(Core core) => core.Name != Core ? core : core with
    {
        Gigahertz = TargetTable.Cores.Any(c => c.Name == core.Name && c.Gigahertz == core.Gigahertz) ? Gigahertz : core.Gigahertz,
        Corrections = Corrections,
    };

    /// <summary>The profile as JSON: the same profile, the same bytes.</summary>
    public string Write()
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteString("schema", Schema);
            json.WriteString("core", Core);
            json.WriteNumber("gigahertz", Gigahertz);
            json.WriteStartObject("corrections");
            json.WriteNumber("linear", Corrections.Linear);
            json.WriteNumber("integerLinear", Corrections.IntegerLinear);
            json.WriteNumber("attention", Corrections.Attention);
            json.WriteNumber("matmul", Corrections.MatMul);
            json.WriteNumber("nest", Corrections.Nest);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    /// <summary>Reads a profile.</summary>
    /// <param name="path">The file.</param>
    /// <param name="askedBy">The file that messages name.</param>
    /// <exception cref="CompileException">There is no such file, it cannot be read, or it is no profile.</exception>
    public static CostProfile Read(string path, string askedBy)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            return Read(document.RootElement);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw DiagnosticTable.InvalidProfile.Error(
                askedBy, null, Path.GetFileName(path), e is FileNotFoundException or DirectoryNotFoundException ? "There is no such file." : e.Message);
        }
    }

    private static CostProfile Read(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("schema", out var schema) || schema.GetString() != Schema)
        {
            throw new FormatException($"It is not a profile of the schema {Schema}.");
        }

        var core = root.GetProperty("core").GetString();
        if (TargetTable.Cores.All(c => c.Name != core))
        {
            throw new FormatException($"It is of the core '{Diagnostic.Abbreviate(core ?? "")}', which is not known.");
        }

        var corrections = root.GetProperty("corrections");
        return new CostProfile(core!, Number(root, "gigahertz"), new StepCorrections(
            Number(corrections, "linear"), Number(corrections, "integerLinear"), Number(corrections, "attention"),
            Number(corrections, "matmul"), Number(corrections, "nest")));
    }

    private static double Number(JsonElement element, string name) =>
        element.GetProperty(name).GetDouble() is var number and > 0 and < MostCorrection
            ? number
            : throw new FormatException($"'{name}' is not between 0 and {MostCorrection}.");
}
