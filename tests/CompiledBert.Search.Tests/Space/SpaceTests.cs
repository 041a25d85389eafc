using CompiledBert.Compiler;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Tests.Space;

public sealed class SpaceTests
{
    [Fact]
    public void Shapes_by_chance_lie_in_the_space_and_come_again_with_the_same_seed()
    {
        var variation = new ShapeVariation(Shapes.Space);
        List<BertShape> Walk()
        {
            var random = new Random(5);
            var shapes = new List<BertShape> { variation.Sample(random) };
            for (var i = 0; i < 300; i++)
            {
                shapes.Add(variation.Mutate(shapes[^1], random));
                shapes.Add(variation.Cross(shapes[random.Next(shapes.Count)], variation.Sample(random), random));
            }

            return shapes;
        }

        var first = Walk();
        Assert.All(first, s => Assert.True(Shapes.Space.Contains(s), s.ToString()));
        Assert.Equal(first, Walk());
        Assert.True(first.Distinct().Count() > 300);
        Assert.True(Shapes.Space.Contains(Shapes.Space.Smallest) && Shapes.Space.Contains(Shapes.MiniLm));
    }

    [Fact]
    public void A_space_without_wide_tables_has_factored_shapes_only()
    {
        var space = Shapes.Space with { Embedding = [96], Width = [192, 384] };
        var random = new Random(1);
        Assert.All(Enumerable.Range(0, 50), _ => Assert.Equal(96, new ShapeVariation(space).Sample(random).Embedding));
    }

    [Fact]
    public void A_space_is_the_same_after_it_was_written_and_read()
    {
        var text = SpaceJson.Write(Shapes.Space);
        Assert.Equal(text, SpaceJson.Write(SpaceJson.Parse(text, Shapes.Space, "space.json")));
        var part = SpaceJson.Parse("{\"heads\": [8, 4, 4], \"activation\": [\"relu\"]}", Shapes.Space, "space.json");
        Assert.Equal([4, 8], part.Heads);
        Assert.Equal([Activation.Relu], part.Activations);
        Assert.Equal(Shapes.Space.Width, part.Width);
    }

    [Theory]
    [InlineData("[", "not JSON")]
    [InlineData("[]", "not an object")]
    [InlineData("{\"head\": [1]}", "\"head\" is not known")]
    [InlineData("{\"heads\": [1], \"heads\": [2]}", "there twice")]
    [InlineData("{\"heads\": 4}", "must be a list")]
    [InlineData("{\"heads\": []}", "must be a list")]
    [InlineData("{\"heads\": [0]}", "has 0")]
    [InlineData("{\"heads\": [1.5]}", "has 1.5")]
    [InlineData("{\"width\": [99999999]}", "has 99999999")]
    [InlineData("{\"norm\": [\"rms\"]}", "\"norm\" must be a list of \"layerNorm\" and \"noNorm\"")]
    [InlineData("{\"norm\": [3]}", "\"norm\" must be a list")]
    public void What_is_no_space_is_refused_by_name(string json, string words)
    {
        var refusal = Assert.Throws<CompileException>(() => SpaceJson.Parse(json, Shapes.Space, "space.json"));
        Assert.Equal("CBERT0801", refusal.Diagnostic.Code);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.Equal("space.json", refusal.Diagnostic.File);
    }

    [Fact]
    public void A_shape_is_the_same_after_it_was_written_and_read()
    {
        var shape = Shapes.MiniLm with { Activation = Activation.Relu, Norm = Norm.NoNorm, Embedding = 96 };
        Assert.Equal(shape, ShapeJson.Read(ShapeJson.Write(shape)));
        Assert.Null(ShapeJson.Read("{}"));
        Assert.Null(ShapeJson.Read(ShapeJson.Write(shape).Replace("96", "0", StringComparison.Ordinal)));
    }
}
