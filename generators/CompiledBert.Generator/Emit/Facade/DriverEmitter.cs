using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit.Facade;

/// <summary>Writes what a call does: the frame, the places of all buffers in one rented block, and the steps in order.</summary>
internal static class DriverEmitter
{
    /// <summary>Steps in one method, so that none grows beyond what the JIT optimises, or compiles in a moment.</summary>
    private const int StepsOfMethod = 32;

    /// <summary>Buffers in one statement list of the method that sets the frame; the same reason.</summary>
    private const int BuffersOfMethod = 400;

    /// <summary>Writes the driver, with a stopwatch around every step where <paramref name="timeSteps"/> asks for it.</summary>
    public static void Emit(CodeWriter writer, Lengths lengths, IReadOnlyList<IReadOnlyList<string>> scratch, bool timeSteps)
    {
        Frame(writer, lengths.Plan);
        Execute(writer, lengths);
        Weights(writer, lengths.Plan);
        Scratch(writer, lengths.Plan, scratch);
        Steps(writer, lengths.Plan, timeSteps);
        Modes(writer, lengths);
    }

    private static bool IsRagged(ModelPlan plan) => plan.IsRagged && plan.Symbols.Count > 0;

    private static string SequenceArguments(ModelPlan plan) => IsRagged(plan) ? ", lengths" : "";

    private static string SequenceParameters(ModelPlan plan) => IsRagged(plan) ? ", ReadOnlySpan<int> lengths" : "";

    private static IEnumerable<PlanBuffer> Of(ModelPlan plan, BufferKind kind) => plan.Buffers.Where(b => b.Kind == kind);

    private static string Bytes(DataType type) => LoopNames.Text((type.BitsOf() + 7) / 8);

    private static void Frame(CodeWriter writer, ModelPlan plan)
    {
        writer.Line();
        writer.Line("// What the steps of a call know: lengths, the first byte of every buffer, scratch memory.");
        using (writer.Block("private struct Frame"))
        {
            foreach (var symbol in plan.Symbols)
            {
                writer.Line($"public long {symbol.Name}; // {FacadeEmitter.LengthName(symbol)}");
            }

            foreach (var buffer in plan.Buffers)
            {
                writer.Line($"public byte* {buffer.Id}; // {buffer.Type.ToString().ToLowerInvariant()} {buffer.Elements}");
            }

            writer.Line("public byte* Scratch;");
            writer.Line("public long ScratchStride;");
            writer.Line("public long PageBytes; // from one page of the weights to the next");
        }
    }

    private static void Execute(CodeWriter writer, Lengths lengths)
    {
        var plan = lengths.Plan;
        var variables = string.Concat(lengths.Variables.Select(v => $"long {v}, "));
        var sequences = IsRagged(plan) ? "ReadOnlySpan<int> lengths, long longest, " : "";
        writer.Line();
        writer.Line("// Places the buffers and runs the steps. Buffers of one slot never live at the same time: a slot is as large as its largest.");
        using (writer.Block($"private void Execute(Frame* f, {(plan.Symbols.Count > 0 ? sequences + variables : "")}CancellationToken cancellationToken)"))
        {
            var slots = Of(plan, BufferKind.Arena).GroupBy(b => b.Place).OrderBy(g => g.Key).ToArray();
            var end = "0";
            foreach (var slot in slots)
            {
                var sizes = slot.Select(b => Product(Bytes(b.Type), b.Elements)).Distinct(StringComparer.Ordinal).ToArray();
                var most = sizes.Skip(1).Aggregate(sizes[0], (a, b) => $"Math.Max({a}, {b})");
                writer.Line(
                    $"long slot{LoopNames.Text(slot.Key)} = {end}, "
                        + $"end{LoopNames.Text(slot.Key)} = checked(slot{LoopNames.Text(slot.Key)} + ({most} + 63 & ~63L));");
                end = "end" + LoopNames.Text(slot.Key);
            }

            writer.Line($"long scratch = {ScratchOf(plan)};");
            writer.Line($"using ModelCall call = Begin({end}, scratch, cancellationToken);");
            foreach (var slot in slots)
            {
                foreach (var buffer in slot)
                {
                    writer.Line($"f->{buffer.Id} = call.Arena + slot{LoopNames.Text(slot.Key)};");
                }
            }

            writer.Line("f->Scratch = call.Scratch;");
            writer.Line("f->ScratchStride = scratch;");
            writer.Line("f->PageBytes = WeightsPageBytes;");
            for (var i = 0; i < WeightMethods(plan); i++)
            {
                writer.Line($"SetWeights{LoopNames.Text(i)}(f, Weights);");
            }

            for (var i = 0; i < plan.Steps.Count; i += StepsOfMethod)
            {
                writer.Line($"Steps{LoopNames.Text(i)}(call, f{SequenceArguments(plan)});");
            }
        }
    }

    private static string Product(string factor, Dim elements)
    {
        var text = Lengths.Text(elements);
        return factor == "1" ? text : elements.Terms.Count > 1 ? $"{factor} * ({text})" : $"{factor} * {text}";
    }

    private static int WeightMethods(ModelPlan plan) => (Of(plan, BufferKind.Weights).Count() + BuffersOfMethod - 1) / BuffersOfMethod;

    private static void Weights(CodeWriter writer, ModelPlan plan)
    {
        for (var i = 0; i < WeightMethods(plan); i++)
        {
            writer.Line();
            using (writer.Block($"private static void SetWeights{LoopNames.Text(i)}(Frame* f, byte* weights)"))
            {
                foreach (var buffer in Of(plan, BufferKind.Weights).Skip(i * BuffersOfMethod).Take(BuffersOfMethod))
                {
                    writer.Line($"f->{buffer.Id} = weights + {LoopNames.Text(buffer.Place)};");
                }
            }
        }
    }

    private static string ScratchOf(ModelPlan plan)
    {
        string Of(RaggedMode mode, string values) => $"ScratchOf{mode}({values})";
        var rectangle = string.Join(", ", plan.Symbols.Select(s => "f->" + s.Name));
        var modes = plan.Steps.Select(s => s.Ragged).Distinct().OrderBy(m => m).ToArray();
        string Max(IEnumerable<string> sizes) => sizes.DefaultIfEmpty("0").Aggregate((a, b) => $"Math.Max({a}, {b})");
        var whole = Max(modes.Select(m => Of(m, rectangle)));
        if (!IsRagged(plan))
        {
            return whole;
        }

        // Concatenated: as many tokens as there are, or sequence by sequence, or one token of each.
        string Values(RaggedMode mode) => string.Join(", ", plan.Symbols.Select(s => (mode, s.Role) switch
        {
            (RaggedMode.EachSequence, SymbolRole.Tokens) => "longest",
            (RaggedMode.AllSequences, SymbolRole.Batch) => "lengths.Length",
            _ => "f->" + s.Name,
        }));
        return $"lengths.IsEmpty ? {whole} : {Max(modes.Select(m => Of(m, Values(m))))}";
    }

    private static void Scratch(CodeWriter writer, ModelPlan plan, IReadOnlyList<IReadOnlyList<string>> scratch)
    {
        foreach (var mode in plan.Steps.Select(s => s.Ragged).Distinct().OrderBy(m => m))
        {
            var sizes = plan.Steps.Select((s, i) => (Step: s, Sizes: scratch[i]))
                .Where(s => s.Step.Ragged == mode)
                .SelectMany(s => s.Sizes).Distinct(StringComparer.Ordinal).ToArray();
            writer.Line();
            writer.Line($"// Bytes of scratch memory that a task of any step of this kind needs.");
            using (writer.Block($"private static long ScratchOf{mode}({string.Join(", ", plan.Symbols.Select(s => "long " + s.Name))})"))
            {
                writer.Line("long bytes = 0;");
                foreach (var size in sizes)
                {
                    writer.Line($"bytes = Math.Max(bytes, {size});");
                }

                writer.Line("return bytes;");
            }
        }
    }

    private static void Steps(CodeWriter writer, ModelPlan plan, bool timeSteps)
    {
        if (timeSteps)
        {
            writer.Line();
            writer.Line("/// <summary>What each step took so far, in ticks of the stopwatch.</summary>");
            writer.Line($"public static readonly long[] StepTicks = new long[{LoopNames.Text(plan.Steps.Count)}];");
        }

        for (var start = 0; start < plan.Steps.Count; start += StepsOfMethod)
        {
            writer.Line();
            using (writer.Block($"private static void Steps{LoopNames.Text(start)}(in ModelCall call, Frame* f{SequenceParameters(plan)})"))
            {
                for (var i = start; i < Math.Min(start + StepsOfMethod, plan.Steps.Count); i++)
                {
                    var step = plan.Steps[i];
                    var last = VectorTarget.All[VectorTarget.All.Count - 1];
                    var choice = string.Concat(VectorTarget.All.Take(VectorTarget.All.Count - 1)
                        .Select(t => $"{t.IsSupported} ? &{t.ClassName}.Step{LoopNames.Text(i)} : "))
                        + $"&{last.ClassName}.Step{LoopNames.Text(i)}";
                    writer.Line($"// {StepContext.Comment(step)}");
                    if (timeSteps)
                    {
                        writer.Line($"StepTicks[{LoopNames.Text(i)}] -= global::System.Diagnostics.Stopwatch.GetTimestamp();");
                    }

                    writer.Line($"{(IsRagged(plan) ? step.Ragged.ToString() : "Run")}(call, f{SequenceArguments(plan)}, {choice});");
                    if (timeSteps)
                    {
                        writer.Line($"StepTicks[{LoopNames.Text(i)}] += global::System.Diagnostics.Stopwatch.GetTimestamp();");
                    }
                }
            }
        }
    }

    private static void Modes(CodeWriter writer, Lengths lengths)
    {
        var plan = lengths.Plan;
        const string StepParameter = "delegate*<Frame*, int, int, void> step";
        writer.Line();
        using (writer.Block($"private static void Run(in ModelCall call, Frame* f, {StepParameter})"))
        {
            writer.Line("call.Run((delegate*<void*, int, int, void>)step, f);");
        }

        if (!IsRagged(plan))
        {
            return;
        }

        var modes = plan.Steps.Select(s => s.Ragged).Distinct().ToArray();
        if (modes.Contains(RaggedMode.AllTokens))
        {
            writer.Line();
            writer.Line("// Each token by itself: concatenated sequences are one sequence of all tokens, as the frame has them.");
            using (writer.Block($"private static void AllTokens(in ModelCall call, Frame* f, ReadOnlySpan<int> lengths, {StepParameter})"))
            {
                writer.Line("Run(call, f, step);");
            }
        }

        if (modes.Contains(RaggedMode.AllSequences))
        {
            var batch = lengths.Symbol(SymbolRole.Batch);
            writer.Line();
            writer.Line("// Nothing that depends on tokens: concatenated sequences are a batch.");
            using (writer.Block($"private static void AllSequences(in ModelCall call, Frame* f, ReadOnlySpan<int> lengths, {StepParameter})"))
            {
                writer.Line("Frame all = *f;");
                if (batch is not null)
                {
                    using (writer.Block("if (!lengths.IsEmpty)"))
                    {
                        writer.Line($"all.{batch.Name} = lengths.Length;");
                    }
                }

                writer.Line("Run(call, &all, step);");
            }
        }

        if (modes.Contains(RaggedMode.EachSequence))
        {
            Each(writer, lengths, StepParameter);
        }
    }

    private static void Each(CodeWriter writer, Lengths lengths, string stepParameter)
    {
        var plan = lengths.Plan;
        var sums = lengths.OfSequences.Distinct().OrderBy(s => s, StringComparer.Ordinal).ToArray();
        string Zeros() => string.Concat(sums.Select(s => $"long {s} = 0; "));
        string Next() => string.Join(" ", sums.Select(s => $"{s} += {Power("length", s[s.Length - 1] - '0')};"));
        var place = $"Place(&one, f, length{string.Concat(sums.Select(s => ", " + s))});";

        writer.Line();
        writer.Lines("""
            // Sequence by sequence: each has a frame with its own part of every buffer. Many sequences are shared out among the tasks whole, by their work;
            // where one of them is a large part of all, all tasks work on each.
            """);
        using (writer.Block($"private static void EachSequence(in ModelCall call, Frame* f, ReadOnlySpan<int> lengths, {stepParameter})"))
        {
            using (writer.Block("if (lengths.IsEmpty)"))
            {
                writer.Line("Run(call, f, step);");
                writer.Line("return;");
            }

            writer.Line("long work = 0, most = 0;");
            using (writer.Block("foreach (long length in lengths)"))
            {
                writer.Line("work += WorkOf(length);");
                writer.Line("most = Math.Max(most, WorkOf(length));");
            }

            using (writer.Block("if (call.Tasks == 1 || 2 * call.Tasks * most <= work)"))
            using (writer.Block("fixed (int* first = lengths)"))
            {
                writer.Line("Sequences all = new() { Frame = f, Lengths = first, Count = lengths.Length, Work = work, Step = step };");
                writer.Line("call.Run((delegate*<void*, int, int, void>)(delegate*<Sequences*, int, int, void>)&SomeSequences, &all);");
                writer.Line("return;");
            }

            writer.Line("Frame one = *f;");
            writer.Line(Zeros().TrimEnd());
            using (writer.Block("foreach (long length in lengths)"))
            {
                writer.Line(place);
                writer.Line("Run(call, &one, step);");
                writer.Line(Next());
            }
        }

        writer.Line();
        writer.Lines("""
            private struct Sequences
            {
                public Frame* Frame;
                public int* Lengths;
                public int Count;
                public long Work;
                public delegate*<Frame*, int, int, void> Step;
            }

            // What attention does for a sequence grows with its square, the rest with its length.
            private static long WorkOf(long length) => length * (length + 64);

            // The sequences whose middle, in work, lies in the task's share.
            """);
        using (writer.Block("private static void SomeSequences(Sequences* all, int task, int tasks)"))
        {
            writer.Line("Frame* f = all->Frame;");
            writer.Line("Frame one = *f;");
            writer.Line("one.Scratch += task * one.ScratchStride;");
            writer.Line($"{Zeros()}long done = 0;");
            using (writer.Block("for (int i = 0; i < all->Count; i++)"))
            {
                writer.Line("long length = all->Lengths[i], work = WorkOf(length);");
                using (writer.Block("if (all->Work == 0 ? task == 0 : (2 * done + work) * tasks / (2 * all->Work) == task)"))
                {
                    writer.Line(place);
                    writer.Line("all->Step(&one, 0, 1);");
                }

                writer.Line(Next());
                writer.Line("done += work;");
            }
        }

        writer.Line();
        using (writer.Block($"private static void Place(Frame* one, Frame* f, long length{string.Concat(sums.Select(s => ", long " + s))})"))
        {
            writer.Line($"one->{lengths.Symbol(SymbolRole.Tokens)!.Name} = length;");
            foreach (var buffer in plan.Buffers.Where(b => b.Kind != BufferKind.Weights && !b.Elements.IsConstant))
            {
                writer.Line($"one->{buffer.Id} = f->{buffer.Id} + {Bytes(buffer.Type)} * ({lengths.OfSequencesText(buffer.Elements)});");
            }
        }
    }

    private static string Power(string factor, int power) => power == 0 ? "1" : string.Join(" * ", Enumerable.Repeat(factor, power));
}
