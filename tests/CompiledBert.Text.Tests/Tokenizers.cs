using System.Text;
using CompiledBert.Compiler.Tokenizers;

namespace CompiledBert.Text.Tests;

/// <summary>Tokenizers compiled in memory.</summary>
internal static class Tokenizers
{
    public static Tokenizer Compile(JsonPart file) => Tokenizer.FromMemory(TokenizerCompiler.Compile(file));

    public static Tokenizer Compile(string json) => Compile(JsonPart.Parse("tokenizer.json", Encoding.UTF8.GetBytes(json)));
}
