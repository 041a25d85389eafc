using System.Text.Json;
using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Compiler.Heads;

/// <summary>What special tokens are called, by the files that say so.</summary>
internal static class SpecialTokenNames
{
    private static readonly string[] Files = ["special_tokens_map.json", "tokenizer_config.json"];

    /// <summary>The token of a role such as <c>mask_token</c>, and the file that names it; null where none does.</summary>
    public static (string? Token, string? From) Read(ModelFolder folder, string role)
    {
        var named = Files.Select(folder.Read).OfType<JsonPart>().Select(file => file[role]).FirstOrDefault(token => !token.IsNull);
        return named.IsNull ? (null, null)
            : (named.Value.ValueKind == JsonValueKind.String ? named.Text() : named["content"].Text(), Path.GetFileName(named.File));
    }
}
