using System.Text;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Output;

/// <summary>A compiled model as files: C#, weights, and a project where one is wanted.</summary>
internal static class CompiledFiles
{
    /// <summary>What an assembly can hold: its resources are counted in 31 bits.</summary>
    private const long MostEmbeddedBytes = 2_000_000_000;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes everything into a folder, whole or not at all. Returns the files.</summary>
    /// <param name="model">The model file.</param>
    /// <param name="result">What became of it.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="isLibrary">Whether it gets a project.</param>
    /// <param name="isEmbedded">Whether that project embeds the weights; otherwise they lie beside the app.</param>
    public static IReadOnlyList<string> Write(string model, CompileResult result, string folder, bool isLibrary, bool isEmbedded)
    {
        var plan = result.Plan;
        if (isLibrary && isEmbedded && plan.Weights.Bytes > MostEmbeddedBytes)
        {
            throw DiagnosticTable.WeightsTooLarge.Error(model, null, plan.Weights.Bytes / 1_000_000, MostEmbeddedBytes / 1_000_000);
        }

        var sources = ModelCompilation.Guard(model, () => ModelCompilation.SourcesOf(result));
        return OutputFolder.Write(folder, temporary =>
        {
            foreach (var (name, text) in sources)
            {
                File.WriteAllText(Path.Combine(temporary, name), text, Utf8);
            }

            using (var weights = new FileStream(Path.Combine(temporary, plan.Name + ".weights"), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20))
            {
                result.WriteWeights(weights);
            }

            if (isLibrary)
            {
                File.WriteAllText(Path.Combine(temporary, plan.Name + ".csproj"), LibraryProject.Text(plan, isEmbedded), Utf8);
            }
        });
    }
}
