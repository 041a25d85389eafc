using CompiledBert.Compiler.Onnx.Schema;
using Google.Protobuf.Collections;

namespace CompiledBert.Compiler.Onnx;

/// <summary>The functions that a model defines. That expanding them ends, and within bounds, is checked before any is expanded.</summary>
internal sealed class Functions
{
    private const int MaxDepth = 32;

    private readonly Dictionary<(string Domain, string Name, string Overload), FunctionProto> _functions = [];
    private readonly Dictionary<FunctionProto, long> _sizes = new(ReferenceEqualityComparer.Instance);
    private readonly string _file;
    private readonly long _maxNodes;

    public Functions(string file, RepeatedField<FunctionProto> functions, long maxNodes)
    {
        _file = file;
        _maxNodes = maxNodes;
        foreach (var function in functions)
        {
            if (!_functions.TryAdd((function.Domain, function.Name, function.Overload), function))
            {
                throw Invalid(function, "is defined twice");
            }
        }

        foreach (var function in functions)
        {
            Measure(function, []);
        }
    }

    /// <summary>The function that a node calls, or null.</summary>
    public FunctionProto? Find(NodeProto node) => _functions.GetValueOrDefault((node.Domain, node.OpType, node.Overload));

    /// <summary>Nodes of a function with all calls expanded.</summary>
    private long Measure(FunctionProto function, List<FunctionProto> callers)
    {
        if (_sizes.TryGetValue(function, out var known))
        {
            return known;
        }

        if (callers.Contains(function))
        {
            var circle = callers.SkipWhile(f => f != function).Append(function).Select(f => Diagnostic.Abbreviate(f.Name));
            throw Invalid(function, $"calls itself: {string.Join(" -> ", circle)}");
        }

        if (callers.Count >= MaxDepth)
        {
            throw Invalid(function, $"is called through more than {MaxDepth} others");
        }

        callers.Add(function);
        var size = 0L;
        foreach (var node in AllNodes(function.Node))
        {
            size += Find(node) is { } callee ? Measure(callee, callers) : 1;
            if (size > _maxNodes)
            {
                throw Invalid(function, $"expands to more than {_maxNodes} nodes");
            }
        }

        callers.RemoveAt(callers.Count - 1);
        return _sizes[function] = size;
    }

    private static IEnumerable<NodeProto> AllNodes(IEnumerable<NodeProto> nodes) =>
        nodes.SelectMany(n => AllNodes(n.Attribute.SelectMany(a => a.G is null ? a.Graphs : a.Graphs.Prepend(a.G)).SelectMany(g => g.Node)).Prepend(n));

    private CompileException Invalid(FunctionProto function, string wrong) =>
        DiagnosticTable.InvalidFunction.Error(_file, null, $"'{Diagnostic.Abbreviate(function.Name)}'", wrong);
}
