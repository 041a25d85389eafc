using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// Writes nests: the loop program becomes a method over pointers, which layers with the same program share, and the step calls it for its share of the
/// parallel iterations.
/// </summary>
internal sealed class NestEmitter : IStepEmitter
{
    /// <inheritdoc/>
    public void Emit(StepContext context, CodeWriter writer, VectorTarget target)
    {
        var step = (NestStep)context.Step;
        var shape = NestShape.Of(step.Body, target.Lanes);
        var scope = new LoopScope { Step = step.Title };
        var arguments = new List<string>();
        foreach (var buffer in Accesses(step.Body).Select(a => a.Buffer).Distinct(StringComparer.Ordinal))
        {
            scope.Pointers.Add(buffer, "p" + LoopNames.Text(arguments.Count));
            arguments.Add(step.Scratch.FirstOrDefault(s => s.Id == buffer) is { } row
                ? $"{StepContext.TaskScratch} + {context.RequestScratch($"({row.Elements}) * {LoopNames.Text((row.Type.BitsOf() + 7) / 8)}L")}"
                : context.Buffers.ContainsKey(buffer) ? "f->" + buffer : throw new EmitException($"there is no buffer '{buffer}'"));
        }

        var symbols = context.Plan.Symbols.Select(s => s.Name).ToArray();
        var parameters = Enumerable.Range(0, arguments.Count).Select(i => "byte* p" + LoopNames.Text(i)).Concat(symbols.Select(s => "long " + s)).Concat(["long first", "long end"]);
        var name = context.Kernels.Share("Nest", (body, method) =>
        {
            using (body.Block($"[MethodImpl(MethodImplOptions.AggressiveOptimization)]\nprivate static void {method}({string.Join(", ", parameters)})"))
            {
                shape.Write(body, context.Kernels, scope);
            }
        });

        using (writer.Block(context.MethodHead()))
        {
            writer.Lines(context.SymbolLocals);
            var all = string.Join(", ", arguments.Concat(symbols));
            if (shape.Shares is null)
            {
                using (writer.Block("if (task == 0)"))
                {
                    writer.Line($"{name}({all}, 0, 1);");
                }

                return;
            }

            writer.Line($"long shares = {shape.Shares};");
            writer.Line($"{name}({all}, {shape.Bound("shares * task / tasks")}, {shape.Bound("shares * (task + 1) / tasks")});");
        }
    }

    private static IEnumerable<Access> Accesses(IEnumerable<Statement> statements) => LanesAnalysis.All(statements).Select(s => s switch
    {
        Load load => load.From,
        Store store => store.To,
        _ => null,
    }).OfType<Access>();
}
