using System.Globalization;

namespace CompiledBert.Generator.Tests;

/// <summary>A culture in which every number that is formatted or parsed without care goes wrong.</summary>
internal static class HostileCulture
{
    public static CultureInfo Create()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NegativeSign = "~";
        culture.NumberFormat.PositiveSign = "^";
        culture.NumberFormat.NumberDecimalSeparator = ";";
        culture.NumberFormat.NumberGroupSeparator = "_";
        culture.NumberFormat.PositiveInfinitySymbol = "huge";
        return culture;
    }
}
