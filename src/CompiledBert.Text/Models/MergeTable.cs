namespace CompiledBert.Text.Models;

/// <summary>
/// The merges of a byte pair encoding, read in place: for each left token its merges in order of the right one, each with its rank, and for each rank
/// the token that comes out.
/// </summary>
internal readonly unsafe struct MergeTable(int* starts, int leftTokens, uint* pairs, int* results)
{
    /// <summary>The rank of a merge; -1 where there is none.</summary>
    public int Rank(int left, int right)
    {
        if ((uint)left >= (uint)leftTokens)
        {
            return -1;
        }

        var (low, high) = (starts[left], starts[left + 1] - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var found = pairs[2 * (long)middle];
            if (found == (uint)right)
            {
                return (int)pairs[(2 * (long)middle) + 1];
            }

            (low, high) = found < (uint)right ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    /// <summary>The token that a merge makes.</summary>
    public int Result(int rank) => results[rank];
}
