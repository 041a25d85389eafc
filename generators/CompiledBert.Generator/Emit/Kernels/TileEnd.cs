namespace CompiledBert.Generator.Emit;

/// <summary>What a micro-kernel of integers does with its sums before it stores them as floats.</summary>
/// <param name="AddsStart">Whether whole numbers are added, one a column.</param>
/// <param name="Scales">Whether they are multiplied by a scale of their row and one of their column.</param>
/// <param name="AddsBias">Whether floats are added after that, one a column.</param>
internal sealed record TileEnd(bool AddsStart, bool Scales = false, bool AddsBias = false)
{
    /// <summary>What kernels with this end have in their names.</summary>
    public string Suffix => (AddsStart ? "Plus" : "") + (Scales ? "Scaled" : "") + (AddsBias ? "Biased" : "");

    /// <summary>C# of floats made of whole sums.</summary>
    /// <param name="sums">The sums, a vector of integers.</param>
    /// <param name="vector">The class of the vector's methods.</param>
    /// <param name="row">The vector of the row's scale.</param>
    /// <param name="column">What is added to pointers to reach the first column; empty for nothing.</param>
    public string Floats(string sums, string vector, string row, string column)
    {
        var floats = $"{vector}.ConvertToSingle({(AddsStart ? $"{sums} + {vector}.Load(start{column})" : sums)})";
        var fma = vector == "V128" ? "MultiplyAddEstimate" : "FusedMultiplyAdd";
        return !Scales ? floats
            : AddsBias ? $"{vector}.{fma}({floats} * {row}, {vector}.Load(scales{column}), {vector}.Load(bias{column}))"
            : $"{floats} * {row} * {vector}.Load(scales{column})";
    }
}
