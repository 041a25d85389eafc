using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tests;

public sealed class DistillationTests
{
    private static BertShape Small => Toy.Shape with { Width = 24, Embedding = 24, Layers = [new LayerShape(2, 8, 32), new LayerShape(3, 8, 24)] };

    [TorchTheory]
    [InlineData(false, 0, 0, 0)]
    [InlineData(true, 0, 0, 0)]
    [InlineData(false, 1, 0.5, 0)]
    [InlineData(true, 2, 0.3, 0.1)]
    public void Distilling_that_was_interrupted_ends_with_the_same_bits(bool mixed, double attention, double blended, double dropout)
    {
        var examples = Variants.Added(Toy.Examples(70, 1), 1, 16, 4);
        var recipe = Toy.Recipe with { Mixed = mixed, Epochs = 3, AttentionWeight = attention, Blended = blended, Dropout = dropout };
        using var teacher = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 1));
        var whole = Distilled(teacher, examples, recipe, null);
        Assert.Equal(whole, Distilled(teacher, examples, recipe, 4));
        Assert.Equal(whole, Distilled(teacher, examples, recipe, 17));
    }

    [TorchTheory]
    [InlineData(Pooling.Cls)]
    [InlineData(Pooling.Mean)]
    public void What_a_teacher_is_remembered_to_have_said_is_what_it_says(Pooling pooling)
    {
        var (examples, task) = (Toy.Examples(50, 1), Toy.Task with { Pooling = pooling });
        using var teacher = new TorchBert(Toy.Shape, task, Beginnings.Random(Toy.Shape, task, 1));
        var memory = new TeacherMemory(teacher, examples, Toy.Recipe with { AttentionWeight = 1 }, [1, 3]);
        Assert.True(memory.Keeps);
        int[] numbers = [49, 3, 7, 21];
        using var none = no_grad();
        using var batch = Batch.Of([.. numbers.Select(i => examples[i])]);
        var (logits, hidden, scores) = teacher.Forward(batch);
        var (remembered, states, shares) = memory.Of(batch, numbers, [3, 1]);
        Near(logits, remembered, 1e-5f);
        Near(hidden[4] * Mask(batch, hidden[4]), states[0], 2e-3f);
        Near(hidden[2] * Mask(batch, hidden[2]), states[1], 2e-3f);
        Near(nn.functional.softmax(scores[3], 3) * Mask(batch, hidden[4]).unsqueeze(1), shares[0], 1e-3f);
        Near(nn.functional.softmax(scores[1], 3) * Mask(batch, hidden[2]).unsqueeze(1), shares[1], 1e-3f);
    }

    [TorchFact]
    public void A_step_changes_the_rows_of_its_words_alone()
    {
        var example = Toy.Examples(1, 5)[0];
        using var model = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 1));
        var before = Table(model);
        using var trainer = new Trainer(model, [example, example], Toy.Recipe, Toy.Purpose);
        trainer.Step();
        var after = Table(model);
        for (var row = 1; row < Toy.Vocabulary; row++)
        {
            Assert.Equal(!example.Ids.Contains(row), before[row].SequenceEqual(after[row]));
        }
    }

    [Fact]
    public void Variants_stand_behind_the_texts_and_have_no_label()
    {
        var examples = Toy.Examples(40, 1);
        var all = Variants.Added(examples, 2, 12, 9);
        Assert.Equal(120, all.Count);
        Assert.Equal(examples, all.Take(40));
        Assert.All(all.Skip(40), e =>
        {
            Assert.Equal((Example.NoLabel, 1, 2), (e.Label, e.Ids[0], e.Ids[^1]));
            Assert.InRange(e.Ids.Length, 3, 13);
            Assert.All(e.Ids[1..^1], id => Assert.InRange(id, 3, Toy.Vocabulary - 1));
        });
        Assert.Contains(all.Skip(40).Zip(examples), pair => !pair.First.Ids.SequenceEqual(pair.Second.Ids));
        Assert.Equal(all.Select(e => string.Join(' ', e.Ids)), Variants.Added(examples, 2, 12, 9).Select(e => string.Join(' ', e.Ids)));
    }

    private static Tensor Mask(Batch batch, Tensor state) => batch.Mask.view(batch.Count, batch.Tokens, 1).slice(1, 0, state.shape[1], 1);

    private static void Near(Tensor expected, Tensor actual, float tolerance)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, tolerance);
    }

    private static float[][] Table(TorchBert model) => [.. model.Weights()[WeightNames.Words].As<float>().ToArray().Chunk(Toy.Shape.Embedding)];

    private static byte[] Distilled(TorchBert teacher, IReadOnlyList<Example> examples, TrainingRecipe recipe, int? stopAt)
    {
        var path = Path.GetTempFileName();
        try
        {
            foreach (var end in new[] { stopAt, int.MaxValue }.Where(e => e is not null))
            {
                var (weights, origin) = Inheritance.Of(Toy.Shape, teacher.Weights(), Small);
                using var student = new TorchBert(Small, Toy.Task, weights);
                using var trainer = new Trainer(
                    student, examples, recipe, Toy.Purpose, new Distillation(new TeacherMemory(teacher, examples, recipe, origin.Layers), origin, Toy.Purpose));
                trainer.TryLoad(path);
                while (trainer.Done < Math.Min(end!.Value, trainer.Steps))
                {
                    trainer.Step();
                }

                trainer.Save(path);
            }

            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
