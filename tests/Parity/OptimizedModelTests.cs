using CompiledBert.Cli.Verification;
using Microsoft.ML.OnnxRuntime;

namespace CompiledBert.Parity;

/// <summary>Models as ONNX Runtime writes them back after its own optimiser: contrib operators, transposed weights, folded constants.</summary>
public sealed class OptimizedModelTests
{
    public static TheoryData<string> Models =>
        [.. Directory.GetDirectories(RepositoryFiles.Zoo).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_that_onnxruntime_has_optimised_agrees_with_the_test_data_of_the_model(string name)
    {
        var source = Path.Combine(RepositoryFiles.Zoo, name);
        var folder = Directory.CreateTempSubdirectory("cbert-optimised-");
        try
        {
            var path = Path.Combine(folder.FullName, "model.onnx");
            using (var options = new SessionOptions
            {
                GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
                OptimizedModelFilePath = path,
                LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            })
            {
                using var session = new InferenceSession(Path.Combine(source, "model.onnx"), options);
            }

            foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) != ".onnx"))
            {
                var copy = Path.Combine(folder.FullName, Path.GetRelativePath(source, file));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(file, copy);
            }

            var verification = Verifier.Verify(path, ["*"]);
            Assert.True(verification.Agrees, verification.Refusal?.ToString() ?? string.Join('\n', verification.Outputs));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
