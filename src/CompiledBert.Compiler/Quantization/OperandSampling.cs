using System.Globalization;
using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Quantization;

/// <summary>
/// What operands of products look like: the evaluator runs the graph, on the ids of a <see cref="Calibration"/> where there is one, else on made-up ones. Which
/// columns are large is a property of the weights, and shows on any text; how large they get is known better from texts of the model's own.
/// </summary>
internal static class OperandSampling
{
    private const int MadeUpTokens = 24;

    // Beyond this many multiply-adds made-up ids would take longer than all the rest of a build, and a calibration longer than anyone waits.
    private const long MostMadeUpWork = 12_000_000_000;
    private const long MostCalibrationWork = 60_000_000_000;

    // Rows of each operand that the rounding's effect is measured on: of twice as many it is another by 0.1 dB, by 1 dB at most where
    // single rows are much larger than others.
    private const int KeptRows = 12;

    /// <summary>Whether the graph can be run at all, and soon enough where the ids are made up.</summary>
    public static bool CanMeasure(ModelGraph graph, Calibration? calibration) =>
        graph.Inputs.All(i => i.Type.IsInteger()) && (calibration is not null || WorkOf(graph) * MadeUpTokens <= MostMadeUpWork);

    /// <summary>What was seen of each of some values; nothing where the graph cannot be run on made-up ids.</summary>
    /// <exception cref="CompileException">The graph cannot be run on the calibration's ids.</exception>
    public static IReadOnlyDictionary<Value, OperandSample> Measure(ModelGraph graph, IReadOnlyCollection<Value> operands, Calibration? calibration)
    {
        if (operands.Count == 0)
        {
            return new Dictionary<Value, OperandSample>();
        }

        if (!CanMeasure(graph, calibration))
        {
            return calibration is null
                ? new Dictionary<Value, OperandSample>()
                : throw DiagnosticTable.InvalidCalibration.Error(
                    graph.File, null, calibration.Name, "The model takes inputs that are not whole numbers, and ids alone cannot run it.");
        }

        return calibration is null ? MeasureMadeUp(graph, operands) : MeasureGiven(graph, operands, calibration);
    }

    private static Dictionary<Value, OperandSample> MeasureMadeUp(ModelGraph graph, IReadOnlyCollection<Value> operands)
    {
        var samples = NewSamples(operands);
        try
        {
            Run(graph, new TokenTensors(graph).MadeUp(MadeUpTokens), samples, KeptRows);
            return samples;
        }
        catch (EvaluationException)
        {
            return [];
        }
    }

    /// <summary>Sequences in the file's order, until the work that a build may take is done.</summary>
    private static Dictionary<Value, OperandSample> MeasureGiven(ModelGraph graph, IReadOnlyCollection<Value> operands, Calibration calibration)
    {
        var samples = NewSamples(operands);
        var tensors = new TokenTensors(graph);
        var most = Math.Max(1, MostCalibrationWork / Math.Max(1, WorkOf(graph)));
        var (tokens, used) = (0L, 0);
        while (used < calibration.Sequences.Count && (used == 0 || tokens + calibration.Sequences[used].Length <= most))
        {
            tokens += calibration.Sequences[used++].Length;
        }

        for (var i = 0; i < used; i++)
        {
            // As many of each as there is room for in all.
            var keep = (int)(((long)KeptRows * (i + 1) / used) - ((long)KeptRows * i / used));
            Run(graph, i, keep);
        }

        return samples;

        void Run(ModelGraph ofGraph, int sequence, int keep)
        {
            var ids = calibration.Sequences[sequence];
            try
            {
                if (ids.Max() >= tensors.Rows)
                {
                    throw new EvaluationException(string.Create(CultureInfo.InvariantCulture, $"id {ids.Max()} of a table with {tensors.Rows} rows"));
                }

                OperandSampling.Run(ofGraph, tensors.Of(ids), samples, keep);
            }
            catch (EvaluationException e)
            {
                throw DiagnosticTable.InvalidCalibration.Error(
                    graph.File, null, calibration.Name,
                    string.Create(CultureInfo.InvariantCulture, $"The model cannot be run on sequence {sequence + 1}, of {ids.Length} ids: {e.Message}"));
            }
        }
    }

    private static Dictionary<Value, OperandSample> NewSamples(IReadOnlyCollection<Value> operands) =>
        operands.ToDictionary(o => o, o => new OperandSample((int)o.Shape[-1].Value));

    private static void Run(ModelGraph graph, IReadOnlyDictionary<string, Tensor> inputs, Dictionary<Value, OperandSample> samples, int keep) =>
        GraphEvaluator.Run(graph, inputs, (value, tensor) =>
        {
            if (samples.TryGetValue(value, out var sample))
            {
                sample.Add(tensor.Floats, keep);
            }
        });

    /// <summary>Multiply-adds a token.</summary>
    private static long WorkOf(ModelGraph graph) => graph.Nodes.Where(n => n.Operator is Linear).Sum(n => n.In(1).Shape.Elements.Value);
}
