using System.Globalization;
using CompiledBert.Benchmarks.Cycles;

// cycles FEWER MORE CALLS [CORE...]: cycles of a call on Arm cores from two block profiles, and how near its hot loops are to what the ports allow.
if (args.Length < 3)
{
    Console.Error.WriteLine("usage: cycles FEWER.txt MORE.txt CALLS [CORE...]");
    return 2;
}

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var blocks = BlockProfile.Difference(args[0], args[1], int.Parse(args[2], CultureInfo.InvariantCulture));
var cores = args.Length > 3 ? [.. args[3..].Select(name => Core.Known.FirstOrDefault(c => c.Name == name) ?? new Core(name, 0, 0))] : Core.Known;
var all = blocks.Sum(b => b.Instructions);
var hot = new List<Block>();
for (var sum = 0.0; sum < 0.99 * all; sum += hot[^1].Instructions)
{
    hot.Add(blocks[hot.Count]);
}

var assembly = Assembly.Of(hot.SelectMany(b => b.Code));
var texts = hot.Select(b => (IReadOnlyList<string>)[.. b.Code.Select(word => assembly[word]).Where(text => text.Length > 0).DefaultIfEmpty("nop")]).ToList();
Console.WriteLine($"{all / 1e6:0.0} M instructions a call; {hot.Count} blocks are 99% of them");
var cycles = cores.ToDictionary(core => core, core => core.CyclesOf(texts));
foreach (var core in cores)
{
    Console.WriteLine($"{core.Name,-12} {hot.Zip(cycles[core], (b, c) => b.Runs * c).Sum() / 1e6,9:0.00} Mcycles");
}

Console.WriteLine();
Console.WriteLine("share of instructions, runs, address, instructions (multiply-adds, dots); for each core cycles of all runs, and of one run against the ports' limit");
for (var i = 0; i < Math.Min(hot.Count, 25); i++)
{
    var products = texts[i].Count(t => t.StartsWith("fmla", StringComparison.Ordinal));
    var dots = texts[i].Count(t => t.StartsWith("sdot", StringComparison.Ordinal));
    Console.Write($"{hot[i].Instructions / all,6:0.0%} {hot[i].Runs,10:0} {hot[i].Address,10:x} {hot[i].Code.Count,4} ({products}, {dots})");
    foreach (var core in cores)
    {
        var limit = core.FmaRate == 0 ? 0 : (products / core.FmaRate) + (dots / core.DotRate);
        var share = limit > 0 && products + dots >= hot[i].Code.Count / 2 ? $" {cycles[core][i] / limit:0.00}" : "";
        Console.Write($"  {core.Name} {hot[i].Runs * cycles[core][i] / 1e6:0.00}{share}");
    }

    Console.WriteLine();
}

return 0;
