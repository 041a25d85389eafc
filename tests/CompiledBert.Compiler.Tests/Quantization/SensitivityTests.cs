using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Quantization;
using CompiledBert.Compiler.Tests.Passes;
using Xunit;

namespace CompiledBert.Compiler.Tests.Quantization;

public class SensitivityTests
{
    private const int Width = 32;
    private const int Ids = 100;

    /// <summary>Two products of embeddings; of the first, one column is so large that the steps of every row are coarser than all the others.</summary>
    private static ModelGraph Graph(float largest)
    {
        var sketch = new Sketch();
        var ids = sketch.Input(DataType.Int64, Sketch.Batch, Sketch.Tokens);
        Value Embedded(float of)
        {
            var table = sketch.Weights(Ids, Width).Constant!.As<float>().ToArray();
            for (var id = 0; id < Ids; id++)
            {
                table[id * Width] *= of;
            }

            return sketch.Add(new Gather(0), ModelGraph.Constant("table", TensorData.FromFloats([Ids, Width], table)), ids);
        }

        Value Product(Value x, bool readsFirst)
        {
            var weights = sketch.Weights(Width, Width).Constant!.As<float>().ToArray();
            if (!readsFirst)
            {
                weights.AsSpan(0, Width).Clear();
            }

            return sketch.Add(new Linear(), x, ModelGraph.Constant("weights", TensorData.FromFloats([Width, Width], weights)));
        }

        sketch.Graph.Outputs.Add(("y", sketch.Plus(Product(Embedded(largest), readsFirst: false), Product(Embedded(1), readsFirst: true))));
        return sketch.Graph;
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(1e6f, 1)]
    public void A_product_that_loses_too_much_stays_in_floats(float largest, int kept)
    {
        var graph = Graph(largest);
        var quality = QuantizationStage.Run(graph);
        Assert.Equal(kept, quality.Kept);
        Assert.Equal((kept, 2 - kept), (graph.CountOf<Linear>(), graph.CountOf<IntegerLinear>()));
        Assert.Equal(2, quality.Results.Count);
        Assert.Equal(2 - kept, quality.Weights.Count);
        Assert.Equal(kept, quality.Results.Count(r => r.Value < 20));
    }

    [Fact]
    public void Measured_results_are_as_far_off_as_those_of_the_quantised_graph()
    {
        var (before, after) = (Graph(1), Graph(1));
        var quality = QuantizationStage.Run(after);
        var ids = new Dictionary<string, Compiler.Evaluation.Tensor>
        {
            ["in0"] = Compiler.Evaluation.Tensor.Of([1, Ids], [.. Enumerable.Range(0, Ids).Select(i => (long)i)]),
        };
        var exact = Compiler.Evaluation.GraphEvaluator.Run(before, ids)["y"].Floats;
        var rounded = Compiler.Evaluation.GraphEvaluator.Run(after, ids)["y"].Floats;
        var decibels = 10 * Math.Log10(exact.Sum(e => (double)e * e) / exact.Zip(rounded, (e, r) => ((double)e - r) * (e - r)).Sum());

        // The tables are rounded too, as much as the operands: twice that part of the error.
        Assert.InRange(decibels, quality.Results.Values.Min() - 4, quality.Results.Values.Max() + 1);
    }
}
