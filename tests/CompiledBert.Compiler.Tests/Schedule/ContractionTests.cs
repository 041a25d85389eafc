using CompiledBert.Compiler.Schedule;

namespace CompiledBert.Compiler.Tests.Schedule;

public sealed class ContractionTests
{
    private static readonly Load A = new("a", DataType.Float32, new Access("a0", Dim.Zero, [new AccessTerm("i", Dim.One)]));
    private static readonly Let Product = new("p", DataType.Float32, "mul", ["a", "2"]);
    private static readonly Let Sum = new("s", DataType.Float32, "add", ["1", "p"]);
    private static readonly Store Result = new(new Access("a1", Dim.Zero, [new AccessTerm("i", Dim.One)]), "s");

    [Fact]
    public void A_product_and_its_sum_are_one_operation()
    {
        var body = Contracted(A, Product, Sum, Result);
        Assert.Equal(["a", "s"], body.Select(Name).OfType<string>());
        Assert.Equal(("fma", "a 2 1"), (((Let)body[1]).Op, string.Join(' ', ((Let)body[1]).Args)));
    }

    [Fact]
    public void A_product_that_something_else_reads_stays()
    {
        Statement[] body = [A, Product, Sum, Result, new Store(new Access("a2", Dim.Zero, [new AccessTerm("i", Dim.One)]), "p")];
        Assert.Equal(body, Contracted(body));
    }

    [Fact]
    public void Programs_that_round_stay_as_the_model_says()
    {
        Statement[] body = [A, Product, Sum, new Let("r", DataType.Float32, "round", ["s"]), new Store(Result.To, "r")];
        Assert.Equal(body, Contracted(body));
    }

    [Fact]
    public void Integers_and_products_outside_the_loop_stay()
    {
        Statement[] integers = [new Let("p", DataType.Int64, "mul", ["i", "2"]), new Let("s", DataType.Int64, "add", ["p", "1"]), Result];
        Assert.Equal(integers, Contracted(integers));

        var before = new Let("p", DataType.Float32, "mul", ["x", "2"]);
        var nest = (NestStep)Contraction.Of(Nest([before, new Loop(
            "i", Dim.Of(8), LoopKind.Lanes, [A, new Let("s", DataType.Float32, "add", ["a", "p"]), Result])]));
        Assert.Same(before, nest.Body[0]);
    }

    private static IReadOnlyList<Statement> Contracted(params Statement[] body) =>
        ((Loop)((NestStep)Contraction.Of(Nest([new Loop("i", Dim.Of(8), LoopKind.Lanes, body)]))).Body[0]).Body;

    private static NestStep Nest(IReadOnlyList<Statement> body) => new() { Title = "", Origins = [], Body = body };

    private static string? Name(Statement statement) => statement switch { Let let => let.Id, Load load => load.Id, _ => null };
}
