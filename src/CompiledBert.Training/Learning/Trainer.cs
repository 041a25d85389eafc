using CompiledBert.Search.Graphs;
using CompiledBert.Training.Data;
using CompiledBert.Training.Models;
using CompiledBert.Training.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>Trains a model step by step. Its state can be saved after any step, and what is trained from there is the same to the bit.</summary>
internal sealed class Trainer : IDisposable
{
    private readonly TorchBert _model;
    private readonly IReadOnlyList<Example> _examples;
    private readonly TrainingRecipe _recipe;
    private readonly IModelTask _task;
    private readonly Func<int, (TorchBert Model, Distillation? Teacher)> _student;
    private readonly BatchOrder _order;
    private readonly AdamW _optimizer;

    /// <param name="model">What is trained.</param>
    /// <param name="examples">What it is trained on.</param>
    /// <param name="recipe">How.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="teacher">Whom it should come near; null to learn from labels alone.</param>
    /// <param name="steps">How many steps; null for the recipe's epochs.</param>
    public Trainer(TorchBert model, IReadOnlyList<Example> examples, TrainingRecipe recipe, IModelTask task, Distillation? teacher = null, int? steps = null)
        : this(model, examples, recipe, task, _ => (model, teacher), steps)
    {
    }

    /// <param name="model">What is trained.</param>
    /// <param name="examples">What it is trained on.</param>
    /// <param name="recipe">How.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="student">For every step the model that learns in it, the whole or made of its parts, and whom that should come near.</param>
    /// <param name="steps">How many steps; null for the recipe's epochs.</param>
    public Trainer(
        TorchBert model, IReadOnlyList<Example> examples, TrainingRecipe recipe, IModelTask task,
        Func<int, (TorchBert Model, Distillation? Teacher)> student, int? steps)
    {
        (_model, _examples, _recipe, _task, _student) = (model, examples, recipe, task, student);
        _order = new BatchOrder(examples, recipe.BatchSize, recipe.Seed);
        _optimizer = new AdamW(model.Parameters, recipe.Decay);
        Steps = steps ?? Math.Max(1, (int)Math.Round(recipe.Epochs * _order.PerEpoch));
    }

    /// <summary>Steps of the whole training.</summary>
    public int Steps { get; }

    /// <summary>Steps done.</summary>
    public int Done { get; private set; }

    /// <summary>One step; returns the loss.</summary>
    public float Step()
    {
        using var scope = NewDisposeScope();
        var numbers = _order.At(Done);
        using var batch = Batch.Of([.. numbers.Select(i => _examples[i])]);
        var rows = _model.RowsOf(batch).detach().requires_grad_();
        var (model, teacher) = _student(Done);
        using var blend = teacher is null ? null : Blending.At(Done, _recipe, numbers, _examples);
        if (_recipe.Dropout > 0)
        {
            // What is left out hangs on the step alone, not on those that came before in this process.
            manual_seed((_recipe.Seed * 1_000_003L) + Done);
        }

        var own = model.Forward(batch, rows, _recipe.Mixed, dropout: _recipe.Dropout, blend: blend);
        var loss = teacher?.Loss(batch, numbers, own, _recipe)
            ?? _task.LabelLoss(batch, own.Results)
            ?? throw new InvalidOperationException("There is nothing to learn from.");
        if (blend is not null)
        {
            loss = loss.Times(1 - blend.Share).Plus(teacher!.Loss(blend.Others, blend.Numbers, own, _recipe).Times(blend.Share));
        }

        loss.backward();
        _optimizer.Step(_recipe.RateAt(Done, Steps), ++Done, new RowGradient(WeightNames.Words, batch.Words, rows.grad!));
        return loss.item<float>();
    }

    /// <summary>Saves all that the steps to come hang on.</summary>
    public void Save(string path) =>
        TensorArchive.Write(path, Done,
            _model.Parameters.Select(p => (p.Key, (Tensor)p.Value)).Concat(_optimizer.State.Select(s => (s.Key, s.Value))));

    /// <summary>Goes back to a saved state; false where there is none that is whole and of this model.</summary>
    public bool TryLoad(string path)
    {
        if (TensorArchive.Read(
            path, [.. _model.Parameters.Select(p => (p.Key, (Tensor)p.Value)), .. _optimizer.State.Select(s => (s.Key, s.Value))]) is not { } step)
        {
            return false;
        }

        Done = step;
        return true;
    }

    /// <summary>What people are told of a model's worth (<see cref="IModelTask.Measure"/>).</summary>
    /// <param name="model">The model.</param>
    /// <param name="examples">The examples.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="cancellation">Stops it.</param>
    public static double Worth(TorchBert model, IReadOnlyList<Example> examples, IModelTask task, CancellationToken cancellation = default)
    {
        using var none = no_grad();
        var tally = task.Tally();
        foreach (var part in examples.OrderBy(e => e.Ids.Length).Chunk(64))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var batch = Batch.Of(part);
            tally.Add(batch, model.Forward(batch).Results, null);
        }

        return tally.Value;
    }

    /// <inheritdoc/>
    public void Dispose() => _optimizer.Dispose();
}
