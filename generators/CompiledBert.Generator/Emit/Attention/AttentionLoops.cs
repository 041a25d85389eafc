using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>The loops of an attention step, without what depends on the kind of its products.</summary>
/// <remarks>
/// All queries of all heads are one range that tasks share evenly; a task whose share begins within a head packs that head again. A tile's scores stay in
/// the first-level cache from the product over softmax to the product with V. Scores of the panel's columns beyond the last key are −∞.
/// </remarks>
internal abstract class AttentionLoops
{
    private const string Largest = "largest";

    private readonly SharedProgram _shared;
    private readonly string _q;
    private readonly string _k;
    private readonly string _v;
    private readonly string _y;

    /// <summary>Creates the loops of a step; its operands become parameters of the shared method.</summary>
    protected AttentionLoops(StepContext context, AttentionStep step, VectorTarget target, SharedProgram shared)
    {
        (Context, Step, Target, _shared) = (context, step, target, shared);
        (_q, _k, _v, _y) = (shared.Pointer(step.Q.Buffer), shared.Pointer(step.K.Buffer), shared.Pointer(step.V.Buffer), shared.Pointer(step.Y.Buffer));
        Score = shared.Rename(step.Score);
        ScoreResult = shared.Value(step.ScoreResult);
        Probability = shared.Rename(step.Probability);
        ProbabilityResult = shared.Value(step.ProbabilityResult);
    }

    /// <summary>The step's context.</summary>
    protected StepContext Context { get; }

    /// <summary>The step.</summary>
    protected AttentionStep Step { get; }

    /// <summary>The variant that is written.</summary>
    protected VectorTarget Target { get; }

    /// <summary>The step's program on scores, renamed.</summary>
    protected IReadOnlyList<Statement> Score { get; }

    /// <summary>Its result.</summary>
    protected string ScoreResult { get; }

    /// <summary>The step's program on probabilities, renamed.</summary>
    protected IReadOnlyList<Statement> Probability { get; }

    /// <summary>Its result.</summary>
    protected string ProbabilityResult { get; }

    /// <summary>Panels of 16 columns that a value has.</summary>
    protected long ValuePanels => (Step.ValueSize + 15) / 16;

    /// <summary>The reduction that finds a row's largest score.</summary>
    protected abstract string LargestKind { get; }

    /// <summary>C# expression of the keys, rounded up to whole panels, over the plan's symbols.</summary>
    protected string PaddedKeys => $"(({Step.Keys}) + 15L & ~15L)";

    /// <summary>Writes the method's body.</summary>
    public abstract void Write(CodeWriter writer);

    /// <summary>A number as C#.</summary>
    protected static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Writes the loop over a task's share: packing where a head begins, then the tiles of its queries.</summary>
    /// <param name="writer">Where to write.</param>
    /// <param name="rows">C# expression of the most queries of a tile.</param>
    /// <param name="writePacking">Writes the packing, given pointers to the first key and the first value.</param>
    /// <param name="writeTile">Writes a tile, of the queries m0 … m1−1.</param>
    protected void WriteShare(CodeWriter writer, string rows, Action<string, string> writePacking, Action writeTile)
    {
        var keyHeads = Text((Step.Heads + Step.HeadsPerKeyHead - 1) / Step.HeadsPerKeyHead);
        writer.Line($"long all = ({Step.Batch}) * {Text(Step.Heads)} * queries, last = all * (task + 1) / tasks, packed = -1;");
        using (writer.Block("for (long at = all * task / tasks; at < last; )"))
        {
            writer.Line("long q0 = at % queries, q1 = Math.Min(queries, q0 + last - at);");
            writer.Line($"long b = at / queries / {Text(Step.Heads)}, h = at / queries % {Text(Step.Heads)}, g = h / {Text(Step.HeadsPerKeyHead)};");
            writer.Line("at += q1 - q0;");
            using (writer.Block($"if (packed != b * {keyHeads} + g)"))
            {
                writer.Line($"packed = b * {keyHeads} + g;");
                writePacking(Row(_k, Step.K, "g", null), Row(_v, Step.V, "g", null));
            }

            writer.Line($"long tiles = (q1 - q0 + {rows} - 1) / {rows};");
            using (writer.Block("for (long t = 0; t < tiles; t++)"))
            {
                writer.Line("long m0 = q0 + (q1 - q0) * t / tiles, m1 = q0 + (q1 - q0) * (t + 1) / tiles;");
                writeTile();
            }
        }
    }

    /// <summary>
    /// Writes what asks for the rows of the next head, those of results too, while this one's are used: in a large batch all lie further away than
    /// the second-level cache, a few lines in each page, which no processor foresees.
    /// </summary>
    protected void WriteNextHead(CodeWriter writer)
    {
        var fetch = TileKernels.NeedFetchRows(Context.Kernels);
        void Write(string pointer, HeadOperand operand, string head, long size)
        {
            // One row for all tokens is near already.
            if (!operand.TokenStride.Is(0))
            {
                writer.Line(
                    $"{fetch}((byte*)({Row(pointer, operand, head, null)}), 4 * keys * ({operand.TokenStride}), "
                        + $"4 * ({operand.TokenStride}), {Text(4 * size)});");
            }
        }

        Write(_k, Step.K, "(g + 1)", Step.HeadSize);
        Write(_v, Step.V, "(g + 1)", Step.ValueSize);
        Write(_q, Step.Q, "(h + 1)", Step.HeadSize);
        Write(_y, Step.Y, "(h + 1)", Step.ValueSize);
    }

    /// <summary>C# expression of the pointer to the query m0.</summary>
    protected string FirstQuery => Row(_q, Step.Q, "h", "m0");

    /// <summary>C# expression of the pointer to the result of the query m0.</summary>
    protected string FirstResult => Row(_y, Step.Y, "h", "m0");

    /// <summary>C# expression of the pointer to the result of the query q.</summary>
    protected string Result => Row(_y, Step.Y, "h", "q");

    /// <summary>Writes a program on scores over a row of them, in place.</summary>
    /// <param name="writer">Where to write.</param>
    /// <param name="program">The program.</param>
    /// <param name="predefined">The value that stands for the element.</param>
    /// <param name="result">The program's result.</param>
    /// <param name="pointers">What else the program reads: buffers and the C# expressions of their pointers.</param>
    /// <returns>The C# expression of the largest result.</returns>
    protected string WriteScores(
        CodeWriter writer, IReadOnlyList<Statement> program, string predefined, string result, params (string Buffer, string Pointer)[] pointers)
    {
        WriteKeys(
            writer, [new Accumulator(Largest, DataType.Float32, LargestKind)],
            [.. InPlace(predefined, program, result), new Accumulate(Largest, result)], pointers);
        return LoopNames.Local(Largest);
    }

    /// <summary>Writes the step's program on probabilities over a row of them, in place.</summary>
    protected void WriteProbabilities(CodeWriter writer) => WriteKeys(writer, [], InPlace("p", Probability, ProbabilityResult));

    private static IReadOnlyList<Statement> InPlace(string predefined, IReadOnlyList<Statement> program, string result) =>
    [
        new Load(predefined, DataType.Float32, OfKey("scores")),
        .. program,
        .. program.Count > 0 ? [new Store(OfKey("scores"), result)] : Array.Empty<Statement>(),
    ];

    /// <summary>Writes a loop over the keys of the head h of the sequence b.</summary>
    protected void WriteKeys(CodeWriter writer, IEnumerable<Statement> before, IReadOnlyList<Statement> body, params (string Buffer, string Pointer)[] pointers)
    {
        var scope = _shared.Scope();
        foreach (var variable in new[] { "b", "h", "q" })
        {
            scope.Variables[variable] = variable;
        }

        scope.Pointers["scores"] = "((byte*)row)";
        foreach (var (buffer, pointer) in pointers)
        {
            scope.Pointers[buffer] = pointer;
        }

        LoopEmitter.WriteStatements(writer, Context.Kernels, scope, [.. before, new Loop("k", Step.Keys, LoopKind.Lanes, body)]);
    }

    /// <summary>The element of a buffer that belongs to a key.</summary>
    protected static Access OfKey(string buffer) => new(buffer, Dim.Zero, [new AccessTerm("k", Dim.One)]);

    private static string Row(string pointer, HeadOperand operand, string head, string? token) =>
        $"(float*){pointer} + ({operand.Offset}) + b * ({operand.BatchStride}) + {head} * ({operand.HeadStride})"
            + (token is null ? "" : $" + {token} * ({operand.TokenStride})");
}
