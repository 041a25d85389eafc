using System.CommandLine;
using CompiledBert.Search.Space;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Runs;

namespace CompiledBert.Training.Commands;

/// <summary><c>train</c>: makes a classifier of an encoder.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The ONNX file of an encoder, such as an embedding model, or of a classifier." };
        var pooling = new Option<Pooling>("--pooling") { Description = "What a new classifier reads: cls (the first token, which is cheaper) or mean." };
        var common = new TrainingOptions();
        var command = new Command(
            "train", "Fine-tunes a model of the BERT kind into a classifier and writes it as ONNX with all that a build wants beside it.")
        {
            model, pooling,
        };
        common.AddTo(command);
        command.SetAction(parsed => common.Run(parsed, cancellation => TrainRun.Run(
            new TrainRequest
            {
                Task = parsed.GetValue(common.Task),
                Model = parsed.GetRequiredValue(model),
                Tokenizer = parsed.GetValue(common.Tokenizer),
                Train = parsed.GetRequiredValue(common.Train),
                MaxTokens = parsed.GetValue(common.MaxTokens),
                Halves = parsed.GetValue(common.Halves),
                Pooling = parsed.GetValue(pooling),
                Recipe = common.Change(parsed, new TrainingRecipe()),
            },
            parsed.GetRequiredValue(common.Out),
            parsed.GetValue(common.Resume),
            Console.Out,
            cancellation)));
        return command;
    }
}
