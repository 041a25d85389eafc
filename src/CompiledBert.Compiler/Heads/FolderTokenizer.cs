using CompiledBert.Compiler.Tokenizers;
using CompiledBert.Text;

namespace CompiledBert.Compiler.Heads;

/// <summary>The tokenizer of a model's folder, ready to be used: for tools that work with texts before there is a compiled model.</summary>
public static class FolderTokenizer
{
    /// <summary>Reads tokenizer.json, vocab.txt, vocab.json with merges.txt, or a sentencepiece model of a folder; null where there is none.</summary>
    /// <param name="modelPath">The model file.</param>
    /// <param name="folder">The folder, where it is not the model's own.</param>
    /// <exception cref="CompileException">The file is damaged or asks for what is not supported.</exception>
    public static Tokenizer? Read(string modelPath, string? folder = null) =>
        TokenizerFiles.Read(new ModelFolder(new CompileOptions { ModelPath = modelPath, TokenizerFolder = folder })) is { } file
            ? Tokenizer.FromMemory(TokenizerCompiler.Compile(file))
            : null;
}
