using System.Diagnostics;
using System.Globalization;
using CompiledBert.Training.Learning;

namespace CompiledBert.Training.Runs;

/// <summary>A training under way in a folder: it tells how far it is, keeps its state every so often, and stops when it is asked to.</summary>
internal static class Fitting
{
    private const double SecondsBetweenStates = 60;
    private const string StateFile = "training.state";

    /// <summary>Trains from the kept state, or from the beginning, to the end.</summary>
    /// <exception cref="OperationCanceledException">It was asked to stop; the state is kept.</exception>
    public static void Run(Trainer trainer, RunFolder folder, TextWriter progress, CancellationToken cancellation)
    {
        var state = folder.At(StateFile);
        if (trainer.TryLoad(state))
        {
            progress.WriteLine($"goes on after step {trainer.Done} of {trainer.Steps}");
        }

        var clock = Stopwatch.StartNew();
        var (from, kept, told, sum, count) = (trainer.Done, 0.0, 0.0, 0.0, 0);
        while (trainer.Done < trainer.Steps)
        {
            if (cancellation.IsCancellationRequested)
            {
                trainer.Save(state);
                throw new OperationCanceledException(cancellation);
            }

            sum += trainer.Step();
            count++;
            var now = clock.Elapsed.TotalSeconds;
            if (trainer.Done % Math.Max(1, trainer.Steps / 50) == 0)
            {
                folder.Note(string.Create(CultureInfo.InvariantCulture, $"{{\"event\": \"step\", \"step\": {trainer.Done}, \"of\": {trainer.Steps}, \"loss\": {sum / count:0.#####}}}"));
                (sum, count) = (0, 0);
            }

            if (now - told > 10)
            {
                told = now;
                progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {trainer.Done} of {trainer.Steps}, {now / (trainer.Done - from) * (trainer.Steps - trainer.Done) / 60:0.0} minutes left"));
            }

            if (now - kept > SecondsBetweenStates)
            {
                kept = now;
                trainer.Save(state);
            }
        }

        trainer.Save(state);
    }
}
