using CompiledBert.Compiler;
using CompiledBert.Training.Runs;

namespace CompiledBert.Training.Tests;

public sealed class RunFolderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cbert-run").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_is_open_once_at_a_time()
    {
        using (RunFolder.Open(_folder, "{}", resume: false))
        {
            var refusal = Assert.Throws<CompileException>(() => RunFolder.Open(_folder, "{}", resume: true)).Diagnostic;
            Assert.Equal("CBERT0807", refusal.Code);
            Assert.Contains("another process", refusal.Message, StringComparison.Ordinal);
        }

        using var again = RunFolder.Open(_folder, "{}", resume: true);
        again.Note("{}");
    }
}
