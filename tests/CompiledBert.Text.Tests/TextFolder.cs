using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;

namespace CompiledBert.Text.Tests;

/// <summary>A folder as it lies beside a model, gone after the test.</summary>
internal sealed class TextFolder : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("cbert-text-");

    public string PathOf(string file) => Path.Combine(_folder.FullName, file);

    public void Write(string file, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(file))!);
        File.WriteAllText(PathOf(file), text);
    }

    public ModelFolder Open() => new(new CompileOptions { ModelPath = PathOf("model.onnx") });

    public void Dispose() => _folder.Delete(recursive: true);
}
