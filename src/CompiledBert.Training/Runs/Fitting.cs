using System.Diagnostics;
using System.Globalization;
using CompiledBert.Training.Learning;

namespace CompiledBert.Training.Runs;

/// <summary>A training under way in a folder: it tells how far it is, keeps its state every so often, and stops when it is asked to.</summary>
internal static class Fitting
{
    private const double SecondsBetweenStates = 60;

    /// <summary>Trains from the kept state, or from the beginning, to the end.</summary>
    /// <param name="trainer">The training.</param>
    /// <param name="name">What is trained: the state is kept in the folder's file <c>NAME.state</c>.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="progress">Takes lines for people.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="OperationCanceledException">It was asked to stop; the state is kept.</exception>
    public static void Run(Trainer trainer, string name, RunFolder folder, TextWriter progress, CancellationToken cancellation)
    {
        var state = folder.At(name + ".state");
        if (trainer.TryLoad(state))
        {
            progress.WriteLine($"{name}: goes on after step {trainer.Done} of {trainer.Steps}");
        }

        if (trainer.Done == trainer.Steps)
        {
            return;
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
                folder.Note(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{{\"event\": \"step\", \"training\": \"{name}\", \"step\": {trainer.Done}, "
                        + $"\"of\": {trainer.Steps}, \"loss\": {sum / count:0.#####}}}"));
                (sum, count) = (0, 0);
            }

            if (now - told > 10)
            {
                told = now;
                progress.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name}: step {trainer.Done} of {trainer.Steps}, "
                        + $"{now / (trainer.Done - from) * (trainer.Steps - trainer.Done) / 60:0.0} minutes left"));
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
