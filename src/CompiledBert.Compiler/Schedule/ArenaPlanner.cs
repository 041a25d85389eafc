using CompiledBert.Compiler.Fusion;

namespace CompiledBert.Compiler.Schedule;

/// <summary>
/// Assigns arena buffers to slots by their lifetimes: a slot holds one buffer at a time. Sizes are known only at run time, so a slot is as large as
/// the largest buffer it ever holds, and buffers of the same size share first.
/// </summary>
public static class ArenaPlanner
{
    /// <summary>The slot of each arena buffer.</summary>
    internal static IReadOnlyDictionary<string, int> Assign(IReadOnlyList<Step> steps, BufferTable buffers)
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        var last = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < steps.Count; i++)
        {
            foreach (var buffer in BufferUse.Of(steps[i]).Where(buffers.Arena.ContainsKey))
            {
                first.TryAdd(buffer, i);
                last[buffer] = i;
            }
        }

        var slots = new List<(int FreeFrom, List<Dim> Sizes)>();
        var assigned = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var buffer in first.OrderBy(f => f.Value).ThenBy(f => f.Key.Length).ThenBy(f => f.Key, StringComparer.Ordinal).Select(f => f.Key))
        {
            var size = BytesOf(buffers, buffer);
            var free = Enumerable.Range(0, slots.Count).Where(s => slots[s].FreeFrom <= first[buffer]).ToList();
            var slot = free.Where(s => slots[s].Sizes.Contains(size)).Append(-1).First();
            slot = slot >= 0 ? slot : free.Where(s => slots[s].Sizes.Any(held => Dominates(held, size) || Dominates(size, held))).Append(-1).First();
            if (slot < 0)
            {
                slot = slots.Count;
                slots.Add((0, []));
            }

            slots[slot].Sizes.Add(size);
            slots[slot] = (last[buffer] + 1, slots[slot].Sizes);
            assigned[buffer] = slot;
        }

        return assigned;
    }

    /// <summary>Bytes of a buffer, as a polynomial.</summary>
    internal static Dim BytesOf(BufferTable buffers, string buffer) =>
        buffers.Arena[buffer].Elements * Dim.Of(buffers.Arena[buffer].Type.BitsOf() / 8);

    /// <summary>Bytes of a plan's slots for given lengths: each slot as large as the largest buffer it ever holds.</summary>
    public static long BytesOf(ModelPlan plan, Func<Symbol, long> lengthOf) => plan.Buffers
        .Where(b => b.Kind == BufferKind.Arena)
        .GroupBy(b => b.Place)
        .Sum(slot => slot.Max(b => b.Elements.Evaluate(lengthOf) * b.Type.BitsOf() / 8));

    /// <summary>Whether one size is at least another for all lengths.</summary>
    private static bool Dominates(Dim a, Dim b) => (a - b).Terms.All(t => t.Coefficient > 0);
}
