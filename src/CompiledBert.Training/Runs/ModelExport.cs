using System.Globalization;
using System.Text.Json.Nodes;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Writing;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;

namespace CompiledBert.Training.Runs;

/// <summary>Writes a trained model with all that <c>BertModel</c> wants beside it.</summary>
public static class ModelExport
{
    private static readonly string[] TokenizerFiles = ["tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "spiece.model", "sentencepiece.bpe.model"];

    /// <summary>Writes <c>model/model.onnx</c>, <c>config.json</c> and the tokenizer's files.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="shape">The architecture.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="labels">The labels' names.</param>
    /// <param name="tokenizer">The folder of the tokenizer's files.</param>
    /// <param name="halves">Whether the file keeps matrices in 16 bits.</param>
    /// <returns>The model's path.</returns>
    public static string Write(RunFolder folder, BertShape shape, BertTask task, IReadOnlyDictionary<string, TensorData> weights, IReadOnlyList<string> labels, string tokenizer, bool halves)
    {
        foreach (var name in TokenizerFiles.Where(f => File.Exists(Path.Combine(tokenizer, f))))
        {
            folder.Put(Path.Combine("model", name), to => to.Write(File.ReadAllBytes(Path.Combine(tokenizer, name))));
        }

        folder.Put(Path.Combine("model", "config.json"), to =>
        {
            using var writer = new StreamWriter(to);
            writer.Write(Config(shape, task, labels).ToJsonString(new System.Text.Json.JsonSerializerOptions { WriteIndented = true }) + "\n");
        });
        folder.Put(Path.Combine("model", "model.onnx"), to => OnnxWriter.Write(BertGraph.Of(shape, task, new KnownBertWeights(weights)), to, halves));
        return folder.At(Path.Combine("model", "model.onnx"));
    }

    private static JsonObject Config(BertShape shape, BertTask task, IReadOnlyList<string> labels)
    {
        static string Number(int i) => i.ToString(CultureInfo.InvariantCulture);
        return new JsonObject
        {
            ["architectures"] = new JsonArray("BertForSequenceClassification"),
            ["model_type"] = "bert",
            ["hidden_size"] = shape.Width,
            ["embedding_size"] = shape.Embedding,
            ["num_hidden_layers"] = shape.Layers.Count,
            ["num_attention_heads"] = shape.Layers[0].Heads,
            ["intermediate_size"] = shape.Layers[0].Inner,
            ["hidden_act"] = shape.Activation == Activation.Relu ? "relu" : "gelu",
            ["layer_norm_eps"] = task.Epsilon,
            ["max_position_embeddings"] = task.Positions,
            ["vocab_size"] = shape.Vocabulary,
            ["type_vocab_size"] = Math.Max(1, task.Segments),
            ["id2label"] = new JsonObject(labels.Select((label, i) => KeyValuePair.Create<string, JsonNode?>(Number(i), label))),
            ["label2id"] = new JsonObject(labels.Select((label, i) => KeyValuePair.Create<string, JsonNode?>(label, i))),
        };
    }
}
