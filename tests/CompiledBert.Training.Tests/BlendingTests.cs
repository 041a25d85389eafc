using CompiledBert.Search.Space;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tests;

public sealed class BlendingTests
{
    private static readonly IReadOnlyList<Example> Examples = Toy.Examples(40, 1);

    [TorchFact]
    public void As_many_steps_are_blended_as_are_asked_for_and_always_the_same()
    {
        int[] numbers = [7, 3, 30];
        var recipe = Toy.Recipe with { Blended = 0.25 };
        List<Blend?> Blends() => [.. Enumerable.Range(0, 1000).Select(step => Blending.At(step, recipe, numbers, Examples))];
        var blends = Blends();
        Assert.InRange(blends.Count(b => b is not null), 200, 300);
        Assert.Equal(blends.Select(b => b?.Share), Blends().Select(b => b?.Share));
        Assert.All(blends.OfType<Blend>(), b => Assert.Equal([3, 30, 7], b.Numbers));
        Assert.All(blends.OfType<Blend>(), b => Assert.InRange(b.Share, 0, 1));
        Assert.InRange(blends.OfType<Blend>().Average(b => b.Share), 0.4, 0.6);
        Assert.Null(Blending.At(1, Toy.Recipe, numbers, Examples));
    }

    [TorchTheory]
    [InlineData(Pooling.Cls)]
    [InlineData(Pooling.Mean)]
    [InlineData(Pooling.None)]
    public void A_blend_is_a_text_where_the_other_counts_nothing(Pooling pooling)
    {
        using var none = no_grad();
        using var scope = NewDisposeScope();
        var task = Toy.Task with { Pooling = pooling };
        using var model = new TorchBert(Toy.Shape, task, Beginnings.Random(Toy.Shape, task, 1));

        // Of one length: a text that is blended with a longer one has that one's padding.
        var texts = Examples.Where(e => e.Ids.Length == Examples[0].Ids.Length).Take(3).ToList();
        using var batch = Batch.Of(texts);
        BertResults Blended(double share)
        {
            using var blend = new Blend(Batch.Of([texts[1], texts[2], texts[0]]), [1, 2, 0], share);
            return model.Forward(batch, blend: blend);
        }

        var own = model.Forward(batch);
        var others = own.Results.roll(-1, 0);
        Near(own.Results, Blended(0).Results);
        Near(others, Blended(1).Results);
        Near(own.Hidden[0].Times(0.7).Plus(own.Hidden[0].roll(-1, 0).Times(0.3)), Blended(0.3).Hidden[0]);
    }

    [TorchFact]
    public void A_student_is_told_of_a_blend_what_is_told_of_both()
    {
        var recipe = Toy.Recipe with { Blended = 1, AttentionWeight = 1 };
        using var teacher = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 1));
        using var student = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 2));
        var (_, origin) = Inheritance.Of(Toy.Shape, teacher.Weights(), Toy.Shape);
        var distillation = new Distillation(new TeacherMemory(teacher, Examples, recipe, origin.Layers), origin, Toy.Purpose);
        float expected;
        using (var scope = NewDisposeScope())
        {
            var numbers = new BatchOrder(Examples, recipe.BatchSize, recipe.Seed).At(0);
            using var batch = Batch.Of([.. numbers.Select(i => Examples[i])]);
            using var blend = Blending.At(0, recipe, numbers, Examples)!;
            var own = student.Forward(batch, blend: blend);
            expected = (float)(((1 - blend.Share) * distillation.Loss(batch, numbers, own, recipe).item<float>())
                + (blend.Share * distillation.Loss(blend.Others, blend.Numbers, own, recipe).item<float>()));
        }

        using var trainer = new Trainer(student, Examples, recipe, Toy.Purpose, distillation);
        Assert.Equal(expected, trainer.Step(), 1e-5f);
    }

    private static void Near(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        Assert.InRange((expected - actual).abs().max().item<float>(), 0, 1e-5f);
    }
}
