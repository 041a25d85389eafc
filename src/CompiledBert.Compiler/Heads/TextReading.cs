using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>The folder of a model, read for what it says about texts.</summary>
/// <param name="Text">What the class makes of texts; null where it stays one of ids and tensors.</param>
/// <param name="Files">Every file that was read or looked for: another one of these is another result.</param>
/// <param name="Remark">What a user should know who expected another class; empty for nothing.</param>
internal sealed record TextReading(ModelText? Text, IReadOnlyList<string> Files, string Remark)
{
    private static readonly TextReading Nothing = new(null, [], "");

    /// <summary>Reads the folder, where the options ask for texts.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="outputs">The model's outputs, with the axes that it declares.</param>
    /// <exception cref="CompileException">A file is damaged or asks for what is not supported, or metadata ask for what no file gives.</exception>
    public static TextReading Of(CompileOptions options, IReadOnlyList<(string Name, int? Rank)> outputs)
    {
        if (!options.Text || options.Head == "raw")
        {
            return Nothing;
        }

        var folder = new ModelFolder(options);
        if (SentenceModules.FolderOfNetwork(folder) is { } network)
        {
            folder.AlsoIn(network);
        }

        if (TokenizerFiles.Read(folder) is not { } tokenizer)
        {
            return options.Head is null && options.TokenizerFolder is null ? new TextReading(null, folder.Asked, "")
                : throw DiagnosticTable.UnsupportedText.Error(
                    options.ModelPath, null,
                    "there is no tokenizer.json, no vocab.txt, no vocab.json with merges.txt and no sentencepiece model beside the model",
                    "Tokenizer");
        }

        var config = folder.Read("config.json");
        var modules = options.Head is null or "embed" ? SentenceModules.Read(folder) : SentenceModules.ReadLengths(folder);
        var (kind, from) = KindOf(options, config, modules, outputs.Any(o => o.Name == HeadOutputs.Sentence));
        return kind is { } known
            ? new TextReading(
                new ModelText(options, folder, config, modules, known, from, TokenizerCompiler.Compile(tokenizer), Path.GetFileName(tokenizer.File)),
                folder.Asked, "")
            : new TextReading(
                null, folder.Asked,
                ", no texts: nothing beside the tokenizer says what the model is for; Head=\"embed\" Pooling=\"mean\" would, or another Head");
    }

    private static (HeadKind? Kind, string From) KindOf(CompileOptions options, JsonPart? config, SentenceModules modules, bool hasSentence)
    {
        if (options.Head is { } asked)
        {
            return (Enum.Parse<HeadKind>(asked, ignoreCase: true), "metadata");
        }

        if (modules.AreThere)
        {
            return (HeadKind.Embed, modules.From);
        }

        if (config is not { } file || file["architectures"].IsNull || file["architectures"].Items() is not [var first, ..])
        {
            return Embedding();
        }

        var architecture = first.Text();
        HeadKind? kind = architecture switch
        {
            _ when architecture.EndsWith("ForSequenceClassification", StringComparison.Ordinal) =>
                (options.Labels.Count > 0 ? options.Labels.Count : LabelCount(file)) == 1 ? HeadKind.Score : HeadKind.Classify,
            _ when architecture.EndsWith("ForTokenClassification", StringComparison.Ordinal) => HeadKind.Tag,
            _ when architecture.EndsWith("ForMaskedLM", StringComparison.Ordinal) => HeadKind.Mask,
            _ when architecture.EndsWith("ForQuestionAnswering", StringComparison.Ordinal) => HeadKind.Answer,
            _ => null,
        };
        return kind is null ? Embedding() : (kind, "config.json");

        (HeadKind?, string) Embedding() => options.Pooling is not null ? (HeadKind.Embed, "metadata")
            : hasSentence ? (HeadKind.Embed, "the output " + HeadOutputs.Sentence)
            : (null, "");
    }

    private static int LabelCount(JsonPart config) =>
        config["num_labels"].NumberOrNull() ?? (config["id2label"].IsNull ? 2 : config["id2label"].Members().Count());
}
