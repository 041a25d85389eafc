using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Writing;
using CompiledBert.Search.Graphs;
using CompiledBert.Search.Space;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Runs;

/// <summary>Writes a trained model with all that <c>BertModel</c> wants beside it.</summary>
internal static class ModelExport
{
    private static readonly string[] TokenizerFiles =
        ["tokenizer.json", "vocab.txt", "tokenizer_config.json", "special_tokens_map.json", "spiece.model", "sentencepiece.bpe.model"];

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes <c>model.onnx</c>, <c>config.json</c> and the tokenizer's files, and what the task wants besides.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="within">Where in it.</param>
    /// <param name="material">The labels, the tokenizer, the task.</param>
    /// <param name="shape">The architecture.</param>
    /// <param name="task">What it is for.</param>
    /// <param name="weights">The weights.</param>
    /// <param name="halves">Whether the file keeps matrices in 16 bits.</param>
    /// <param name="vocabularies">Which tokens stay where the architecture has fewer than there are weights for; null where it has all.</param>
    /// <returns>The model's path.</returns>
    public static string Write(
        RunFolder folder, string within, Material material, BertShape shape, BertTask task, IReadOnlyDictionary<string, TensorData> weights, bool halves,
        Vocabularies? vocabularies = null)
    {
        var files = TokenizerFiles.Where(f => File.Exists(Path.Combine(material.TokenizerFolder, f)))
            .Select(f => (Name: f, Content: File.ReadAllBytes(Path.Combine(material.TokenizerFolder, f))));
        if (vocabularies is not null && shape.Vocabulary < vocabularies.Whole)
        {
            files = vocabularies.Files(shape.Vocabulary);
            var table = new WeightMatrix(weights[WeightNames.Words]).Take([.. vocabularies.Kept(shape.Vocabulary)], null).Data;
            weights = new Dictionary<string, TensorData>(weights, StringComparer.Ordinal) { [WeightNames.Words] = table };
        }

        foreach (var (name, content) in files)
        {
            folder.Put(Path.Combine(within, name), to => to.Write(content));
        }

        foreach (var (name, content) in material.Task.Files(task).Prepend(("config.json", (JsonNode)Config(shape, task, material))))
        {
            folder.Put(Path.Combine(within, name), to => to.Write(Encoding.UTF8.GetBytes(content.ToJsonString(Indented) + "\n")));
        }

        folder.Put(
            Path.Combine(within, "model.onnx"),
            to => OnnxWriter.Write(BertGraph.Of(shape, task, new KnownBertWeights(weights), material.Task.Output), to, halves));
        return folder.At(Path.Combine(within, "model.onnx"));
    }

    private static JsonObject Config(BertShape shape, BertTask task, Material material)
    {
        static string Number(int i) => i.ToString(CultureInfo.InvariantCulture);
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(material.Task.Architecture),
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
        };
        if (material.Labels.Count > 0)
        {
            config["id2label"] = new JsonObject(material.Labels.Select((label, i) => KeyValuePair.Create<string, JsonNode?>(Number(i), label)));
            config["label2id"] = new JsonObject(material.Labels.Select((label, i) => KeyValuePair.Create<string, JsonNode?>(label, i)));
        }

        return config;
    }
}
