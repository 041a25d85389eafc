using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Schema;

namespace CompiledBert.Compiler.Onnx;

/// <summary>
/// Walks the nodes that are needed, in order, and lets each operator's rule express it in the graph. Calls of functions and
/// decided branches are expanded on the way.
/// </summary>
internal sealed class GraphImporter
{
    /// <summary>Nodes after expansion; the largest models have some thousands.</summary>
    private const int MaxNodes = 100_000;

    private const int MaxDepth = 64;

    private readonly OnnxFile _file;
    private readonly Functions _functions;
    private readonly List<Operand> _symbolic = [];
    private int _nodes;
    private string? _current;

    public GraphImporter(OnnxFile file, ModelGraph graph)
    {
        _file = file;
        Graph = graph;
        Lengths = new Lengths(graph);
        Lengths.Substituted += (symbol, replacement) => _symbolic.ForEach(o => o.Substitute(symbol, replacement));
        _functions = new Functions(file.Path, file.Model.Functions, MaxNodes);
    }

    /// <summary>The graph that is made.</summary>
    public ModelGraph Graph { get; }

    /// <summary>What is known about its symbols.</summary>
    public Lengths Lengths { get; }

    /// <summary>For integers that were cast from floats holding whole numbers: these floats.</summary>
    public Dictionary<Value, Value> WholeFloats { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>The model file, for messages.</summary>
    public string Path => _file.Path;

    /// <summary>A tensor of the model as an operand; floating point becomes 32 bits wide.</summary>
    public Operand Load(string name, TensorProto tensor) => Constant(name, _file.Tensors.Load(tensor));

    /// <summary>A sparse tensor of the model as an operand.</summary>
    public Operand Load(string name, SparseTensorProto tensor) => Constant(name, _file.Tensors.Load(tensor));

    /// <summary>Contents that follow from lengths, as an operand.</summary>
    public Operand Symbolic(string name, DataType type, long[] dims, Dim[] contents)
    {
        var operand = new Operand(name, type, dims, contents);
        if (!Array.TrueForAll(contents, c => c.IsConstant))
        {
            _symbolic.Add(operand);
        }

        return operand;
    }

    /// <summary>
    /// From here on, says which lengths of inputs that are open so far become numbers; that a model takes one sequence at a time is common and needs no word.
    /// </summary>
    public void WarnOfFixedLengths()
    {
        var open = Graph.Inputs
            .SelectMany(input => Enumerable.Range(0, input.Shape.Rank).Select(axis => (Symbol: input.Shape[axis].AsSymbol, Axis: axis, Input: input)))
            .Where(place => place.Symbol is not null).DistinctBy(place => place.Symbol).ToList();
        Lengths.Substituted += (symbol, replacement) =>
        {
            foreach (var place in open.Where(
                p => p.Symbol == symbol && replacement.IsConstant && !(p.Axis == 0 && p.Input.Shape.Rank > 1 && replacement.Is(1))))
            {
                Graph.Warnings.Add(DiagnosticTable.LengthFixed.At(Path, _current, place.Axis, Diagnostic.Abbreviate(place.Input.Name), replacement));
            }
        };
    }

    /// <summary>Imports a graph's nodes as far as the named values need them.</summary>
    public void Import(NodeOrder order, IEnumerable<string> needed, Scope scope)
    {
        foreach (var node in order.NeededFor(needed))
        {
            Import(node, scope);
        }
    }

    /// <summary>Imports one node. Throws <see cref="CompileException"/> naming it.</summary>
    private void Import(NodeProto node, Scope scope)
    {
        var name = _current = scope.Prefix + NodeOrder.NameOf(node);
        if (++_nodes > MaxNodes || scope.Depth > MaxDepth)
        {
            throw DiagnosticTable.TooComplex.Error(
                Path, name, scope.Depth > MaxDepth ? "nested" : "expanded to many nodes", scope.Depth > MaxDepth ? MaxDepth : MaxNodes);
        }

        try
        {
            var domain = node.Domain == "ai.onnx" ? "" : node.Domain;
            if (_functions.Find(node) is { } function)
            {
                Call(function, new NodeImport(this, node, scope, name, domain), scope);
                return;
            }

            var import = new NodeImport(this, node, scope, name, domain);
            switch (node.OpType)
            {
                case "If" when domain.Length == 0:
                    Branch(import, scope);
                    return;
                case "Loop" or "Scan" or "SequenceMap" when domain.Length == 0:
                    throw DiagnosticTable.RuntimeControlFlow.Error(Path, name, node.OpType);
            }

            if (OperatorTable.Instance.Find(domain, node.OpType) is not { } rule)
            {
                throw Unsupported(import, domain);
            }

            if (domain.Length == 0 && !OperatorTable.IsUnchanged(node.OpType, import.Opset))
            {
                throw ModelChecks.TooOld(Path, name, node.OpType, import.Opset);
            }

            import.CheckArity(rule);
            rule.Import(import);
            import.Finish();
        }
        catch (ShapeException e)
        {
            throw DiagnosticTable.ShapeMismatch.Error(Path, name, Diagnostic.Abbreviate(node.OpType), e.Message);
        }
        catch (OverflowException)
        {
            throw DiagnosticTable.ShapeMismatch.Error(Path, name, Diagnostic.Abbreviate(node.OpType), "a length overflows");
        }
    }

    private CompileException Unsupported(NodeImport import, string domain)
    {
        var op = Diagnostic.Abbreviate(import.OpType);
        if (domain is not ("" or OperatorTable.Microsoft))
        {
            return DiagnosticTable.UnsupportedDomain.Error(Path, import.Name, op, Diagnostic.Abbreviate(domain), "which is not supported");
        }

        return DiagnosticTable.UnsupportedOperator.Error(Path, import.Name, domain.Length == 0 ? op : domain + "." + op, import.Opset, AdviceFor(op));
    }

    /// <summary>What to do about an operator that is not supported: another file where its folder usually has one, another export elsewhere.</summary>
    private static string AdviceFor(string op) =>
        op.Contains("Bnb4", StringComparison.Ordinal) ? "Take the file of this model with MatMulNBits (q4), 8 bits or floats instead."
        : op.StartsWith("Sequence", StringComparison.Ordinal) ? "Export the model with tensors in place of sequences."
        : "Export the encoder without it, or by another exporter.";

    private void Branch(NodeImport import, Scope scope)
    {
        if (import.In(0).Integers is not [var condition])
        {
            throw DiagnosticTable.RuntimeControlFlow.Error(Path, import.Name, "If");
        }

        var then = import.Graph("then_branch");
        var otherwise = import.Graph("else_branch");
        var graph = condition != 0 ? then : otherwise;
        var inner = new Scope(scope) { Prefix = import.Name + "/" };
        var order = Enter(graph, inner, name => scope.Find(name) is not null);
        if (graph.Output.Count != import.OutputCount)
        {
            throw DiagnosticTable.InvalidArity.Error(Path, import.Name, "If", $"has {import.OutputCount} outputs, its branch has {graph.Output.Count}");
        }

        Import(order, graph.Output.Select(o => o.Name), inner);
        for (var i = 0; i < graph.Output.Count; i++)
        {
            import.Set(
                i, inner.Find(graph.Output[i].Name)
                    ?? throw DiagnosticTable.UndefinedValue.Error(Path, import.Name, "Output", Diagnostic.Abbreviate(graph.Output[i].Name)));
        }
    }

    /// <summary>Puts a graph's initializers into its scope and sorts its nodes.</summary>
    public NodeOrder Enter(GraphProto graph, Scope scope, Func<string, bool> outer)
    {
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var tensor in graph.Initializer)
        {
            Give(tensor.Name, () => Load(tensor.Name, tensor));
        }

        foreach (var tensor in graph.SparseInitializer)
        {
            Give(tensor.Values?.Name ?? "", () => Load(tensor.Values?.Name ?? "", tensor));
        }

        var inputs = new HashSet<string>(StringComparer.Ordinal);
        foreach (var input in graph.Input)
        {
            if (!inputs.Add(input.Name))
            {
                throw DiagnosticTable.DuplicateName.Error(Path, null, Diagnostic.Abbreviate(input.Name), "an input", "an input");
            }

            given.TryAdd(input.Name, "an input");
        }

        return new NodeOrder(Path, graph.Node, given, outer);

        void Give(string name, Func<Operand> load)
        {
            if (!given.TryAdd(name, "an initializer"))
            {
                throw DiagnosticTable.DuplicateName.Error(Path, null, Diagnostic.Abbreviate(name), "an initializer", "an initializer");
            }

            scope.DefineLazily(name, load);
        }
    }

    private void Call(FunctionProto function, NodeImport call, Scope scope)
    {
        var attributes = function.AttributeProto.ToDictionary(a => a.Name, StringComparer.Ordinal);
        foreach (var attribute in call.ResolvedAttributes())
        {
            attributes[attribute.Name] = attribute;
        }

        var inner = new Scope(scope)
        {
            Prefix = call.Name + "/",
            Attributes = attributes,
            Opsets = ModelChecks.Opsets(Path, function.OpsetImport, scope.Opsets),
        };

        // The body sees its parameters only; a name of the caller's that it does not define is refused by the order's check.
        var given = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < function.Input.Count; i++)
        {
            if (!given.TryAdd(function.Input[i], "a parameter"))
            {
                throw DiagnosticTable.DuplicateName.Error(Path, call.Name, Diagnostic.Abbreviate(function.Input[i]), "a parameter", "a parameter");
            }

            inner.Define(function.Input[i], call.Optional(i) ?? Operand.Absent);
        }

        if (call.InputCount > function.Input.Count || call.OutputCount > function.Output.Count)
        {
            throw DiagnosticTable.InvalidArity.Error(
                Path, call.Name, Diagnostic.Abbreviate(call.OpType), $"takes {function.Input.Count} inputs and gives {function.Output.Count} outputs");
        }

        var order = new NodeOrder(Path, function.Node, given, _ => false);
        Import(order, function.Output, inner);
        for (var i = 0; i < call.OutputCount; i++)
        {
            call.Set(
                i, inner.Find(function.Output[i])
                    ?? throw DiagnosticTable.UndefinedValue.Error(Path, call.Name, "Output", Diagnostic.Abbreviate(function.Output[i])));
        }
    }

    /// <summary>Makes named values the graph's outputs.</summary>
    public void SetOutputs(IEnumerable<string> names, Scope scope)
    {
        foreach (var name in names)
        {
            var import = new NodeImport(this, new NodeProto { OpType = "Output", Output = { name } }, scope, name, "");
            Graph.Outputs.Add((name, import.Materialise(scope.Find(name)!)));
        }
    }

    private static Operand Constant(string name, TensorData data) =>
        new(ModelGraph.Constant(name, data.Type.IsFloat() ? data.ToFloat32() : data));
}
