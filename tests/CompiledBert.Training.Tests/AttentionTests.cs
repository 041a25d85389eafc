using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tests;

public sealed class AttentionTests
{
    [TorchTheory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_heads_look_at_is_compared_as_it_is_in_plain_loops(bool isFirstOnly)
    {
        using var scope = NewDisposeScope();
        using var batch = Batch.Of(Toy.Examples(6, 4));
        var (texts, heads, tokens) = ((int)batch.Count, 3, (int)batch.Tokens);
        var rows = isFirstOnly ? 1 : tokens;
        var bias = batch.Mask.OneMinus().view(texts, 1, 1, tokens).Times(BertGraph.MaskedScore);
        var (scores, wanted) = (randn(texts, heads, rows, tokens).Plus(bias), nn.functional.softmax(randn(texts, heads, rows, tokens).Plus(bias), 3));

        var (own, shares, mask) = (scores.data<float>().ToArray(), wanted.data<float>().ToArray(), batch.Mask.data<float>().ToArray());
        var (sum, count) = (0.0, 0);
        for (var text = 0; text < texts; text++)
        {
            for (var head = 0; head < heads; head++)
            {
                foreach (var row in Enumerable.Range(0, rows).Where(row => mask[(text * tokens) + row] > 0))
                {
                    var at = ((((text * heads) + head) * rows) + row) * tokens;
                    var kept = Enumerable.Range(0, tokens).Where(t => mask[(text * tokens) + t] > 0).ToList();
                    var all = Math.Log(kept.Sum(t => Math.Exp(own[at + t])));
                    sum += kept.Sum(t => shares[at + t] * (Math.Log(shares[at + t]) - own[at + t] + all));
                    count++;
                }
            }
        }

        Assert.Equal(sum / count, Distillation.OfAttention(scores, wanted, batch).item<float>(), 1e-5);
        Assert.Equal(0, Distillation.OfAttention(scores, nn.functional.softmax(scores, 3), batch).item<float>(), 1e-5);
    }

    [TorchFact]
    public void A_head_is_compared_with_the_one_that_it_came_from()
    {
        using var scope = NewDisposeScope();
        var begin = Beginnings.Random(Toy.Shape, Toy.Task, 1);
        var queries = WeightNames.Layer(0) + WeightNames.Query + ".weight";
        begin[queries] = TensorData.FromFloats([.. begin[queries].Dims], [.. begin[queries].ToFloats().Select(w => 100 * w)]);
        using var teacher = new TorchBert(Toy.Shape, Toy.Task, begin);
        var shape = Toy.Shape with { Layers = [new LayerShape(2, 8, 32), .. Toy.Shape.Layers.Skip(1)] };
        var (weights, origin) = Inheritance.Of(Toy.Shape, begin, shape);
        Assert.Equal([2, 4, 4, 4], origin.Heads.Select(h => h.Length));
        using var student = new TorchBert(shape, Toy.Task, weights);
        using var batch = Batch.Of(Toy.Examples(6, 4));
        var shares = nn.functional.softmax(teacher.Forward(batch).Scores[0], 3);
        var own = student.Forward(batch).Scores[0];
        Assert.Equal(0, Distillation.OfAttention(own, shares.index_select(1, Longs(origin.Heads[0])), batch).item<float>(), 1e-6);
        Assert.True(
            Distillation.OfAttention(own, shares.index_select(1, Longs([.. Enumerable.Range(0, 4).Except(origin.Heads[0])])), batch).item<float>() > 1e-4);
    }

    [TorchFact]
    public void A_student_learns_to_look_where_its_teacher_does()
    {
        var examples = Toy.Examples(64, 1);
        using var teacher = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 1));
        using var student = new TorchBert(Toy.Shape, Toy.Task, Beginnings.Random(Toy.Shape, Toy.Task, 2));
        var (_, origin) = Inheritance.Of(Toy.Shape, teacher.Weights(), Toy.Shape);
        var recipe = Toy.Recipe with { Epochs = 10, HiddenWeight = 0, AttentionWeight = 1000 };
        using var trainer = new Trainer(
            student, examples, recipe, Toy.Purpose, new Distillation(new TeacherMemory(teacher, examples, recipe, origin.Layers), origin, Toy.Purpose));
        double Off()
        {
            using var none = no_grad();
            using var scope = NewDisposeScope();
            using var batch = Batch.Of(examples);
            return teacher.Forward(batch).Scores
                .Zip(student.Forward(batch).Scores, (wanted, own) => Distillation.OfAttention(own, nn.functional.softmax(wanted, 3), batch).item<float>())
                .Sum();
        }

        var before = Off();
        while (trainer.Done < trainer.Steps)
        {
            trainer.Step();
        }

        Assert.True(Off() < before / 2, $"{before} and {Off()}");
    }

    private static Tensor Longs(int[] numbers) => tensor(numbers.Select(n => (long)n).ToArray());
}
