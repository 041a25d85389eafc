using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit.Facade;

/// <summary>Writes the overloads of <c>Run</c>, and <c>RunBatch</c>: argument checks, pinned spans, and the call of the driver.</summary>
internal static class RunEmitter
{
    /// <summary>Writes all calls that the plan allows.</summary>
    public static void Emit(CodeWriter writer, Lengths lengths)
    {
        var plan = lengths.Plan;
        var batch = lengths.Symbol(SymbolRole.Batch);
        var tokens = lengths.Symbol(SymbolRole.Tokens);
        var simple = plan.Symbols.All(s => s.Role != SymbolRole.Other) && (tokens is null || Measure(plan, tokens) is not null);
        if (!simple)
        {
            Rectangle(writer, lengths, plan.Symbols, null, "Runs the model.");
            return;
        }

        if (batch is null)
        {
            Rectangle(
                writer, lengths, [], tokens, tokens is null ? "Runs the model." : "Runs the model on one sequence; its tokens are counted from the inputs.");
        }
        else
        {
            Single(writer, plan);
            Rectangle(writer, lengths, [batch], tokens, "Runs the model on sequences of the same length, one after the other in each span.");
        }

        if (plan.IsRagged && tokens is not null)
        {
            Sequences(writer, lengths, tokens);
        }
    }

    /// <summary>The first input from whose length the tokens follow, with the elements of a token (of all sequences).</summary>
    private static (PlanTensor Input, Dim PerToken)? Measure(ModelPlan plan, PlanSymbol tokens)
    {
        foreach (var input in plan.Inputs)
        {
            var elements = Elements(input);
            if (elements.Terms.Count == 1 && elements.DivideExactly(Dim.Of(new Symbol(tokens.Name))) is { } rest
                && rest.Symbols.All(s => s.Name != tokens.Name))
            {
                return (input, rest);
            }
        }

        return null;
    }

    /// <summary>Inputs and outputs but the one whose length says how many tokens there are.</summary>
    private static IEnumerable<PlanTensor> AllBut(PlanTensor? measured, ModelPlan plan) =>
        plan.Inputs.Concat(plan.Outputs).Where(t => !ReferenceEquals(t, measured));

    /// <summary>How many tokens an input has, as C#.</summary>
    private static string Count(PlanTensor input, Dim perToken, ModelPlan plan) => perToken.Is(1)
        ? input.Identifier + ".Length"
        : $"Arguments.Quotient({input.Identifier}.Length, {OverFrame(perToken)}, nameof({input.Identifier}), "
            + $"{CSharpText.Quote(FacadeEmitter.Formula(perToken, plan, " · "))})";

    private static Dim Elements(PlanTensor tensor) => tensor.Shape.Aggregate(Dim.One, (product, d) => product * d);

    private static string Spans(ModelPlan plan) => string.Concat(
        plan.Inputs.Select(i => $"ReadOnlySpan<{SpanType(i)}> {i.Identifier}, ").Concat(plan.Outputs.Select(o => $"Span<{SpanType(o)}> {o.Identifier}, ")))
        + "CancellationToken cancellationToken = default";

    private static string Names(ModelPlan plan) => string.Concat(plan.Inputs.Concat(plan.Outputs).Select(t => t.Identifier + ", ")) + "cancellationToken";

    private static string SpanType(PlanTensor tensor) => tensor.Type == DataType.Bool ? "bool" : ElementTypes.Value(tensor.Type);

    private static void Documentation(CodeWriter writer, ModelPlan plan, string summary, IEnumerable<(string Name, string Meaning)> first, bool concatenated)
    {
        writer.Line();
        writer.Line($"/// <summary>{summary}</summary>");
        foreach (var (name, meaning) in first)
        {
            writer.Line($"/// <param name=\"{name}\">{meaning}</param>");
        }

        foreach (var (what, tensors) in new[] { ("Input", plan.Inputs), ("Output", plan.Outputs) })
        {
            foreach (var tensor in tensors)
            {
                writer.Line(
                    $"/// <param name=\"{tensor.Identifier}\">{what} {FacadeEmitter.Xml(tensor.Name)}, {FacadeEmitter.Shape(tensor, plan)}"
                        + $"{(concatenated ? " of each sequence, one after the other" : "")}.</param>");
            }
        }

        writer.Lines("""
            /// <param name="cancellationToken">Asked before each step.</param>
            /// <exception cref="ArgumentException">A span has a wrong length; nothing was computed.</exception>
            /// <exception cref="ArgumentOutOfRangeException">A length or an id is out of range; nothing was computed.</exception>
            /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
            /// <exception cref="OperationCanceledException">The call was cancelled; the outputs hold anything.</exception>
            """);
    }

    private static void Single(CodeWriter writer, ModelPlan plan)
    {
        Documentation(writer, plan, "Runs the model on one sequence: batch is 1, its tokens are counted from the inputs.", [], concatenated: false);
        writer.Line($"public void Run({Spans(plan)}) =>");
        writer.Line($"    Run(1, {Names(plan)});");
    }

    private static void Rectangle(CodeWriter writer, Lengths lengths, IReadOnlyList<PlanSymbol> stated, PlanSymbol? measured, string summary)
    {
        var plan = lengths.Plan;
        var counts = stated.Select(s => (Symbol: s, Name: FacadeEmitter.LengthName(s))).ToArray();
        Documentation(writer, plan, summary, counts.Select(c => (c.Name, FacadeEmitter.LengthMeaning(c.Symbol))), concatenated: false);
        using (writer.Block($"public void Run({string.Concat(counts.Select(c => $"int {c.Name}, "))}{Spans(plan)})"))
        {
            if (plan.IsStub)
            {
                Stub(writer, plan);
                return;
            }

            writer.Line("Frame frame = default;");
            foreach (var (symbol, name) in counts)
            {
                writer.Line(symbol.Role == SymbolRole.Other
                    ? $"Arguments.Extent({name}, {Most(symbol)}, nameof({name}));"
                    : $"Arguments.Count({name}, {Most(symbol)}, nameof({name}), {CSharpText.Quote(Counted(symbol))});");
                writer.Line($"frame.{symbol.Name} = {name};");
            }

            var measure = measured is null ? null : Measure(plan, measured);
            if (measure is var (input, perToken))
            {
                writer.Line($"frame.{measured!.Name} = {Count(input, perToken, plan)};");
                writer.Line($"Arguments.Count(frame.{measured.Name}, {Most(measured)}, nameof({input.Identifier}), {CSharpText.Quote(Counted(measured))});");
            }

            LimitChecks(writer, plan);
            foreach (var tensor in AllBut(measure?.Input, plan))
            {
                var elements = Elements(tensor);
                writer.Line(
                    $"Arguments.Length({tensor.Identifier}.Length, {OverFrame(elements)}, nameof({tensor.Identifier}), "
                        + $"{CSharpText.Quote(FacadeEmitter.Formula(elements, plan, " · "))});");
            }

            var products = lengths.OfRectangle.Select(p =>
                string.Join(" * ", p.Split([" * "], StringSplitOptions.None).Select(f => f == "1" ? f : "frame." + f)));
            ChecksAndExecute(writer, plan, "default", "0", string.Concat(products.Select(p => p + ", ")));
        }
    }

    private static void Sequences(CodeWriter writer, Lengths lengths, PlanSymbol tokens)
    {
        var plan = lengths.Plan;
        Documentation(
            writer,
            plan,
            "Runs the model on sequences of any lengths, each exactly as if alone: they lie one after the other in each span, without padding.",
            [("lengths", "Tokens of each sequence.")],
            concatenated: true);
        using (writer.Block($"public void RunBatch(ReadOnlySpan<int> lengths, {Spans(plan)})"))
        {
            if (plan.IsStub)
            {
                Stub(writer, plan);
                return;
            }

            var (input, perToken) = Measure(plan, tokens)!.Value;
            writer.Line("Frame frame = default;");
            writer.Line($"long sum1 = {Count(input, Dim.Of(perToken.Terms[0].Coefficient), plan)};");
            writer.Line($"Arguments.Lengths(lengths, sum1, {Most(tokens)}, nameof(lengths), nameof({input.Identifier}));");
            var powers = Enumerable.Range(2, Math.Max(0, lengths.Degree - 1)).ToArray();
            writer.Line($"long sum0 = lengths.Length, longest = 0{string.Concat(powers.Select(p => $", sum{LoopNames.Text(p)} = 0"))};");
            if (lengths.Symbol(SymbolRole.Batch) is { } batch)
            {
                writer.Line($"frame.{batch.Name} = 1;");
            }

            using (writer.Block("foreach (long length in lengths)"))
            {
                writer.Line("longest = Math.Max(longest, length);");
                if (plan.Limits.Count > 0)
                {
                    writer.Line($"frame.{tokens.Name} = length;");
                    LimitChecks(writer, plan);
                }

                foreach (var power in powers)
                {
                    writer.Line($"sum{LoopNames.Text(power)} += {string.Join(" * ", Enumerable.Repeat("length", power))};");
                }
            }

            foreach (var tensor in AllBut(input, plan))
            {
                var elements = Elements(tensor);
                writer.Line(
                    $"Arguments.Length({tensor.Identifier}.Length, {lengths.OfSequencesText(elements)}, nameof({tensor.Identifier}), "
                        + $"{CSharpText.Quote("for all sequences: " + FacadeEmitter.Formula(elements, plan, " · "))});");
            }

            writer.Line($"frame.{tokens.Name} = sum1;");
            ChecksAndExecute(writer, plan, "lengths", "longest", string.Concat(lengths.OfSequences.Select(s => s + ", ")));
        }
    }

    private static void LimitChecks(CodeWriter writer, ModelPlan plan)
    {
        foreach (var (length, most) in plan.Limits)
        {
            writer.Line(
                $"Arguments.Limit({OverFrame(length)}, {OverFrame(most)}, "
                    + $"{CSharpText.Quote(FacadeEmitter.Formula(length, plan, " · "))}, {CSharpText.Quote(FacadeEmitter.Formula(most, plan, " · "))});");
        }
    }

    private static void ChecksAndExecute(CodeWriter writer, ModelPlan plan, string sequences, string longest, string products)
    {
        foreach (var check in plan.Checks)
        {
            var input = plan.Inputs[check.Input];
            writer.Line($"Arguments.Range({input.Identifier}, {LoopNames.Text(check.Low)}, {LoopNames.Text(check.High)}, nameof({input.Identifier}));");
        }

        var pinned = plan.Inputs.Select((t, i) => (Tensor: t, Field: BufferOf(plan, BufferKind.Input, i), Pin: "pin" + LoopNames.Text(i)))
            .Concat(plan.Outputs.Select((t, i) => (Tensor: t, Field: BufferOf(plan, BufferKind.Output, i), Pin: "pin" + LoopNames.Text(plan.Inputs.Count + i))))
            .Where(p => p.Field is not null).ToArray();
        foreach (var (tensor, _, pin) in pinned)
        {
            writer.Line($"fixed ({SpanType(tensor)}* {pin} = {tensor.Identifier})");
        }

        using (writer.Block(""))
        {
            foreach (var (_, field, pin) in pinned)
            {
                writer.Line($"frame.{field} = (byte*){pin};");
            }

            var call = plan.Symbols.Count > 0 ? $"&frame, {(plan.IsRagged ? $"{sequences}, {longest}, " : "")}{products}" : "&frame, ";
            writer.Line($"Execute({call}cancellationToken);");
        }
    }

    private static void Stub(CodeWriter writer, ModelPlan plan) =>
        writer.Line(
            $"throw new NotSupportedException({CSharpText.Quote($"{plan.Name} has its signature only, which is what an editor needs. Build the project.")});");

    private static string? BufferOf(ModelPlan plan, BufferKind kind, int index) => plan.Buffers.FirstOrDefault(b => b.Kind == kind && b.Place == index)?.Id;

    private static string Most(PlanSymbol symbol) => symbol.Max is { } max ? LoopNames.Text(max) : "long.MaxValue";

    private static string Counted(PlanSymbol symbol) => symbol.Role switch { SymbolRole.Batch => "sequences", SymbolRole.Tokens => "tokens", _ => "elements" };

    private static string OverFrame(Dim dim) => dim.IsConstant
        ? LoopNames.Text(dim.Value)
        : string.Join(" + ", dim.Terms.Select(t =>
            string.Join(" * ", t.Symbols.Select(s => "frame." + s.Name)
                .Concat(t.Coefficient == 1 && t.Symbols.Count > 0 ? [] : [LoopNames.Text(t.Coefficient)]))));
}
