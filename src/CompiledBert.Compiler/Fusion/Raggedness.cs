using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>Tells which steps may run once over sequences of different lengths, from how they address memory.</summary>
internal static class Raggedness
{
    public static T Mark<T>(T step, ModelGraph graph)
        where T : Step
    {
        if (graph.Symbols.Count != 2)
        {
            return step;
        }

        // By position: inputs are [B, T].
        var (batch, tokens) = (Dim.Of(graph.Symbols[0]), Dim.Of(graph.Symbols[1]));
        var mode = step switch
        {
            NestStep nest => OfNest(nest.Body, batch, tokens),
            LinearStep linear => OfLinear(linear, batch, tokens),
            _ => RaggedMode.EachSequence,
        };
        return step with { Ragged = mode };
    }

    private static RaggedMode OfLinear(LinearStep step, Dim batch, Dim tokens)
    {
        var mode = step.Rows == batch * tokens ? RaggedMode.AllTokens : step.Rows == batch ? RaggedMode.AllSequences : RaggedMode.EachSequence;
        var programs = step.Tile.Concat(step.Row is [Loop { Body: var body }] ? body : step.Row).ToList();
        var even = (step.Shift is null || step.Shift[0] == 'w') && IsFree(step.X.Offset) && IsFree(step.X.RowStride)
            && IsFree(step.Y.Offset) && IsFree(step.Y.RowStride)
            && NoLengths(programs) && Accesses(programs).All(IsEven);
        return even ? mode : RaggedMode.EachSequence;

        // Weights are the same for all rows, private rows belong to one, everything else has its rows evenly spaced.
        bool IsEven(Access access) =>
            IsWeights(access) ? access.Terms.All(t => t.Variable != "m")
            : IsScratch(access, step.RowScratch)
                || (IsFree(access.Offset) && access.Terms.Any(t => t.Variable == "m") && access.Terms.All(t => IsFree(t.Stride)));
    }

    private static RaggedMode OfNest(IReadOnlyList<Statement> body, Dim batch, Dim tokens)
    {
        var loops = new List<Loop>();
        while (body is [Loop { Kind: LoopKind.Parallel } loop])
        {
            loops.Add(loop);
            body = loop.Body;
        }

        // A nest with nothing but one loop over tokens as lanes, such as a mask's, addresses [B, T] by b·T + t as well.
        if (loops.Count == 0 || loops[0].Extent != batch || !NoLengths(body, tokens))
        {
            return RaggedMode.EachSequence;
        }

        var inner = loops.Skip(1).FirstOrDefault(l => l.Extent == tokens)
            ?? (body is [.., Loop { Kind: LoopKind.Lanes } lanes] && lanes.Extent == tokens && body.OfType<Loop>().Count() == 1 ? lanes : null);
        var others = loops.Skip(1).Concat(Programs.Flatten(body).OfType<Loop>()).Where(l => !ReferenceEquals(l, inner) && l.Variable != inner?.Variable);
        if (others.Any(l => !l.Extent.IsConstant))
        {
            return RaggedMode.EachSequence;
        }

        var even = Accesses(body).All(a => a.Buffer.StartsWith("row", StringComparison.Ordinal) || (IsFree(a.Offset) && (IsWeights(a)
            ? a.Terms.All(t => IsFree(t.Stride) && t.Variable != loops[0].Variable && t.Variable != inner?.Variable)
            : a.Terms.All(t => t.Variable == loops[0].Variable || IsFree(t.Stride)) && BatchStrideFits(a))));
        return !even ? RaggedMode.EachSequence : inner is null ? RaggedMode.AllSequences : RaggedMode.AllTokens;

        bool BatchStrideFits(Access access)
        {
            var outer = access.Terms.FirstOrDefault(t => t.Variable == loops[0].Variable)?.Stride;
            if (inner is null)
            {
                return outer is { } stride && IsFree(stride);
            }

            var step = access.Terms.FirstOrDefault(t => t.Variable == inner.Variable)?.Stride;
            return outer is not null && step is not null && outer == tokens * step;
        }
    }

    private static IEnumerable<Access> Accesses(IEnumerable<Statement> body) =>
        Programs.Flatten(body).Select(s => s switch { Load load => load.From, Store store => store.To, _ => null }).OfType<Access>();

    /// <summary>Whether no statement uses a length as a number, and no loop inside runs over one (but <paramref name="except"/>).</summary>
    private static bool NoLengths(IEnumerable<Statement> body, Dim? except = null) =>
        Programs.Flatten(body).All(s => s switch
        {
            Let let => let.Op != "dim",
            Loop loop => loop.Extent.IsConstant || loop.Extent == except,
            _ => true,
        });

    private static bool IsFree(Dim dim) => dim.IsConstant;

    private static bool IsWeights(Access access) => access.Buffer[0] == 'w';

    private static bool IsScratch(Access access, IReadOnlyList<Scratch> scratch) => scratch.Any(s => s.Id == access.Buffer);
}
