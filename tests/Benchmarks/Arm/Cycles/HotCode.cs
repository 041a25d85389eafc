namespace CompiledBert.Benchmarks.Cycles;

/// <summary>The blocks that make up 99% of a call's instructions, with their text.</summary>
internal sealed class HotCode
{
    /// <summary>Takes the blocks that come first.</summary>
    /// <param name="blocks">All blocks of a call, the largest share of its instructions first.</param>
    public HotCode(IReadOnlyList<Block> blocks)
    {
        Instructions = blocks.Sum(b => b.Instructions);
        var hot = new List<Block>();
        for (var sum = 0.0; sum < 0.99 * Instructions; sum += hot[^1].Instructions)
        {
            hot.Add(blocks[hot.Count]);
        }

        var assembly = Assembly.Of(hot.SelectMany(b => b.Code));
        Blocks = hot;
        Texts = [.. hot.Select(b => (IReadOnlyList<string>)[.. b.Code.Select(word => assembly[word]).Where(text => text.Length > 0).DefaultIfEmpty("nop")])];
    }

    /// <summary>Instructions of a call, those of all blocks.</summary>
    public double Instructions { get; }

    /// <summary>The blocks.</summary>
    public IReadOnlyList<Block> Blocks { get; }

    /// <summary>Their instructions that take time.</summary>
    public IReadOnlyList<IReadOnlyList<string>> Texts { get; }

    /// <summary>Cycles of all blocks.</summary>
    /// <param name="ofOne">Cycles of one run of each.</param>
    public double Sum(IReadOnlyList<double> ofOne) => Blocks.Zip(ofOne, (block, cycles) => block.Runs * cycles).Sum();

    /// <summary>Prints the cycles of each method, the most of the first core first.</summary>
    public void Print(IReadOnlyList<(Core Core, IReadOnlyList<double> Cycles)> cores, Methods methods, TextWriter writer)
    {
        writer.WriteLine("Mcycles by method: " + string.Join(", ", cores.Select(c => c.Core.Title)));
        var byMethod = Enumerable.Range(0, Blocks.Count).GroupBy(i => methods.NameAt(Blocks[i].Address))
            .Select(g => (g.Key, Cycles: cores.Select(c => g.Sum(i => Blocks[i].Runs * c.Cycles[i]) / 1e6).ToArray()));
        foreach (var (name, spent) in byMethod.OrderByDescending(m => m.Cycles[0]))
        {
            writer.WriteLine($"{string.Join(" ", spent.Select(c => FormattableString.Invariant($"{c,7:0.00}")))}  {name}");
        }
    }

    /// <summary>Prints the blocks with the largest shares, and how near those that multiply are to what each core's ports allow.</summary>
    public void Print(IReadOnlyList<(Core Core, IReadOnlyList<double> Cycles)> cores, int most, TextWriter writer)
    {
        writer.WriteLine(
            "share of instructions, runs, address, instructions (multiply-adds, dots); "
                + "for each core Mcycles of all runs, and cycles of one run over the ports' limit");
        for (var i = 0; i < Math.Min(Blocks.Count, most); i++)
        {
            var products = Texts[i].Count(t => t.StartsWith("fmla", StringComparison.Ordinal));
            var dots = Texts[i].Count(t => t.StartsWith("sdot", StringComparison.Ordinal));
            var block = Blocks[i];
            writer.Write(FormattableString.Invariant(
                $"{block.Instructions / Instructions,6:0.0%} {block.Runs,10:0} {block.Address,10:x} {block.Code.Count,4} ({products}, {dots})"));
            foreach (var (core, cycles) in cores)
            {
                var limit = core.FmaRate == 0 ? 0 : (products / core.FmaRate) + (dots / core.DotRate);
                var share = limit > 0 && products + dots >= block.Code.Count / 2 ? FormattableString.Invariant($" {cycles[i] / limit:0.00}") : "";
                writer.Write(FormattableString.Invariant($"  {core.Title} {block.Runs * cycles[i] / 1e6:0.00}{share}"));
            }

            writer.WriteLine();
        }
    }
}
