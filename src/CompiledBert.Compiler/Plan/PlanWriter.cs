using System.Globalization;
using System.Text;

namespace CompiledBert.Compiler;

/// <summary>
/// Writes a plan as text: line by line, blocks indented by two spaces, so that it reads as a description of the model and differs between versions
/// only where they differ. <see cref="PlanParser"/> reads it.
/// </summary>
public static class PlanWriter
{
    /// <summary>The first line of every plan: the format and its version.</summary>
    public const string Header = "compiledbert-plan 1";

    /// <summary>The plan's text.</summary>
    public static string Write(ModelPlan plan)
    {
        var lines = new Lines();
        lines.Add(0, Header);
        WriteModel(lines, plan);
        WriteSignature(lines, plan);
        lines.Add(0, $"weights {Text(plan.Weights.Bytes)} bytes sha256 {PlanText.Quote(plan.Weights.Hash)}");
        lines.Add(0, "buffers");
        foreach (var buffer in plan.Buffers)
        {
            lines.Add(1, $"{buffer.Id}: {PlanText.Name(buffer.Type)} {buffer.Elements} in {PlanText.Name(buffer.Kind)} {Text(buffer.Place)}");
        }

        for (var i = 0; i < plan.Steps.Count; i++)
        {
            lines.Add(0, "");
            WriteStep(lines, plan.Steps[i], i);
        }

        return lines.ToString();
    }

    private static void WriteModel(Lines lines, ModelPlan plan)
    {
        lines.Add(0, $"model {PlanText.Quote(plan.Name)}");
        lines.Add(1, $"namespace {PlanText.Quote(plan.Namespace)}");
        lines.Add(1, $"access {(plan.IsPublic ? "public" : "internal")}");
        lines.Add(1, $"source {PlanText.Quote(plan.Source)} nodes {Text(plan.SourceNodes)}");
        lines.Add(1, $"threads {Text(plan.Threads)}");
        lines.AddIf(plan.IsStub, 1, "stub");
        lines.AddIf(plan.IsRagged, 1, "ragged");
        foreach (var (depth, line) in plan.Head is { } head ? PlanHeadText.Write(head) : [])
        {
            lines.Add(1 + depth, line);
        }
    }

    private static void WriteSignature(Lines lines, ModelPlan plan)
    {
        lines.Add(0, "symbols");
        foreach (var symbol in plan.Symbols)
        {
            lines.Add(1, $"{symbol.Name} {PlanText.Name(symbol.Role)}{(symbol.Max is { } max ? " max " + Text(max) : "")}");
        }

        lines.Add(0, "inputs");
        WriteTensors(lines, plan.Inputs);
        lines.Add(0, "outputs");
        WriteTensors(lines, plan.Outputs);
        lines.Add(0, "checks");
        foreach (var check in plan.Checks)
        {
            lines.Add(1, $"input {Text(check.Input)} from {Text(check.Low)} below {Text(check.High)}");
        }

        lines.AddIf(plan.Limits.Count > 0, 0, "limits");
        foreach (var limit in plan.Limits)
        {
            lines.Add(1, $"{limit.Length} within {limit.Most}");
        }
    }

    private static void WriteTensors(Lines lines, IReadOnlyList<PlanTensor> tensors)
    {
        foreach (var tensor in tensors)
        {
            lines.Add(1, $"{tensor.Identifier}: {PlanText.Name(tensor.Type)} [{string.Join(", ", tensor.Shape)}] {PlanText.Quote(tensor.Name)}");
        }
    }

    private static void WriteStep(Lines lines, Step step, int index)
    {
        var kind = step switch
        {
            NestStep => "nest",
            LinearStep => "linear",
            AttentionStep => "attention",
            MatMulStep => "matmul",
            _ => throw new ArgumentException($"A step of the unknown kind {step.GetType().Name}.", nameof(step)),
        };
        lines.Add(0, $"step {Text(index)} {kind} {PlanText.Quote(step.Title)}");
        lines.Add(1, $"ragged {PlanText.Name(step.Ragged)}");
        lines.Add(1, "origins");
        foreach (var origin in step.Origins)
        {
            lines.Add(2, PlanText.Quote(origin));
        }

        switch (step)
        {
            case NestStep nest:
                WriteScratch(lines, "scratch", nest.Scratch);
                lines.Add(1, "body");
                WriteStatements(lines, 2, nest.Body);
                break;
            case LinearStep linear:
                WriteLinear(lines, linear);
                break;
            case AttentionStep attention:
                WriteAttention(lines, attention);
                break;
            case MatMulStep product:
                lines.Add(1, $"batch{string.Concat(product.BatchExtents.Select(e => " " + e))}");
                lines.Add(1, $"m {product.M}");
                lines.Add(1, $"n {product.N}");
                lines.Add(1, $"k {product.K}");
                lines.Add(1, "a " + Operand(product.A));
                lines.Add(1, "b " + Operand(product.B));
                lines.AddIf(product.IsPacked, 1, "packed");
                lines.Add(1, "y " + Operand(product.Y));
                break;
        }
    }

    private static void WriteLinear(Lines lines, LinearStep linear)
    {
        lines.AddIf(linear.IsInteger, 1, linear.Shift is not null ? $"integer shift {linear.Shift}" : linear.HasSmallSums ? "integer small" : "integer");
        lines.Add(1, $"rows {linear.Rows}");
        lines.Add(1, $"k {Text(linear.K)}");
        lines.Add(1, $"n {Text(linear.N)}");
        lines.Add(1, "x " + Operand(linear.X));
        lines.Add(1, $"weights {linear.Weights}");
        lines.AddIf(linear.Bias is not null, 1, $"bias {linear.Bias}");
        if (linear.Scales is { } scales)
        {
            lines.Add(1, $"scales {scales.Rows} {scales.Columns}{(scales.Bias is null ? "" : " bias " + scales.Bias)}");
        }

        lines.Add(1, "y " + Operand(linear.Y));
        WriteFragment(lines, "tile", linear.TileResult, linear.Tile);
        WriteScratch(lines, "rowscratch", linear.RowScratch);
        if (linear.Row.Count > 0)
        {
            lines.Add(1, "row");
            WriteStatements(lines, 2, linear.Row);
        }
    }

    private static void WriteAttention(Lines lines, AttentionStep attention)
    {
        lines.AddIf(attention.IsInteger, 1, "integer");
        lines.AddIf(attention.IsSafe, 1, "safe");
        lines.Add(1, $"batch {attention.Batch}");
        lines.Add(1, $"heads {Text(attention.Heads)} perkeyhead {Text(attention.HeadsPerKeyHead)}");
        lines.Add(1, $"queries {attention.Queries}");
        lines.Add(1, $"keys {attention.Keys}");
        lines.Add(1, $"headsize {Text(attention.HeadSize)}");
        lines.Add(1, $"valuesize {Text(attention.ValueSize)}");
        lines.Add(1, "q " + Operand(attention.Q));
        lines.Add(1, "k " + Operand(attention.K));
        lines.Add(1, "v " + Operand(attention.V));
        lines.Add(1, "y " + Operand(attention.Y));
        WriteFragment(lines, "score", attention.ScoreResult, attention.Score);
        WriteFragment(lines, "probability", attention.ProbabilityResult, attention.Probability);
    }

    private static void WriteFragment(Lines lines, string name, string result, IReadOnlyList<Statement> statements)
    {
        lines.Add(1, $"{name} {result}");
        WriteStatements(lines, 2, statements);
    }

    private static void WriteScratch(Lines lines, string keyword, IReadOnlyList<Scratch> rows)
    {
        foreach (var row in rows)
        {
            lines.Add(1, $"{keyword} {row.Id}: {PlanText.Name(row.Type)} {row.Elements}");
        }
    }

    private static void WriteStatements(Lines lines, int depth, IReadOnlyList<Statement> statements)
    {
        foreach (var statement in statements)
        {
            switch (statement)
            {
                case Loop loop:
                    lines.Add(depth, $"{PlanText.Name(loop.Kind)} {loop.Variable} < {loop.Extent}");
                    WriteStatements(lines, depth + 1, loop.Body);
                    break;
                case Let let:
                    lines.Add(depth, $"{let.Id}: {PlanText.Name(let.Type)} = {let.Op}{string.Concat(let.Args.Select(a => " " + a))}");
                    break;
                case Load load:
                    lines.Add(depth, $"{load.Id}: {PlanText.Name(load.Type)} = load {Address(load.From)}");
                    break;
                case Store store:
                    lines.Add(depth, $"store {Address(store.To)} = {store.Value}");
                    break;
                case Accumulator accumulator:
                    lines.Add(depth, $"accumulator {accumulator.Id}: {PlanText.Name(accumulator.Type)} {accumulator.Kind}");
                    break;
                case Accumulate accumulate:
                    lines.Add(depth, $"accumulate {accumulate.Accumulator} {accumulate.Value}");
                    break;
                default:
                    throw new ArgumentException($"A statement of the unknown kind {statement.GetType().Name}.", nameof(statements));
            }
        }
    }

    private static string Address(Access access) =>
        $"{Place(access.Buffer, access.Offset)}[{string.Join(" + ", access.Terms.Select(t => t.Stride.Is(1) ? t.Variable : $"{t.Variable}*{t.Stride}"))}]";

    private static string Operand(RowOperand o) => $"{Place(o.Buffer, o.Offset)} row {o.RowStride}";

    private static string Operand(HeadOperand o) => $"{Place(o.Buffer, o.Offset)} batch {o.BatchStride} head {o.HeadStride} token {o.TokenStride}";

    private static string Operand(MatrixOperand o) =>
        $"{Place(o.Buffer, o.Offset)} batch{string.Concat(o.BatchStrides.Select(s => " " + s))} row {o.RowStride} column {o.ColumnStride}";

    private static string Place(string buffer, Dim offset) =>
        offset.Is(0) ? buffer : offset.ToString()[0] == '-' ? buffer + offset : buffer + "+" + offset;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class Lines
    {
        private readonly StringBuilder _text = new();

        public void Add(int depth, string line)
        {
            _text.Append(' ', line.Length == 0 ? 0 : 2 * depth).Append(line).Append('\n');
        }

        public void AddIf(bool condition, int depth, string line)
        {
            if (condition)
            {
                Add(depth, line);
            }
        }

        public override string ToString() => _text.ToString();
    }
}
