using CompiledBert.Compiler;
using CompiledBert.Compiler.Targets;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tests;

public sealed class SupernetTests
{
    private static readonly BertShape[] Students =
    [
        Toy.Shape,
        Toy.Shape with { Width = 24, Embedding = 24, Layers = [new LayerShape(2, 8, 32), new LayerShape(3, 8, 24)] },
        Toy.Shape with { Width = 24, Embedding = 16, Activation = Activation.Relu, Layers = [new LayerShape(4, 4, 48)] },
        Toy.Shape with { Embedding = 8, Layers = [.. Toy.Shape.Layers.Take(3)] },
    ];

    [TorchFact]
    public void A_part_computes_what_the_student_that_inherits_it_does()
    {
        foreach (var teacher in new[] { Toy.Shape, Toy.Shape with { Embedding = 16 } })
        {
            var task = Toy.Task with { HasPooler = true };
            using var supernet = new Supernet(teacher, task, Beginnings.Random(teacher, task, 1));
            using var none = no_grad();
            using var batch = Batch.Of(Toy.Examples(5, 3));
            foreach (var shape in Students)
            {
                using var student = new TorchBert(shape, task, supernet.Inherited(shape).Weights);
                Assert.InRange((supernet.Part(shape).Forward(batch).Results - student.Forward(batch).Results).abs().max().item<float>(), 0, 1e-5f);
            }
        }
    }

    [TorchFact]
    public void What_a_part_learns_the_whole_has_learned()
    {
        var (train, held) = (Toy.Examples(800, 1), Toy.Examples(200, 2));
        using var teacher = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 1));
        using (var trainer = new Trainer(teacher, train, Toy.Recipe with { Epochs = 6 }, Toy.Purpose))
        {
            Run(trainer, trainer.Steps);
        }

        var weights = teacher.Weights();
        using var supernet = new Supernet(Toy.Shape, Toy.Task, weights);
        double Accuracy(BertShape shape) => Trainer.Worth(supernet.Part(shape), held, Toy.Purpose);
        var before = Students.Average(Accuracy);
        using var training = Training(supernet, teacher, train, 240);
        Run(training, training.Steps);
        Assert.True(Students.Average(Accuracy) > Math.Max(0.85, before + 0.05), $"{before} and {string.Join(' ', Students.Select(Accuracy))}");
        const string Classifier = WeightNames.Classifier + ".weight";
        var inherited = supernet.Inherited(Toy.Shape).Weights[Classifier].As<float>().ToArray();
        Assert.Contains(inherited.Except(weights[Classifier].As<float>().ToArray()), _ => true);
    }

    [TorchFact]
    public void Its_training_goes_on_after_an_interruption_with_the_same_bits()
    {
        var path = Path.GetTempFileName();
        try
        {
            byte[] Bits(int? stopAt)
            {
                var (examples, weights) = (Toy.Examples(70, 1), Beginnings.Random(Toy.Shape, Toy.Task, 1));
                using var teacher = new TorchBert(Toy.Shape, Toy.Task, weights);
                foreach (var end in new[] { stopAt, 20 }.Where(e => e is not null))
                {
                    using var supernet = new Supernet(Toy.Shape, Toy.Task, weights);
                    using var training = Training(supernet, teacher, examples, 20);
                    training.TryLoad(path);
                    Run(training, end!.Value);
                    training.Save(path);
                }

                var bits = File.ReadAllBytes(path);
                File.Delete(path);
                return bits;
            }

            var whole = Bits(null);
            Assert.Equal(whole, Bits(1));
            Assert.Equal(whole, Bits(13));
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Its_students_keep_the_limits_and_differ()
    {
        var space = SearchSpace.Below(Toy.Shape);
        var costs = new CandidateCosts(
            Toy.Task, Precision.Fp32, Limit.Parse("0.02ms@16", "60kB", null, ["cortex-a76"], 16, "test"), (KnownCores.NeoverseN1, 16));
        var shapes = WithinLimits.Sample(10, space, costs, 3);
        Assert.Equal(10, shapes.Distinct().Count());
        Assert.All(shapes, s => Assert.True(costs.Of(s).IsWithin && space.Contains(s), s.ToString()));
        Assert.Equal(shapes, WithinLimits.Sample(10, space, costs, 3));
    }

    private static Trainer Training(Supernet supernet, TorchBert teacher, IReadOnlyList<Example> examples, int steps) =>
        supernet.Training(() => Students, new TeacherMemory(teacher, examples, Toy.Recipe, [0, 1, 2, 3]), examples, Toy.Recipe, Toy.Purpose, steps);

    private static void Run(Trainer trainer, int end)
    {
        while (trainer.Done < end)
        {
            trainer.Step();
        }
    }
}
