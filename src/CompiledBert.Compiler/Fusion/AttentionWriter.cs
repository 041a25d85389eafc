using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>Writes attention as one step: operands read where the projections left them, results where the next projection wants them.</summary>
internal static class AttentionWriter
{
    private static readonly string[] Axes = ["b", "h", "t", "i"];

    public static AttentionStep Write(AttentionPattern pattern, FusionContext context, HashSet<Value> done)
    {
        var (q, kt, v) = (pattern.Scores.In(0), pattern.Scores.In(1), pattern.Product.In(1));
        var (scores, y) = (pattern.Softmax.Output.Shape, pattern.Product.Output);
        var queries = HeadsOf(q, 3, context);
        var keys = HeadsOf(kt, 2, context);
        var values = HeadsOf(v, 3, context);

        string[] names = ["b", "h", "q", "k"];
        Affine[] index = [.. names.Select((name, axis) => scores[axis].Is(1) ? Affine.Zero : Affine.Variable(name))];
        var score = Program(pattern.Scores.Output, "s", pattern.Softmax.In(0), scores, index, context);
        var probability = Program(pattern.Softmax.Output, "p", pattern.Product.In(0), scores, index, context);
        var isSafe = IsSafe(probability.Statements, probability.Result);

        var (last, strides) = Sink.Follow(y, context, transposes: true);
        if (!strides[3].Is(1))
        {
            (last, strides) = (y, BufferTable.RowMajor(y.Shape));
        }

        var place = context.AllocateAs(y, last, strides);
        done.Add(last);
        string[] origins = [.. Titles.InGraphOrder([.. pattern.Inner.SelectMany(n => n.Origins)], context.Graph)];
        return Raggedness.Mark(
            new AttentionStep
            {
                Title = System.FormattableString.Invariant($"{Titles.Layer(origins)}attention {scores[1]}×{q.Shape[3]}"),
                Origins = origins,
                Batch = scores[0],
                Heads = scores[1].Value,
                Queries = scores[2],
                Keys = scores[3],
                HeadSize = q.Shape[3].Value,
                ValueSize = v.Shape[3].Value,
                Q = queries,
                K = keys,
                V = values,
                Y = new HeadOperand(place.Buffer, place.Offset, place.Strides[0], place.Strides[1], place.Strides[2]),
                Score = score.Statements,
                ScoreResult = score.Result,
                IsSafe = isSafe,
                Probability = isSafe ? [] : probability.Statements,
                ProbabilityResult = isSafe ? "p" : probability.Result,
            },
            context.Graph);
    }

    /// <summary>Whether a program on probabilities is <c>isnan(p) ? 0 : p</c>. They are NaN for all keys of a query or for none.</summary>
    private static bool IsSafe(IReadOnlyList<Statement> program, string result) =>
        program is [Let { Op: "isnan", Args: ["p"] } isNaN, Let { Op: "select", Args: [var condition, "0", "p"] } chosen]
            && condition == isNaN.Id && result == chosen.Id;

    /// <summary>An operand's heads in memory; <paramref name="element"/> is the axis along a head's vector.</summary>
    private static HeadOperand HeadsOf(Value value, int element, FusionContext context)
    {
        var lead = 4 - value.Shape.Rank;
        string[] names = element == 3 ? Axes : [Axes[0], Axes[1], Axes[3], Axes[2]];
        var extents = value.Shape.Select((dim, axis) => (names[axis + lead], dim)).ToDictionary(p => p.Item1, p => p.dim, StringComparer.Ordinal);
        Affine[] index = [.. value.Shape.Select((dim, axis) => dim.Is(1) ? Affine.Zero : Affine.Variable(names[axis + lead]))];
        if (!value.Shape[element - lead].IsConstant)
        {
            throw DiagnosticTable.UnsupportedOperator.Error(context.Graph.File, value.Name, "MatMul", "canonical", " over heads of an unknown size");
        }

        if (context.AddressOf(value, index, extents.GetValueOrDefault) is not { } place)
        {
            throw new MaterializeException(context.Root(value));
        }

        if (!value.Shape[element - lead].Is(1) && !place.Address.StrideOf("i").Is(1))
        {
            throw new MaterializeException(element == 2 ? RowsBefore(value) : value);
        }

        return new HeadOperand(place.Buffer, place.Address.Offset, place.Address.StrideOf("b"), place.Address.StrideOf("h"), place.Address.StrideOf("t"));
    }

    /// <summary>Keys arrive as columns (see <see cref="Lowering"/>): the value to lay out anew is the one before, whose rows are keys.</summary>
    private static Value RowsBefore(Value transposed) => transposed.Producer!.In(0);

    /// <summary>The elementwise work between two values of the scores' shape.</summary>
    private static (IReadOnlyList<Statement> Statements, string Result) Program(
        Value given, string name, Value wanted, Shape scores, Affine[] index, FusionContext context)
    {
        if (ReferenceEquals(given, wanted))
        {
            return ([], name);
        }

        var builder = new NestBuilder(context, new RowCaches());
        var writer = builder.Writer;
        writer.Outer("b", scores[0]);
        writer.Outer("h", scores[1]);
        writer.Outer("q", scores[2]);
        writer.Open("k", scores[3], LoopKind.Lanes);
        builder.Predefine(given, index, name);
        var result = builder.Read(wanted, index);
        var lanes = writer.Innermost.Body;
        if (writer.Body.Concat(lanes).Any(s => s is not (Let or Load)))
        {
            throw new InvalidOperationException("A score program is elementwise.");
        }

        return ([.. writer.Body, .. lanes], result.Text);
    }
}
