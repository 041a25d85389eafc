using System.Numerics.Tensors;
using CompiledBert.Text;
using Microsoft.ML.OnnxRuntime;

namespace Load;

/// <summary>A sentence embedding by ONNX Runtime, as its users write it: one session, one thread a call, mean over the tokens, length 1.</summary>
internal sealed class OnnxRuntimeModel(string path, Tokenizer tokenizer, int maxTokens) : IDisposable
{
    private readonly InferenceSession _session = new(path, new Microsoft.ML.OnnxRuntime.SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 });
    private readonly ThreadLocal<TokenizedText> _tokens = new(() => new TokenizedText());
    private readonly RunOptions _options = new();

    public float[] Embed(string text)
    {
        var tokens = _tokens.Value!;
        tokenizer.Encode(text, tokens, maxTokens);
        var count = tokens.Count;
        var (ids, mask, types) = (new long[count], new long[count], new long[count]);
        for (var i = 0; i < count; i++)
        {
            (ids[i], mask[i], types[i]) = (tokens.Ids[i], 1, tokens.TypeIds[i]);
        }

        long[] shape = [1, count];
        using var idsValue = OrtValue.CreateTensorValueFromMemory(ids, shape);
        using var maskValue = OrtValue.CreateTensorValueFromMemory(mask, shape);
        using var typesValue = OrtValue.CreateTensorValueFromMemory(types, shape);
        var inputs = new Dictionary<string, OrtValue> { ["input_ids"] = idsValue, ["attention_mask"] = maskValue, ["token_type_ids"] = typesValue };
        using var outputs = _session.Run(_options, inputs.Where(i => _session.InputMetadata.ContainsKey(i.Key)).ToDictionary(), [_session.OutputNames[0]]);
        var states = outputs[0].GetTensorDataAsSpan<float>();
        var vector = new float[states.Length / count];
        for (var i = 0; i < count; i++)
        {
            TensorPrimitives.Add(vector, states.Slice(i * vector.Length, vector.Length), vector);
        }

        TensorPrimitives.Divide(vector, TensorPrimitives.Norm<float>(vector), vector);
        return vector;
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
        _tokens.Dispose();
    }
}
