using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace CompiledBert.Cli.Benchmarks;

/// <summary>ONNX Runtime on a model file, all optimisations on, as fast as its .NET interface allows: values and outputs are made once.</summary>
internal sealed class OnnxRuntimeEngine : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();

    public OnnxRuntimeEngine(string modelPath, int threads)
    {
        using var options = new SessionOptions
        {
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            ExecutionMode = ExecutionMode.ORT_SEQUENTIAL,
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        try
        {
            _session = new InferenceSession(modelPath, options);
        }
        catch (OnnxRuntimeException e)
        {
            throw new BenchmarkException($"ONNX Runtime cannot load {modelPath}: {e.Message}", e);
        }
    }

    /// <summary>A call with the inputs of a compiled model, matched by name, else by position; its outputs are those of the plan.</summary>
    public OnnxRuntimeCall Prepare(ModelPlan plan, IReadOnlyList<HostTensor> inputs, IReadOnlyList<HostTensor> outputShapes)
    {
        var names = _session.InputNames;
        var own = plan.Inputs.Select(i => i.Name).ToList();
        var values = new List<OrtValue>();
        for (var i = 0; i < names.Count; i++)
        {
            var place = own.IndexOf(names[i]) is var found and >= 0 ? found : i;
            if (place >= inputs.Count)
            {
                throw new BenchmarkException($"The other model takes '{names[i]}', which {plan.Source} does not have.");
            }

            values.Add(ValueOf(inputs[place], _session.InputMetadata[names[i]].ElementDataType));
        }

        var outputs = plan.Outputs
            .Select((o, i) => _session.OutputNames.Contains(o.Name) ? o.Name : _session.OutputNames[Math.Min(i, _session.OutputNames.Count - 1)])
            .ToList();
        return new OnnxRuntimeCall(_session, _runOptions, names, values, inputs, outputs, [.. outputShapes.Select(o => new HostTensor(o.Type, [.. o.Dims]))]);
    }

    /// <summary>A tensor's elements, in place, as ONNX Runtime takes them.</summary>
    public static OrtValue ValueOf(HostTensor tensor, TensorElementType? type = null)
    {
        type ??= TypeOf(tensor.Type);
        if (type != TypeOf(tensor.Type))
        {
            throw new BenchmarkException($"ONNX Runtime wants an input of type {type}, the compiled model has {tensor.Type}.");
        }

        unsafe
        {
            return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, type.Value, [.. tensor.Dims], (nint)tensor.Pointer, tensor.Bytes.Length);
        }
    }

    public void Dispose()
    {
        _runOptions.Dispose();
        _session.Dispose();
    }

    private static TensorElementType TypeOf(DataType type) => type switch
    {
        DataType.Float32 => TensorElementType.Float,
        DataType.Float64 => TensorElementType.Double,
        DataType.Int64 => TensorElementType.Int64,
        DataType.Int32 => TensorElementType.Int32,
        DataType.Int8 => TensorElementType.Int8,
        DataType.UInt8 => TensorElementType.UInt8,
        DataType.Int16 => TensorElementType.Int16,
        DataType.UInt16 => TensorElementType.UInt16,
        DataType.UInt32 => TensorElementType.UInt32,
        DataType.UInt64 => TensorElementType.UInt64,
        DataType.Bool => TensorElementType.Bool,
        _ => throw new BenchmarkException($"Tensors of type {type} are not passed to ONNX Runtime."),
    };
}

/// <summary>One call of ONNX Runtime, all its arguments in place.</summary>
internal sealed class OnnxRuntimeCall(
    InferenceSession session, RunOptions options, IReadOnlyCollection<string> inputNames, IReadOnlyCollection<OrtValue> inputs,
    IReadOnlyList<HostTensor> inputMemory, IReadOnlyCollection<string> outputNames, IReadOnlyList<HostTensor> outputs) : IDisposable
{
    // What the inputs point to stays as long as the call.
    private readonly IReadOnlyList<HostTensor> _inputMemory = inputMemory;

    private readonly List<OrtValue> _outputs = [.. outputs.Select(o => OnnxRuntimeEngine.ValueOf(o))];

    /// <summary>What the last call computed.</summary>
    public IReadOnlyList<HostTensor> Outputs { get; } = outputs;

    public void Invoke() => session.Run(options, inputNames, inputs, outputNames, _outputs);

    public void Dispose()
    {
        foreach (var value in inputs.Concat(_outputs))
        {
            value.Dispose();
        }

        GC.KeepAlive(_inputMemory);
    }
}
