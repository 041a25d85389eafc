using System.Globalization;
using System.Text.Json;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Verification;

/// <summary>How far a result may be from its reference.</summary>
/// <param name="Absolute">Allowed for every element.</param>
/// <param name="Relative">Allowed in addition, times the element's own size.</param>
/// <param name="OfScale">Allowed in addition, times the largest size of an element of the reference.</param>
/// <param name="MinCosine">The least cosine of result and reference as vectors, required as well.</param>
internal sealed record Tolerance(double Absolute, double Relative, double OfScale, double MinCosine = -1)
{
    /// <summary>What single precision gives over many layers, and what a reference of 16 bits lost when it was rounded to them.</summary>
    public static Tolerance Default { get; } = new(0, 0, 1e-4) { AddsRounding = true };

    /// <summary>
    /// What 8-bit products give over many layers, beside a reference in floats. Rounding makes an error of energy, which the cosine bounds: 0.99
    /// is one of 0.14 of the results' root mean square. Models of usual width have 0.996 and more; small ones, where few elements average it
    /// out, have 0.99. A single element is bounded by what such an error reaches where it is largest, some 4.5 times its root mean square in
    /// results whose largest element is twice theirs.
    /// </summary>
    public static Tolerance Int8 { get; } = new(0, 0, 0.3, 0.99);

    /// <summary>Whether half of the reference's last digit is allowed in addition, where its type has fewer digits than a float.</summary>
    public bool AddsRounding { get; init; }

    /// <summary>
    /// What a reference's own rounding is allowed, times the element's own size: half a unit in the last of its 11
    /// binary digits (float16), of its 8 (bfloat16).
    /// </summary>
    public double RoundingOf(DataType reference) => !AddsRounding ? 0 : reference switch
    {
        DataType.Float16 => 1.0 / (1 << 11),
        DataType.BFloat16 => 1.0 / (1 << 9),
        _ => 0,
    };

    /// <summary>
    /// The tolerance of a model: <c>suggested_tolerance</c> of a <c>meta.json</c> beside it, else the default. <c>atol</c> must be there;
    /// <c>rtol</c> and <c>min_cosine</c>, which quantised models have, may be.
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
                ? new Tolerance(suggested.GetProperty("atol").GetDouble(), Number(suggested, "rtol", 0), 0, Number(suggested, "min_cosine", -1))
                : Default;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return Default;
        }
    }

    private static double Number(JsonElement json, string name, double standard) =>
        json.TryGetProperty(name, out var value) ? value.GetDouble() : standard;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(OfScale > 0 ? $"{OfScale:0.##e+0} of the scale" : $"{Absolute:0.##e+0} + {Relative:0.##e+0} of the element")}"
            + $"{(MinCosine > -1 ? $", cosine at least {MinCosine:0.######}" : "")}");
}
