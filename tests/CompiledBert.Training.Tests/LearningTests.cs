using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tests;

public sealed class LearningTests
{
    [TorchFact]
    public void A_student_that_inherits_and_distils_learns_what_its_teacher_knows()
    {
        var (train, held) = (Toy.Examples(800, 1), Toy.Examples(200, 2));
        using var teacher = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 1));
        Train(new Trainer(teacher, train, Toy.Recipe with { Epochs = 6 }, Toy.Purpose));
        var teachers = Trainer.Worth(teacher, held, Toy.Purpose);
        Assert.True(teachers > 0.9, $"{teachers}");

        var small = Toy.Shape with { Width = 24, Embedding = 16, Layers = [new LayerShape(2, 8, 32), new LayerShape(3, 8, 24)] };
        var (weights, origin) = Inheritance.Of(Toy.Shape, teacher.Weights(), small);
        using var student = new TorchBert(small, Toy.Task, weights);
        var recipe = Toy.Recipe with { Epochs = 4 };
        Train(
            new Trainer(student, train, recipe, Toy.Purpose, new Distillation(new TeacherMemory(teacher, train, recipe, origin.Layers), origin, Toy.Purpose)));
        var students = Trainer.Worth(student, held, Toy.Purpose);
        Assert.True(students > 0.85, $"{students}");
    }

    [TorchFact]
    public void What_inherits_all_is_the_same()
    {
        var weights = Beginnings.Random(Toy.Shape, Toy.Task, 1);
        var (taken, origin) = Inheritance.Of(Toy.Shape, weights, Toy.Shape);
        Assert.Equal([0, 1, 2, 3], origin.Layers);
        Assert.Equal(weights.Keys.Order(StringComparer.Ordinal), taken.Keys.Order(StringComparer.Ordinal));
        Assert.All(weights, w => Assert.Equal(w.Value.As<float>().ToArray(), taken[w.Key].As<float>().ToArray()));
    }

    [TorchFact]
    public void A_table_of_low_rank_is_factored_without_loss()
    {
        using var table = randn(60, 8).matmul(randn(8, 32));
        var weights = Beginnings.Random(Toy.Shape, Toy.Task, 1);
        weights[WeightNames.Words] = Compiler.Graph.TensorData.FromFloats([60, 32], table.data<float>().ToArray());
        var (taken, _) = Inheritance.Of(Toy.Shape, weights, Toy.Shape with { Embedding = 8 });
        var product = new WeightMatrix(taken[WeightNames.Words]).Times(new WeightMatrix(taken[WeightNames.Projection]));
        var (expected, actual) = (weights[WeightNames.Words].As<float>().ToArray(), product.Data.As<float>().ToArray());
        Assert.All(expected.Zip(actual), p => Assert.Equal(p.First, p.Second, 1e-3f));
    }

    [TorchFact]
    public void Where_a_table_is_factored_the_words_that_are_read_lose_least()
    {
        var weights = Beginnings.Random(Toy.Shape, Toy.Task, 1);
        int[] uses = [.. Enumerable.Range(0, Toy.Vocabulary).Select(i => i < 6 ? 1000 : 0)];
        double Lost(IReadOnlyList<int>? counted)
        {
            var (taken, _) = Inheritance.Of(Toy.Shape, weights, Toy.Shape with { Embedding = 8 }, counted);
            var product = new WeightMatrix(taken[WeightNames.Words]).Times(new WeightMatrix(taken[WeightNames.Projection])).Data.As<float>().ToArray();
            return weights[WeightNames.Words].As<float>().ToArray().Zip(product, (a, b) => Math.Abs(a - b)).Take(6 * Toy.Shape.Embedding).Max();
        }

        Assert.True(Lost(uses) < 1e-3, $"{Lost(uses)}");
        Assert.True(Lost(null) > 1e-2, $"{Lost(null)}");
    }

    [TorchFact]
    public void A_training_that_was_interrupted_ends_with_the_same_bits()
    {
        var examples = Toy.Examples(100, 1);
        var whole = Bits(null, examples);
        foreach (var at in new[] { 1, 6, 13 })
        {
            Assert.Equal(whole, Bits(at, examples));
        }
    }

    [TorchFact]
    public void A_state_that_is_not_whole_is_not_loaded()
    {
        var path = Path.GetTempFileName();
        try
        {
            using var model = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 1));
            using var trainer = new Trainer(model, Toy.Examples(20, 1), Toy.Recipe, Toy.Purpose);
            trainer.Step();
            trainer.Save(path);
            var bytes = File.ReadAllBytes(path);
            Assert.True(trainer.TryLoad(path));
            File.WriteAllBytes(path, bytes[..^5]);
            Assert.False(trainer.TryLoad(path));
            bytes[100] ^= 1;
            File.WriteAllBytes(path, bytes);
            Assert.False(trainer.TryLoad(path));
            Assert.False(trainer.TryLoad(path + ".none"));
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static void Train(Trainer trainer)
    {
        using (trainer)
        {
            while (trainer.Done < trainer.Steps)
            {
                trainer.Step();
            }
        }
    }

    private static byte[] Bits(int? stopAt, IReadOnlyList<Data.Example> examples)
    {
        var path = Path.GetTempFileName();
        var begin = Beginnings.Random(Toy.Shape, Toy.Task, 1);
        try
        {
            if (stopAt is { } steps)
            {
                using var first = new TorchBert(Toy.Shape, Toy.Task, begin);
                using var trainer = new Trainer(first, examples, Toy.Recipe, Toy.Purpose);
                while (trainer.Done < steps)
                {
                    trainer.Step();
                }

                trainer.Save(path);
            }

            using var model = new TorchBert(Toy.Shape, Toy.Task, begin);
            using var rest = new Trainer(model, examples, Toy.Recipe, Toy.Purpose);
            Assert.Equal(stopAt is not null, rest.TryLoad(path));
            while (rest.Done < rest.Steps)
            {
                rest.Step();
            }

            rest.Save(path);
            return File.ReadAllBytes(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
