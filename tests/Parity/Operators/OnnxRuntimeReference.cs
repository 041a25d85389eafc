using System.Runtime.InteropServices;
using CompiledBert.Cli.Benchmarks;
using CompiledBert.Cli.Sessions;
using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx;
using CompiledBert.Compiler.Tests.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace CompiledBert.Parity.Operators;

/// <summary>Small models held against ONNX Runtime with its optimisations off: the evaluator, and the emitted code.</summary>
internal static class OnnxRuntimeReference
{
    /// <summary>Compiles and runs a model on inputs and compares all outputs with ONNX Runtime's.</summary>
    public static void Agrees(ModelFile file, string outputs, double tolerance, params HostTensor[] inputs)
    {
        var names = outputs.Split(' ');
        var graph = file.Import(names);
        var expected = Run(file.Path, names, inputs);
        var evaluated = GraphEvaluator.Run(graph, graph.Inputs.Zip(inputs).ToDictionary(
            p => p.First.Name,
            p => Tensor.Of(TensorData.FromBytes(p.Second.Type, [.. p.Second.Dims], p.Second.Bytes.ToArray())),
            StringComparer.Ordinal));
        using var session = ModelSession.Compile(new CompileOptions { ModelPath = file.Path, Outputs = ["*"] });
        var actual = session.Run([.. inputs.Zip(session.Plan.Inputs, (given, wanted) =>
            HostTensor.From(TensorData.FromBytes(given.Type, [.. given.Dims], given.Bytes.ToArray()), wanted.Type))]);
        for (var i = 0; i < names.Length; i++)
        {
            Compare(expected[i], actual[i], tolerance, $"{names[i]}, emitted");
            Compare(expected[i], HostTensor.From(evaluated[names[i]].ToData(), actual[i].Type), tolerance, $"{names[i]}, evaluated");
        }
    }

    private static void Compare(HostTensor expected, HostTensor actual, double tolerance, string what)
    {
        Assert.True(expected.Dims.SequenceEqual(actual.Dims), $"{what}: [{string.Join(',', actual.Dims)}], not [{string.Join(',', expected.Dims)}]");
        Assert.Equal(expected.Type.IsFloat(), actual.Type.IsFloat());
        var comparison = TensorComparison.Of(actual, expected, new Tolerance(0, 0, tolerance));
        Assert.True(comparison.Agrees, $"{what}: {comparison}\n{Text(actual)}\n{Text(expected)}");
    }

    private static string Text(HostTensor tensor)
    {
        var values = new List<double>();
        for (var i = 0; i < Math.Min(48, tensor.Count); i++)
        {
            values.Add(Elements.Float(tensor.Type, tensor.Bytes, i));
        }

        return string.Join(' ', values.Select(v => v.ToString("G6", System.Globalization.CultureInfo.InvariantCulture)));
    }

    /// <summary>What ONNX Runtime gives for a model, its optimisations off.</summary>
    public static List<HostTensor> Run(string path, string[] outputs, HostTensor[] inputs)
    {
        using var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_DISABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
        };
        using var session = new InferenceSession(path, options);
        using var run = new RunOptions();
        var values = inputs.Select(i => OnnxRuntimeEngine.ValueOf(i)).ToList();
        using var results = session.Run(run, [.. session.InputNames], values, outputs);
        return [.. results.Select(Copy)];
    }

    private static HostTensor Copy(OrtValue value)
    {
        var shape = value.GetTensorTypeAndShape();
        var type = Enum.Parse<DataType>(shape.ElementDataType.ToString() switch { "Float" => "Float32", "Double" => "Float64", var other => other });
        var tensor = new HostTensor(type, shape.Shape);
        (type switch
        {
            DataType.Float32 => MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<float>()),
            DataType.Float64 => MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<double>()),
            DataType.Int64 => MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<long>()),
            DataType.Int32 => MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<int>()),
            DataType.UInt8 => value.GetTensorDataAsSpan<byte>(),
            DataType.Int8 => MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<sbyte>()),
            DataType.UInt16 => MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<ushort>()),
            DataType.Int16 => MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<short>()),
            DataType.UInt32 => MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<uint>()),
            DataType.UInt64 => MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<ulong>()),
            DataType.Bool => MemoryMarshal.AsBytes(value.GetTensorDataAsSpan<bool>()),
            _ => throw new NotSupportedException(type.ToString()),
        }).CopyTo(tensor.Bytes);
        return tensor;
    }
}
