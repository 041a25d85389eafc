using System.Text;
using CompiledBert.Text;
using CompiledBert.Text.Blob;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>A tokenizer's file to the blob that the product carries. What is not understood is refused by name: ids must never be nearly right.</summary>
internal static class TokenizerCompiler
{
    /// <summary>Compiles a tokenizer.json.</summary>
    public static byte[] Compile(JsonPart file)
    {
        if (file["version"].TextOrNull() is not (null or "1.0"))
        {
            throw file["version"].Unsupported("'" + file["version"].Text() + "'");
        }

        var vocabulary = Vocabulary.Read(file["model"]);
        var added = AddedTokenList.Read(file["added_tokens"], vocabulary);
        var process = PostProcessorReader.Read(file["post_processor"]);

        // Tokens that are found in normalized text are themselves normalized, by the steps that the blob has without them.
        var normalized = added.Tokens.Where(t => t.IsNormalized).ToList();
        return normalized.Count == 0
            ? Write(file, vocabulary, added, process, [])
            : Write(file, vocabulary, added, process, Normalize(file, Write(file, vocabulary, added, process, []), normalized));
    }

    private static byte[] Write(
        JsonPart file, Vocabulary vocabulary, AddedTokenList added, PostProcessor process, List<(string Content, AddedTokenList.Token Token)> normalized)
    {
        var blob = new BlobWriter();
        var ids = vocabulary.Entries.Select(e => e.Id).Concat(added.Tokens.Select(t => t.Id)).Concat(process.Ids).DefaultIfEmpty(-1);
        blob.Number(ids.Max() + 1);
        var truncation = file["truncation"];
        blob.Number(truncation["max_length"].NumberOrNull() ?? int.MaxValue);
        blob.Number(file["padding"]["pad_id"].NumberOrNull() ?? -1);
        blob.Numbers([.. process.Trims.Select(t => t ? 1 : 0)]);
        blob.Flag(truncation["direction"].TextOrNull() == "Left");
        process.WriteTemplates(blob);
        AddedTokenList.Write(blob, [.. added.Tokens.Where(t => !t.IsNormalized).Select(t => (t.Content, t))], file);
        NormalizerReader.Write(blob, file["normalizer"]);
        AddedTokenList.Write(blob, normalized, file);
        PreTokenizerReader.Write(blob, file["pre_tokenizer"]);
        vocabulary.Write(blob);
        return blob.ToArray();
    }

    private static unsafe List<(string Content, AddedTokenList.Token Token)> Normalize(JsonPart file, byte[] blob, List<AddedTokenList.Token> tokens)
    {
        fixed (byte* start = blob)
        {
            var pipeline = new BlobReader(start).Read().Pipeline;
            return [.. tokens.Select(t => (
                Normalize(pipeline, t.Content) is { Length: > 0 } content
                    ? content
                    : throw file["added_tokens"].Invalid($"has the token '{t.Content}', of which normalization leaves nothing"),
                t))];
        }
    }

    private static string Normalize(Pipeline pipeline, string text)
    {
        var workspace = Workspace.Rent();
        try
        {
            pipeline.Normalize(workspace, text);
            var result = new StringBuilder();
            foreach (var c in workspace.Text.Codes.AsSpan(0, workspace.Text.Count))
            {
                result.Append(new Rune(c).ToString());
            }

            return result.ToString();
        }
        finally
        {
            workspace.Return();
        }
    }
}
