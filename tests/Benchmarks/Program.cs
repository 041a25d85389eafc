using System.CommandLine;
using CompiledBert.Benchmarks;
using CompiledBert.Compiler;
using CompiledBert.Tests;

// One command, one table. All measure beside ONNX Runtime in turns, and say which instructions ran.
var model = new Option<string>("--model")
{
    Description = "The ONNX file; all-MiniLM-L6-v2 of the folder of large models by default.",
    DefaultValueFactory = _ => RepositoryFiles.Shared("real/all-MiniLM-L6-v2.onnx") ?? "",
};
var tokens = new Option<int[]>("--tokens")
{
    Description = "Lengths.",
    DefaultValueFactory = _ => [16, 32, 64, 128, 256],
    AllowMultipleArgumentsPerToken = true,
};
var threads = new Option<int[]>("--threads") { Description = "Numbers of threads.", DefaultValueFactory = _ => [1, 2], AllowMultipleArgumentsPerToken = true };
var precision = new Option<Precision>("--precision") { Description = "fp32 or int8." };
var folder = new Option<string>("--models")
{
    Description = "A folder of models; families at real size of the folder of large models by default.",
    DefaultValueFactory = _ => RepositoryFiles.SharedModels is { } models ? Path.Combine(models, "big") : "",
};
var files = new Option<string>("--files")
{
    Description = "The folder of the files that describe the model.",
    DefaultValueFactory = _ => "all-MiniLM-L6-v2-files",
};
var seconds = new Option<double>("--seconds") { Description = "Time for each engine and row.", DefaultValueFactory = _ => 1.0 };

Command Make(string name, string description, Action<ParseResult> run, params Option[] options)
{
    var command = new Command(name, description);
    foreach (var option in options.Prepend(model))
    {
        command.Add(option);
    }

    command.SetAction(parsed =>
    {
        if (!File.Exists(parsed.GetValue(model)))
        {
            Console.Error.WriteLine("There is no such model here: name one with --model, or the folder of large models with CBERT_SHARED.");
            return 1;
        }

        run(parsed);
        return 0;
    });
    return command;
}

var root = new RootCommand("Speed of compiled models.")
{
    Make("calls", "Calls of one sequence: ratios to ONNX Runtime, and what a call spends outside its matrix products.",
        p => CallTable.Print(p.GetValue(model)!, p.GetValue(tokens)!, p.GetValue(threads)!, TimeSpan.FromSeconds(p.GetValue(seconds)), Console.Out),
        tokens, threads, seconds),
    Make("batch", "Sixty-four sentences of 5 to 40 tokens in one call: ratios to ONNX Runtime's best way.",
        p => BatchTable.Print(p.GetValue(model)!, p.GetValue(threads)!, TimeSpan.FromSeconds(p.GetValue(seconds)), Console.Out), threads, seconds),
    Make("tokenizers", "Tokens a second of every tokenizer over the sentences of SST-2, on one thread.",
        p => TokenizerTable.Print(Path.Combine(RepositoryFiles.SharedModels!, "..", "data", "tokenizers"),
            TimeSpan.FromSeconds(p.GetValue(seconds)), Console.Out), seconds),
    Make("embed", "A short text through Embed: the share of all that is not the model's, and what a call allocates.",
        p => EmbedTable.Print(p.GetValue(model)!, p.GetValue(files)!, TimeSpan.FromSeconds(p.GetValue(seconds)), Console.Out), files, seconds),
    Make("steps", "Where a call's time goes, step by step, and the share of the peak of multiply-adds.",
        p => StepProfile.Print(p.GetValue(model)!, p.GetValue(tokens)!, p.GetValue(threads)![0], p.GetValue(precision), Console.Out),
        tokens, threads, precision),
    Make("compile", "Seconds, bytes of memory and bytes of weights of compiling a model.",
        p => CompileCost.Print(p.GetValue(model)!, p.GetValue(precision), Console.Out), precision),
};
var families = new Command("families", "Every model of a folder: ratios to ONNX Runtime on one thread, agreement, what it takes to compile.")
{
    folder, tokens, precision, seconds,
};
families.SetAction(p =>
{
    if (!Directory.Exists(p.GetValue(folder)))
    {
        Console.Error.WriteLine("There is no such folder here: name one with --models, or the folder of large models with CBERT_SHARED.");
        return 1;
    }

    FamilyTable.Print(
        p.GetValue(folder)!, p.GetResult(tokens) is { Implicit: false } ? p.GetValue(tokens)! : [32, 128], p.GetValue(precision),
        TimeSpan.FromSeconds(p.GetValue(seconds)), Console.Out);
    return 0;
});
root.Add(families);
var count = new Option<int>("--count") { Description = "Candidates.", DefaultValueFactory = _ => 1000 };
var candidates = new Command("candidates", "What it takes to cost candidates of a search, each through the whole compiler, on one thread.")
{
    count, precision,
};
candidates.SetAction(p => CandidateTable.Print(p.GetValue(count), p.GetValue(precision), Console.Out));
root.Add(candidates);
return root.Parse(args).Invoke();
