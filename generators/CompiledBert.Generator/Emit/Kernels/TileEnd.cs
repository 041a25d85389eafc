using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>What a micro-kernel of integers does with its sums before it stores them as floats.</summary>
/// <param name="AddsStart">Whether whole numbers are added, one a column.</param>
/// <param name="Scales">Whether they are multiplied by a scale of their row and one of their column.</param>
/// <param name="AddsBias">Whether floats are added after that, one a column.</param>
/// <param name="IsSmall">Whether no sum is above 2²² in size: begun with the bits of 1.5·2²³, it is a float beside that without a conversion.</param>
internal sealed record TileEnd(bool AddsStart, bool Scales = false, bool AddsBias = false, bool IsSmall = false)
{
    /// <summary>What kernels with this end have in their names.</summary>
    public string Suffix => (AddsStart ? "Plus" : "") + (Scales ? "Scaled" : "") + (AddsBias ? "Biased" : "") + (IsSmall ? "Small" : "");

    /// <summary>C# of what a lane of sums begins with.</summary>
    public string Start => IsSmall ? $"(int){VectorOps.WholeOffsetBits}" : "0";

    /// <summary>C# of a float made of a whole sum.</summary>
    /// <param name="sums">The sums, a vector of integers.</param>
    /// <param name="vector">The class of the vector's methods.</param>
    /// <param name="column">What is added to pointers to reach the first column; empty for nothing.</param>
    /// <remarks>Small sums begin with the constant whose negative is added here: with one constant for both, a register would hold it all the while.</remarks>
    public string Converted(string sums, string vector, string column) =>
        IsSmall
            ? $"({sums}).AsSingle() + {vector}.Create(-{VectorOps.WholeOffsetNumber})"
            : $"{vector}.ConvertToSingle({(AddsStart ? $"{sums} + {vector}.Load(start{column})" : sums)})";

    /// <summary>C# of floats made of whole sums.</summary>
    /// <param name="sums">The sums, a vector of integers.</param>
    /// <param name="vector">The class of the vector's methods.</param>
    /// <param name="timesRow">C# of floats multiplied by the row's scale.</param>
    /// <param name="column">What is added to pointers to reach the first column; empty for nothing.</param>
    public string Floats(string sums, string vector, Func<string, string> timesRow, string column)
    {
        var floats = Converted(sums, vector, column);
        var fma = vector == "V128" ? "MultiplyAddEstimate" : "FusedMultiplyAdd";
        return !Scales ? floats
            : AddsBias ? $"{vector}.{fma}({timesRow($"({floats})")}, {vector}.Load(scales{column}), {vector}.Load(bias{column}))"
            : $"{timesRow($"({floats})")} * {vector}.Load(scales{column})";
    }
}
