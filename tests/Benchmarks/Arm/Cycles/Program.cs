using System.CommandLine;
using CompiledBert.Benchmarks.Cycles;
using CompiledBert.Compiler;

// Cycles of calls on Arm cores from pairs of block profiles, what the compiler estimates of them, and how near hot loops are to what the ports allow.
var folder = new Argument<DirectoryInfo>("folder")
{
    Description = "Where the profiles are, TOKENS-0.txt and TOKENS-1.txt, which differ by one call, and the program, app/call.dbg.",
};
var model = new Option<string>("--model") { Description = "The model.", Required = true };
var precision = new Option<Precision>("--precision") { Description = "fp32 or int8." };
var tokens = new Option<int[]>("--tokens") { Description = "Lengths.", Required = true, AllowMultipleArgumentsPerToken = true };
var cores = new Option<string[]>("--cores") { Description = "Cores as llvm-mca calls them.", Required = true, AllowMultipleArgumentsPerToken = true };
var withoutDots = new Option<bool>("--without-dots") { Description = "The program ran without dot products, so estimates are made without them." };
var blocks = new Option<int>("--blocks") { Description = "Hot blocks to print for each length.", DefaultValueFactory = _ => 25 };
var count = new Command("count", "Cycles of calls on Arm cores.") { folder, model, precision, tokens, cores, withoutDots, blocks };
count.SetAction(p =>
{
    var counted = p.GetValue(cores)!.Select(Core.Of).SelectMany(c => c.Corrected is { } corrected ? [c, corrected] : new[] { c }).ToArray();
    var estimates = new Estimates(p.GetValue(model)!, p.GetValue(precision));
    var methods = Methods.Of(Path.Combine(p.GetValue(folder)!.FullName, "app/call.dbg"));
    foreach (var each in p.GetValue(tokens)!)
    {
        string Profile(int calls) => Path.Combine(p.GetValue(folder)!.FullName, FormattableString.Invariant($"{each}-{calls}.txt"));
        var code = new HotCode(BlockProfile.Difference(Profile(0), Profile(1)));
        var cycles = counted.Select(core => (Core: core, Cycles: core.CyclesOf(code.Texts))).ToList();
        Console.WriteLine(FormattableString.Invariant(
            $"{each} tokens: {code.Instructions / 1e6:0.0} M instructions a call; {code.Blocks.Count} blocks are 99% of them"));
        foreach (var (core, ofOne) in cycles)
        {
            var sum = code.Sum(ofOne);
            var estimate = estimates.Of(core, each, p.GetValue(withoutDots)) is { } known
                ? FormattableString.Invariant($", estimated {known / 1e6,8:0.00} ({known / sum:0.00})")
                : "";
            Console.WriteLine(FormattableString.Invariant($"{core.Title,-12} {sum / 1e6,9:0.00} Mcycles{estimate}"));
        }

        if (p.GetValue(blocks) > 0)
        {
            code.Print(cycles, methods, Console.Out);
            code.Print(cycles, p.GetValue(blocks), Console.Out);
        }
    }
});
var length = new Argument<int>("tokens") { Description = "A length." };
var numbers = new Command("numbers", "Numbers of a model's output of so many tokens.") { length, model, precision };
numbers.SetAction(p => Console.WriteLine(new Estimates(p.GetValue(model)!, p.GetValue(precision)).Numbers(p.GetValue(length))));
return new RootCommand("Arm cores without one.") { count, numbers }.Parse(args).Invoke();
