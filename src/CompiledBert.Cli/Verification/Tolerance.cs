using System.Globalization;
using System.Text.Json;

namespace CompiledBert.Cli.Verification;

/// <summary>How far a result may be from its reference.</summary>
/// <param name="Absolute">Allowed for every element.</param>
/// <param name="Relative">Allowed in addition, times the element's own size.</param>
/// <param name="OfScale">Allowed in addition, times the largest size of an element of the reference.</param>
internal sealed record Tolerance(double Absolute, double Relative, double OfScale)
{
    /// <summary>What single precision gives over many layers.</summary>
    public static Tolerance Default { get; } = new(0, 0, 1e-4);

    /// <summary>
    /// The tolerance of a model: <c>suggested_tolerance</c> (<c>atol</c>, <c>rtol</c>) of a <c>meta.json</c> beside it, else the default.
    /// </summary>
    public static Tolerance Beside(string modelPath)
    {
        var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(modelPath))!, "meta.json");
        if (!File.Exists(path))
        {
            return Default;
        }

        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty("suggested_tolerance", out var suggested)
                ? new Tolerance(suggested.GetProperty("atol").GetDouble(), suggested.GetProperty("rtol").GetDouble(), 0)
                : Default;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return Default;
        }
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(OfScale > 0 ? $"{OfScale:0.##e+0} of the scale" : $"{Absolute:0.##e+0} + {Relative:0.##e+0} of the element")}");
}
