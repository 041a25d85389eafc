using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;
using static CompiledBert.Compiler.Tests.Evaluation.Evaluate;

namespace CompiledBert.Compiler.Tests.Evaluation;

public class GraphEvaluatorTests
{
    private static readonly Symbol T = new("T");

    [Fact]
    public void Symbols_take_their_lengths_from_the_inputs()
    {
        var graph = Positions();
        var result = GraphEvaluator.Run(graph, new Dictionary<string, Tensor> { ["ids"] = I([1, 3], 5, 6, 7) });
        Same(I([1, 3], 5, 7, 9), result["y"]);
    }

    [Fact]
    public void A_missing_input_is_named()
    {
        var e = Assert.Throws<EvaluationException>(() => GraphEvaluator.Run(Positions(), new Dictionary<string, Tensor>()));
        Assert.Contains("ids", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Lengths_that_contradict_each_other_are_refused()
    {
        var graph = Positions();
        graph.AddInput("mask", DataType.Int64, new Shape(Dim.One, Dim.Of(T)));
        Assert.Throws<EvaluationException>(() =>
            GraphEvaluator.Run(graph, new Dictionary<string, Tensor> { ["ids"] = I([1, 3], 5, 6, 7), ["mask"] = I([1, 2], 1, 1) }));
    }

    // ids plus their positions
    private static ModelGraph Positions()
    {
        var graph = new ModelGraph();
        graph.Symbols.Add(T);
        var ids = graph.AddInput("ids", DataType.Int64, new Shape(Dim.One, Dim.Of(T)));
        var positions = graph.Add("p", new Iota(0, 1, Dim.Of(T)), [], ["Range"]);
        graph.Outputs.Add(("y", graph.Add("y", new Binary(BinaryKind.Add), [ids, positions], ["Add"])));
        return graph;
    }
}
