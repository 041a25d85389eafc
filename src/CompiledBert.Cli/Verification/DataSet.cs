using System.Globalization;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx;

namespace CompiledBert.Cli.Verification;

/// <summary>
/// One folder <c>test_data_set_N</c> beside a model, as ONNX's backend tests lay them out: <c>input_0.pb</c> … and <c>output_0.pb</c> …, by position to
/// the graph's inputs and outputs.
/// </summary>
internal sealed class DataSet(string folder)
{
    public string Name { get; } = Path.GetFileName(folder);

    /// <summary>The data sets beside a model, in the order of their numbers.</summary>
    public static IReadOnlyList<DataSet> Beside(string modelPath)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(modelPath))!;
        return Directory.Exists(folder)
            ? [.. Directory.GetDirectories(folder, "test_data_set_*")
                .OrderBy(NumberOf).ThenBy(path => path, StringComparer.Ordinal).Select(path => new DataSet(path))]
            : [];
    }

    /// <summary>The input at a position.</summary>
    /// <exception cref="CompiledBert.Compiler.CompileException">The file is not there or no tensor.</exception>
    public TensorData Input(int index) => TensorFile.Read(PathOf("input", index));

    /// <summary>The output at a position; null where the data set has none for it.</summary>
    public TensorData? Output(int index) => File.Exists(PathOf("output", index)) ? TensorFile.Read(PathOf("output", index)) : null;

    private string PathOf(string kind, int index) => Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{kind}_{index}.pb"));

    private static int NumberOf(string path) =>
        int.TryParse(Path.GetFileName(path)["test_data_set_".Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : int.MaxValue;
}
