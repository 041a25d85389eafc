using System.CommandLine;
using CompiledBert.Compiler;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Native;
using CompiledBert.Training.Runs;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Commands;

/// <summary>What both commands take, and how both end.</summary>
internal sealed class TrainingOptions
{
    public Option<string> Train { get; } = new("--train")
    {
        Description = "Texts with labels: two columns with a tab between them; "
            + "for tag, words and tags in columns, a word a line and an empty line behind a sentence; "
            + "for embed, texts alone. A tenth is held out to choose by.",
        Required = true,
    };

    public Option<string?> Tokenizer { get; } = new("--tokenizer") { Description = "The tokenizer's file or folder, where it is not beside the model." };

    public Option<string> Out { get; } = new("--out") { Description = "The folder of the run.", Required = true };

    public Option<TaskKind> Task { get; } = new("--task") { Description = "What the model is for: classify, tag, or embed." };

    public Option<int> MaxTokens { get; } = new("--max-tokens") { Description = "The most tokens of a text.", DefaultValueFactory = _ => 128 };

    public Option<double?> Epochs { get; } = new("--epochs") { Description = "How often all texts are seen." };

    public Option<double?> Rate { get; } = new("--rate") { Description = "The highest learning rate." };

    public Option<int> BatchSize { get; } = new("--batch") { Description = "Texts of a step.", DefaultValueFactory = _ => 64 };

    public Option<double?> Dropout { get; } = new("--dropout") { Description = "The share of elements that are left out by chance in a step: 0.1." };

    public Option<int> Seed { get; } = new("--seed") { Description = "The seed of all that is by chance.", DefaultValueFactory = _ => 1 };

    public Option<bool?> Mixed { get; } = new("--mixed")
    {
        Description = "Whether products are of bfloat16 while it trains; by default where the processor multiplies those.",
    };

    public Option<bool> Halves { get; } = new("--halves") { Description = "Keeps the matrices of the model's file in 16 bits: half the size." };

    public Option<int> Threads { get; } = new("--threads")
    {
        Description = "Threads. With one, the same request gives the same model to the bit.",
        DefaultValueFactory = _ => 1,
    };

    public Option<double?> MaxHours { get; } = new("--max-hours") { Description = "Stops after so long; --resume goes on." };

    public Option<bool> Resume { get; } = new("--resume") { Description = "Goes on with the run in the folder." };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[]
            { Train, Tokenizer, Out, Task, MaxTokens, Epochs, Rate, BatchSize, Dropout, Seed, Mixed, Halves, Threads, MaxHours, Resume })
        {
            command.Add(option);
        }
    }

    /// <summary>A recipe as these options change it.</summary>
    public TrainingRecipe Change(ParseResult parsed, TrainingRecipe recipe) => recipe with
    {
        Epochs = parsed.GetValue(Epochs) ?? recipe.Epochs,
        Rate = parsed.GetValue(Rate) ?? recipe.Rate,
        BatchSize = parsed.GetValue(BatchSize),
        Dropout = parsed.GetValue(Dropout) ?? recipe.Dropout,
        Seed = parsed.GetValue(Seed),
        Mixed = parsed.GetValue(Mixed) ?? Processor.MultipliesBfloat16,
    };

    /// <summary>Runs, and says how it ended.</summary>
    public int Run(ParseResult parsed, Action<CancellationToken> run)
    {
        using var limit = new TimeLimit(parsed.GetValue(MaxHours));
        try
        {
            Check(parsed);
            run(limit.Token);
            return 0;
        }
        catch (CompileException e)
        {
            Console.Error.WriteLine(e.Diagnostic);
            return 3;
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine($"stopped; the same command with --resume goes on from {parsed.GetValue(Out)}");
            return 6;
        }
    }

    private void Check(ParseResult parsed)
    {
        foreach (var (option, value) in new[] { (MaxTokens, 3), (BatchSize, 1), (Threads, 1) })
        {
            if (parsed.GetValue(option) < value)
            {
                throw DiagnosticTable.InvalidMetadata.Error(null, null, option.Name, parsed.GetValue(option), $"{value} and more");
            }
        }

        foreach (var option in new[] { Epochs, Rate, MaxHours })
        {
            if (parsed.GetValue(option) is { } value && !(value > 0 && double.IsFinite(value) && value < 1e6))
            {
                throw DiagnosticTable.InvalidMetadata.Error(null, null, option.Name, value, "a number above 0");
            }
        }

        if (parsed.GetValue(Dropout) is { } dropout && !(dropout is >= 0 and < 1))
        {
            throw DiagnosticTable.InvalidMetadata.Error(null, null, Dropout.Name, dropout, "0 and more, less than 1");
        }

        if (NativeTorch.Prepare(parsed.GetValue(Threads)) is { } failure)
        {
            throw DiagnosticTable.TrainingMissing.Error(
                null, null, "libtorch, which cannot be loaded: " + failure,
                "Install the package CompiledBert.Training for this system: 64-bit Linux on x64, Windows on x64, or macOS on Arm.");
        }
    }
}
