using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using CompiledBert.Text;

namespace CompiledBert.Cli.Verification;

/// <summary>How many texts a compiled classifier gives the label that a file says.</summary>
/// <param name="Precision">What it is compiled in.</param>
/// <param name="Right">Texts that it tells right.</param>
/// <param name="Texts">All texts.</param>
/// <param name="WeightBytes">Bytes of its weights.</param>
internal sealed record LabelAccuracy(Precision Precision, int Right, int Texts, long WeightBytes)
{
    private delegate Classification Classify(ReadOnlySpan<char> text, CancellationToken cancellation);

    /// <summary>The share that is right, 0 to 1.</summary>
    public double Share => (double)Right / Texts;

    /// <summary>Compiles a model and asks it for every text.</summary>
    /// <exception cref="CompileException">The model is refused or tells no labels of texts; a row has another label.</exception>
    public static LabelAccuracy Of(CompileOptions options, string path, IReadOnlyList<LabelledRow> rows)
    {
        using var session = ModelSession.Compile(options);
        if (session.Plan.Head is not { Kind: HeadKind.Classify } head)
        {
            throw DiagnosticTable.UnsupportedText.Error(
                options.ModelPath, null, "the model tells no labels of texts", "a config.json and a tokenizer beside it");
        }

        LabelledRow.Check(path, rows, head.Labels);
        var numbers = LabelledRow.Numbers(head.Labels);
        var classify = session.Model.GetType()
            .GetMethod("Classify", [typeof(ReadOnlySpan<char>), typeof(CancellationToken)])!
            .CreateDelegate<Classify>(session.Model);
        var right = rows.Count(row => classify(row.Text, CancellationToken.None).Label == head.Labels[numbers[row.Label]]);
        return new LabelAccuracy(options.Precision, right, rows.Count, session.Plan.Weights.Bytes);
    }
}
