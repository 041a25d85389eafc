namespace CompiledBert.Text.Models;

/// <summary>A score for each id, read in place: 32 bits each where that keeps every one of them exactly, else 64.</summary>
internal readonly unsafe struct ScoreTable(byte* scores, bool isSingle)
{
    public double this[int id] => isSingle ? ((float*)scores)[id] : ((double*)scores)[id];
}
