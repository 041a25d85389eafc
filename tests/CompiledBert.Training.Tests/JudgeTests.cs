using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tests;

public sealed class JudgeTests
{
    [TorchFact]
    public void A_student_is_scored_by_how_far_its_opinions_are_from_the_teachers()
    {
        var texts = Toy.Examples(150, 3);
        using var teacher = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 1));
        using var student = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 2));
        var judge = new Judge(teacher, _ => texts, Toy.Recipe, Toy.Purpose);

        var (own, right) = judge.Of(teacher, CancellationToken.None);
        Assert.Equal(0, own, 6);
        Assert.Equal(Trainer.Worth(teacher, texts, Toy.Purpose), right);

        var (score, accuracy) = judge.Of(student, CancellationToken.None);
        Assert.Equal(-texts.Average(e => Distance(Shares(teacher, e), Shares(student, e))), score, 5);
        Assert.Equal(Trainer.Worth(student, texts, Toy.Purpose), accuracy);
        Assert.True(score < 0);
        Assert.Equal((score, accuracy), judge.Of(student, CancellationToken.None));
    }

    private static double Distance(double[] p, double[] q) => p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();

    private static double[] Shares(TorchBert model, Example example)
    {
        using var none = no_grad();
        using var batch = Batch.Of([example]);
        var powers = model.Forward(batch).Results.data<float>().ToArray().Select(l => Math.Exp(l / Toy.Recipe.Temperature)).ToArray();
        return [.. powers.Select(p => p / powers.Sum())];
    }
}
