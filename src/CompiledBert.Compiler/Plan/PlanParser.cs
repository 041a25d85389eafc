namespace CompiledBert.Compiler;

/// <summary>
/// Reads what <see cref="PlanWriter"/> writes, and nothing else: lines in that order, every name known. The first thing that is wrong is a
/// <see cref="PlanFormatException"/> with its line.
/// </summary>
public static class PlanParser
{
    /// <summary>Whether a plan has a head: its lines are looked at no further than to that of the head.</summary>
    public static bool HasHead(IEnumerable<string> lines) => lines.Any(line => line.StartsWith("  head ", StringComparison.Ordinal));

    /// <summary>The plan that the text describes.</summary>
    public static ModelPlan Parse(string text)
    {
        var root = PlanLine.Read(text);
        if (root.TryChild("compiledbert-plan") is not { } header)
        {
            throw new PlanFormatException(1, $"a plan begins with '{PlanWriter.Header}'");
        }

        if (header.TakeRest() is var version && version != "1")
        {
            throw header.Error(
                $"version '{version}' of plans is not known to this version of CompiledBert, which reads version 1; "
                    + "rebuild the plan with the compiler of the same version");
        }

        header.End();
        var model = root.Child("model");
        var name = model.Quoted();
        var space = Of(model.Child("namespace"), l => l.Quoted());
        var access = model.Child("access");
        var isPublic = access.TryKeyword("public");
        if (!isPublic)
        {
            access.Keyword("internal");
        }

        access.End();
        var source = model.Child("source");
        var sourceFile = source.Quoted();
        source.Keyword("nodes");
        var plan = new ModelPlan
        {
            Name = name,
            Namespace = space,
            IsPublic = isPublic,
            Source = sourceFile,
            SourceNodes = source.Number32(),
            Threads = Of(model.Child("threads"), l => l.Number32(least: 0)),
            IsStub = model.TryChild("stub")?.End() is not null,
            IsRagged = model.TryChild("ragged")?.End() is not null,
            Head = model.TryChild("head") is { } head ? PlanHeadText.Read(head) : null,
            Symbols = List(root.Child("symbols"), ReadSymbol),
            Inputs = List(root.Child("inputs"), ReadTensor),
            Outputs = List(root.Child("outputs"), ReadTensor),
            Checks = List(root.Child("checks"), ReadCheck),
            Limits = root.TryChild("limits") is { } limits ? List(limits, ReadLimit) : [],
            Weights = Of(root.Child("weights"), ReadWeights),
            Buffers = List(root.Child("buffers"), ReadBuffer),
            Steps = ReadSteps(root),
        };
        source.End();
        model.End(leaf: false).EndOfChildren();
        root.EndOfChildren();
        return plan;
    }

    private static PlanSymbol ReadSymbol(PlanLine line) =>
        new(line.Identifier(), line.Value<SymbolRole>(), line.TryKeyword("max") ? line.Number64() : null);

    private static PlanTensor ReadTensor(PlanLine line)
    {
        var identifier = line.Identifier(suffix: ":");
        var type = line.Value<DataType>();
        var rest = line.TakeRest();
        var end = rest.IndexOf(']');
        var quote = end + 2;
        if (rest.Length == 0 || rest[0] != '[' || end < 0 || quote >= rest.Length || rest[quote] != '"')
        {
            throw line.Error($"expected a shape in brackets and a name in quotes, found '{rest}'");
        }

        Dim[] shape = end == 1 ? [] : [.. rest.Substring(1, end - 1).Split([", "], StringSplitOptions.None).Select(line.Dimension)];
        var name = PlanText.Unquote(rest, ref quote);
        return name is not null && quote == rest.Length ? new(name, identifier, type, shape) : throw line.Error($"malformed name in '{rest}'");
    }

    private static IndexCheck ReadCheck(PlanLine line)
    {
        line.Keyword("input");
        var input = line.Number32();
        line.Keyword("from");
        var low = line.Number64(long.MinValue);
        line.Keyword("below");
        return new(input, low, line.Number64(long.MinValue));
    }

    private static LengthLimit ReadLimit(PlanLine line)
    {
        var length = line.Dimension();
        line.Keyword("within");
        return new(length, line.Dimension());
    }

    private static WeightsInfo ReadWeights(PlanLine line)
    {
        var bytes = line.Number64();
        line.Keyword("bytes");
        line.Keyword("sha256");
        return new(bytes, line.Quoted());
    }

    private static PlanBuffer ReadBuffer(PlanLine line)
    {
        var id = line.Identifier(suffix: ":");
        var type = line.Value<DataType>();
        var elements = line.Dimension();
        line.Keyword("in");
        return new(id, type, elements, line.Value<BufferKind>(), line.Number64());
    }

    private static List<Step> ReadSteps(PlanLine root)
    {
        var steps = new List<Step>();
        while (root.TryChild("step") is { } line)
        {
            if (line.Number32() != steps.Count)
            {
                throw line.Error(FormattableString.Invariant($"expected step {steps.Count}"));
            }

            var kind = line.Word();
            var title = line.Quoted();
            var ragged = Of(line.Child("ragged"), l => l.Value<RaggedMode>());
            var origins = List(line.Child("origins"), l => l.Quoted());
            Step step = kind switch
            {
                "nest" => ReadNest(line, title, origins),
                "linear" => ReadLinear(line, title, origins),
                "attention" => ReadAttention(line, title, origins),
                "matmul" => ReadMatMul(line, title, origins),
                _ => throw line.Error($"'{kind}' is not a kind of step"),
            };
            steps.Add(step with { Ragged = ragged });
            line.End(leaf: false).EndOfChildren();
        }

        return steps;
    }

    private static NestStep ReadNest(PlanLine line, string title, List<string> origins) => new()
    {
        Title = title,
        Origins = origins,
        Scratch = ReadScratch(line, "scratch"),
        Body = List(line.Child("body"), ReadStatement),
    };

    private static LinearStep ReadLinear(PlanLine line, string title, List<string> origins)
    {
        var integer = line.TryChild("integer");
        var shift = integer is not null && integer.TryKeyword("shift") ? integer.Identifier() : null;
        var isSmall = integer is not null && shift is null && integer.TryKeyword("small");
        integer?.End();
        var step = new LinearStep
        {
            Title = title,
            Origins = origins,
            Rows = Of(line.Child("rows"), l => l.Dimension()),
            K = Of(line.Child("k"), l => l.Number64()),
            N = Of(line.Child("n"), l => l.Number64()),
            X = Of(line.Child("x"), ReadRows),
            Weights = Of(line.Child("weights"), l => l.Identifier()),
            IsInteger = integer is not null,
            HasSmallSums = isSmall,
            Shift = shift,
            Bias = line.TryChild("bias") is { } bias ? Of(bias, l => l.Identifier()) : null,
            Scales = line.TryChild("scales") is { } scales
                ? Of(scales, l => new ColumnScales(l.Identifier(), l.Identifier(), l.TryKeyword("bias") ? l.Identifier() : null))
                : null,
            Y = Of(line.Child("y"), ReadRows),
        };
        var (tileResult, tile) = ReadFragment(line.Child("tile"));
        return step with
        {
            TileResult = tileResult,
            Tile = tile,
            RowScratch = ReadScratch(line, "rowscratch"),
            Row = line.TryChild("row") is { } row ? List(row, ReadStatement) : [],
        };
    }

    private static AttentionStep ReadAttention(PlanLine line, string title, List<string> origins)
    {
        var (isInteger, isSafe) = (Flag(line, "integer"), Flag(line, "safe"));
        var batch = Of(line.Child("batch"), l => l.Dimension());
        var heads = line.Child("heads");
        var headCount = heads.Number64();
        heads.Keyword("perkeyhead");
        var step = new AttentionStep
        {
            Title = title,
            Origins = origins,
            IsInteger = isInteger,
            IsSafe = isSafe,
            Batch = batch,
            Heads = headCount,
            HeadsPerKeyHead = heads.Number64(least: 1),
            Queries = Of(line.Child("queries"), l => l.Dimension()),
            Keys = Of(line.Child("keys"), l => l.Dimension()),
            HeadSize = Of(line.Child("headsize"), l => l.Number64()),
            ValueSize = Of(line.Child("valuesize"), l => l.Number64()),
            Q = Of(line.Child("q"), ReadHeads),
            K = Of(line.Child("k"), ReadHeads),
            V = Of(line.Child("v"), ReadHeads),
            Y = Of(line.Child("y"), ReadHeads),
        };
        heads.End();
        var (scoreResult, score) = ReadFragment(line.Child("score"));
        var (probabilityResult, probability) = ReadFragment(line.Child("probability"));
        return step with { ScoreResult = scoreResult, Score = score, ProbabilityResult = probabilityResult, Probability = probability };
    }

    private static MatMulStep ReadMatMul(PlanLine line, string title, List<string> origins) => new()
    {
        Title = title,
        Origins = origins,
        BatchExtents = Of(line.Child("batch"), l => ReadDims(l, until: null)),
        M = Of(line.Child("m"), l => l.Dimension()),
        N = Of(line.Child("n"), l => l.Dimension()),
        K = Of(line.Child("k"), l => l.Dimension()),
        A = Of(line.Child("a"), ReadMatrix),
        B = Of(line.Child("b"), ReadMatrix),
        IsPacked = Flag(line, "packed"),
        Y = Of(line.Child("y"), ReadMatrix),
    };

    private static bool Flag(PlanLine step, string keyword)
    {
        var line = step.TryChild(keyword);
        line?.End();
        return line is not null;
    }

    private static List<Scratch> ReadScratch(PlanLine step, string keyword)
    {
        var rows = new List<Scratch>();
        while (step.TryChild(keyword) is { } line)
        {
            rows.Add(Of(line, l => new Scratch(l.Identifier(suffix: ":"), l.Value<DataType>(), l.Dimension())));
        }

        return rows;
    }

    private static (string Result, List<Statement> Statements) ReadFragment(PlanLine line)
    {
        var result = line.Word();
        line.End(leaf: false);
        return (result, List(line, ReadStatement));
    }

    private static RowOperand ReadRows(PlanLine line)
    {
        var (buffer, offset) = ReadPlace(line, line.Word());
        line.Keyword("row");
        return new(buffer, offset, line.Dimension());
    }

    private static HeadOperand ReadHeads(PlanLine line)
    {
        var (buffer, offset) = ReadPlace(line, line.Word());
        line.Keyword("batch");
        var batch = line.Dimension();
        line.Keyword("head");
        var head = line.Dimension();
        line.Keyword("token");
        return new(buffer, offset, batch, head, line.Dimension());
    }

    private static MatrixOperand ReadMatrix(PlanLine line)
    {
        var (buffer, offset) = ReadPlace(line, line.Word());
        line.Keyword("batch");
        var strides = ReadDims(line, until: "row");
        var row = line.Dimension();
        line.Keyword("column");
        return new(buffer, offset, strides, row, line.Dimension());
    }

    private static List<Dim> ReadDims(PlanLine line, string? until)
    {
        var dims = new List<Dim>();
        while (until is null ? !line.AtEnd : !line.TryKeyword(until))
        {
            dims.Add(line.Dimension());
        }

        return dims;
    }

    private static Statement ReadStatement(PlanLine line)
    {
        foreach (var kind in PlanText.Values<LoopKind>())
        {
            if (line.TryKeyword(PlanText.Name(kind)))
            {
                var variable = line.Identifier();
                line.Keyword("<");
                var extent = line.Dimension();
                line.End(leaf: false);
                return new Loop(variable, extent, kind, List(line, ReadStatement));
            }
        }

        if (line.Children.Count > 0)
        {
            throw line.Children[0].Error("only loops have indented lines below them");
        }

        if (line.TryKeyword("store"))
        {
            var rest = line.TakeRest();
            var end = rest.IndexOf("] = ", StringComparison.Ordinal);
            return end > 0
                ? new Store(ReadAccess(line, rest.Substring(0, end + 1)), rest.Substring(end + 4))
                : throw line.Error($"expected an address, '=' and a value, found '{rest}'");
        }

        if (line.TryKeyword("accumulator"))
        {
            return new Accumulator(line.Identifier(suffix: ":"), line.Value<DataType>(), line.Word());
        }

        if (line.TryKeyword("accumulate"))
        {
            return new Accumulate(line.Identifier(), line.Word());
        }

        var id = line.Identifier(suffix: ":");
        var type = line.Value<DataType>();
        line.Keyword("=");
        if (line.TryKeyword("load"))
        {
            return new Load(id, type, ReadAccess(line, line.TakeRest()));
        }

        var op = line.Word();
        var args = new List<string>();
        while (!line.AtEnd)
        {
            args.Add(line.Word());
        }

        return new Let(id, type, op, args);
    }

    private static Access ReadAccess(PlanLine line, string text)
    {
        var open = text.IndexOf('[');
        if (open <= 0 || text[text.Length - 1] != ']')
        {
            throw line.Error($"'{text}' is not an address");
        }

        var (buffer, offset) = ReadPlace(line, text.Substring(0, open));
        var inner = text.Substring(open + 1, text.Length - open - 2);
        AccessTerm[] terms = inner.Length == 0 ? [] : [.. inner.Split([" + "], StringSplitOptions.None).Select(t => ReadTerm(line, t))];
        return new(buffer, offset, terms);
    }

    private static AccessTerm ReadTerm(PlanLine line, string text)
    {
        var star = text.IndexOf('*');
        var variable = star < 0 ? text : text.Substring(0, star);
        return PlanText.IsIdentifier(variable)
            ? new(variable, star < 0 ? Dim.One : line.Dimension(text.Substring(star + 1)))
            : throw line.Error($"'{text}' is not a term of an address");
    }

    private static (string Buffer, Dim Offset) ReadPlace(PlanLine line, string text)
    {
        var sign = text.IndexOfAny(['+', '-']);
        var buffer = sign < 0 ? text : text.Substring(0, sign);
        return PlanText.IsIdentifier(buffer)
            ? (buffer, sign < 0 ? Dim.Zero : line.Dimension(text.Substring(sign).TrimStart('+')))
            : throw line.Error($"'{text}' is not a buffer with an offset");
    }

    private static T Of<T>(PlanLine line, Func<PlanLine, T> read)
    {
        var value = read(line);
        line.End();
        return value;
    }

    private static List<T> List<T>(PlanLine block, Func<PlanLine, T> read)
    {
        block.End(leaf: false);
        return [.. block.Children.Select(line => ReadItem(line, read))];
    }

    private static T ReadItem<T>(PlanLine line, Func<PlanLine, T> read)
    {
        var item = read(line);
        return item is Loop ? item : Of(line, _ => item);
    }
}
