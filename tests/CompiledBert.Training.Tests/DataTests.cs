using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using CompiledBert.Training.Data;

namespace CompiledBert.Training.Tests;

public sealed class DataTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Texts_and_labels_are_read()
    {
        var texts = Read("sentence\tlabel\na good film\tpositive\n\nbad\tnegative\nbad\tpositive\n");
        Assert.Equal(["negative", "positive"], texts.Labels);
        Assert.Equal([1, 0, 1], texts.Examples.Select(e => e.Label));
        Assert.Equal(5, texts.Examples[0].Ids.Length);
        Assert.Equal(["0", "2", "10"], Read("a\t10\nb\t2\nc\t0\n").Labels);
        Assert.Equal(4, Read("a b c d e f g\tx\nb\ty\n", maxTokens: 4).Examples[0].Ids.Length);
    }

    [Theory]
    [InlineData("a\t1\nb\n", "CBERT0804", "Line 2")]
    [InlineData("a\tb\t1\n", "CBERT0804", "Line 1")]
    [InlineData("a\t\n", "CBERT0804", "Line 1")]
    [InlineData("sentence\tlabel\n", "CBERT0804", "there are no rows")]
    [InlineData("a\tx\nb\tx\n", "CBERT0805", "1 different labels")]
    public void What_is_no_text_with_a_label_is_refused_by_line(string content, string code, string words)
    {
        var refusal = Assert.Throws<CompileException>(() => Read(content));
        Assert.Equal(code, refusal.Diagnostic.Code);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_label_that_the_teacher_does_not_know_is_named()
    {
        var refusal = Assert.Throws<CompileException>(() => Read("a\tx\nb\tz\n", labels: ["x", "y"]));
        Assert.Equal("CBERT0805", refusal.Diagnostic.Code);
        Assert.Contains("line 2 has 'z'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_epoch_has_every_example_once_and_comes_again()
    {
        var examples = Toy.Examples(203, 1);
        var order = new BatchOrder(examples, 16, 5);
        Assert.Equal(13, order.PerEpoch);
        var first = Enumerable.Range(0, 13).SelectMany(order.At).ToList();
        var second = Enumerable.Range(13, 13).SelectMany(order.At).ToList();
        Assert.Equal(Enumerable.Range(0, 203), first.Order());
        Assert.Equal(Enumerable.Range(0, 203), second.Order());
        Assert.NotEqual(first, second);
        Assert.Equal(order.At(3), new BatchOrder(examples, 16, 5).At(3));
    }

    [Fact]
    public void What_is_held_out_is_always_the_same()
    {
        var examples = Toy.Examples(100, 1);
        var (train, held) = LabelledTexts.Split(examples, 10);
        Assert.Equal((90, 10), (train.Count, held.Count));
        Assert.Empty(train.Intersect(held));
        Assert.Equal(held, LabelledTexts.Split(examples, 10).Held);
    }

    private LabelledTexts Read(string content, int maxTokens = 20, IReadOnlyList<string>? labels = null)
    {
        File.WriteAllText(_file, content);
        return LabelledTexts.Read(_file, FolderTokenizer.Read(Toy.MovieMood)!, maxTokens, labels);
    }
}
