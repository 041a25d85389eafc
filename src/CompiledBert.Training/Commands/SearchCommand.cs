using System.CommandLine;
using CompiledBert.Compiler;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Runs;

namespace CompiledBert.Training.Commands;

/// <summary><c>search</c>: finds the model that fits a budget.</summary>
internal static class SearchCommand
{
    public static Command Create()
    {
        var teacher = new Option<string>("--teacher")
        {
            Description = "The ONNX file of the model to come near to: "
                + "a classifier, which 'train' makes, or for embed an embedding model.",
            Required = true,
        };
        var targets = new Option<string[]>("--target", "--targets")
        {
            Description = "Cores or devices, separated by commas; 'compiledbert targets' lists them.",
            AllowMultipleArgumentsPerToken = true,
        };
        var precision = new Option<Precision>("--precision")
        {
            Description = "What the found model will be compiled in: int8 or fp32.",
            DefaultValueFactory = _ => Precision.Int8,
        };
        var budget = new Option<string?>("--budget") { Description = "Time of a call: 5ms@64, or 5ms@64 on cortex-a76; several with ; between them." };
        var size = new Option<string?>("--size") { Description = "Size of the weights: 8MB." };
        var memory = new Option<string?>("--memory") { Description = "Size of a call's arena: 2MB@64." };
        var space = new Option<string?>("--space") { Description = "A JSON file of what may be chosen from." };
        var strategy = new Option<string>("--strategy")
        {
            Description = "Who proposes: evolution, controller or random.",
            DefaultValueFactory = _ => "evolution",
        };
        var candidates = new Option<int?>("--candidates") { Description = "How many candidates are compared." };
        var preset = new Option<string>("--preset") { Description = "How long it takes: minute, ten-minutes or full.", DefaultValueFactory = _ => "full" };
        var supernetSteps = new Option<int?>("--supernet-steps") { Description = "How many steps the supernet is trained, whose parts they are." };
        var finalists = new Option<int?>("--finalists") { Description = "How many of the best are trained by themselves before one is chosen." };
        var front = new Option<int>("--front") { Description = "How many models are trained besides, from about 3 to 30 times fewer cycles than the teacher." };
        var variants = new Option<int?>("--variants") { Description = "How many texts are made of each one, for the teacher to label." };
        var attention = new Option<double?>("--attention-weight")
        {
            Description = "The weight of what heads look at, beside hidden states, which count 1; by default 1.",
        };
        var blended = new Option<double?>("--blended") { Description = "The share of steps in which the embeddings of two texts are mixed; by default none." };
        var workers = new Option<int?>("--workers")
        {
            Description = "How many candidates, and how many models, are worked on at once; by default as many as there are processors. "
                + "The result is the same.",
        };
        var common = new TrainingOptions();
        var command = new Command(
            "search",
            "Finds the BERT that is best within a budget, "
                + "trains it from the teacher, and writes it as ONNX with all that a build wants beside it, and a report.")
        {
            teacher, targets, precision, budget, size, memory, space, strategy, candidates, supernetSteps, finalists,
            preset, variants, attention, blended, front, workers,
        };
        common.AddTo(command);
        command.SetAction(parsed => common.Run(parsed, cancellation =>
        {
            var request = new SearchRequest
            {
                Task = parsed.GetValue(common.Task),
                Teacher = parsed.GetRequiredValue(teacher),
                Tokenizer = parsed.GetValue(common.Tokenizer),
                Train = parsed.GetRequiredValue(common.Train),
                MaxTokens = parsed.GetValue(common.MaxTokens),
                Halves = parsed.GetValue(common.Halves),
                Targets =
                    [.. (parsed.GetValue(targets) ?? []).SelectMany(t => t.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))],
                Precision = parsed.GetValue(precision),
                Budget = parsed.GetValue(budget),
                Size = parsed.GetValue(size),
                Memory = parsed.GetValue(memory),
                Space = parsed.GetValue(space),
                Front = Math.Clamp(parsed.GetValue(front), 0, 100),
                Strategy = parsed.GetRequiredValue(strategy),
                Workers = Math.Clamp(
                    parsed.GetValue(workers) ?? Environment.ProcessorCount / parsed.GetValue(common.Threads), 1, Exploration.MostWorkers),
            }.Preset(parsed.GetRequiredValue(preset));
            request = request with
            {
                Candidates = Math.Max(1, parsed.GetValue(candidates) ?? request.Candidates),
                SupernetSteps = Math.Max(1, parsed.GetValue(supernetSteps) ?? request.SupernetSteps),
                Finalists = Math.Max(1, parsed.GetValue(finalists) ?? request.Finalists),
                Recipe = common.Change(parsed, request.Recipe) with
                {
                    Variants = Math.Max(0, parsed.GetValue(variants) ?? request.Recipe.Variants),
                    AttentionWeight = Math.Max(0, parsed.GetValue(attention) ?? request.Recipe.AttentionWeight),
                    Blended = Math.Clamp(parsed.GetValue(blended) ?? request.Recipe.Blended, 0, 1),
                },
            };
            SearchRun.Run(request, parsed.GetRequiredValue(common.Out), parsed.GetValue(common.Resume), Console.Out, cancellation);
        }));
        return command;
    }
}
