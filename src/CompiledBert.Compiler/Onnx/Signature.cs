using System.Globalization;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Schema;

namespace CompiledBert.Compiler.Onnx;

/// <summary>
/// The inputs and outputs that a file declares. Lengths without a number become symbols: by the name that the file gives them, unless one tensor
/// uses the name on two axes (then it is only a habit of the exporter, and the axis counts too); nameless ones by their axis.
/// </summary>
internal sealed class Signature
{
    private readonly string _file;
    private readonly Lengths _lengths;
    private readonly HashSet<string> _ambiguous;
    private readonly Dictionary<string, Symbol> _symbols = new(StringComparer.Ordinal);

    public Signature(OnnxFile file, Lengths lengths)
    {
        _file = file.Path;
        _lengths = lengths;
        var graph = file.Model.Graph;
        var constants = graph.Initializer.Select(t => t.Name)
            .Concat(graph.SparseInitializer.Select(t => t.Values?.Name ?? ""))
            .ToHashSet(StringComparer.Ordinal);
        var inputs = graph.Input.Where(i => !constants.Contains(i.Name)).ToList();
        _ambiguous = [.. inputs.SelectMany(i => Names(i).GroupBy(n => n).Where(g => g.Count() > 1).Select(g => g.Key))];
        Inputs = [.. inputs.Select(i => ReadPort(i, "Input"))];
        if (graph.Output.Count == 0)
        {
            throw DiagnosticTable.NoOutputs.Error(_file, null);
        }

        Outputs = [.. graph.Output.Select(o => ReadPort(o, "Output"))];
        foreach (var name in Outputs.GroupBy(o => o.Name).Where(g => g.Count() > 1).Select(g => g.Key))
        {
            throw DiagnosticTable.DuplicateName.Error(_file, null, Diagnostic.Abbreviate(name), "an output", "an output");
        }
    }

    /// <summary>Inputs that are not constants; each has a shape.</summary>
    public IReadOnlyList<Port> Inputs { get; }

    /// <summary>Outputs; the file need not say their types and shapes.</summary>
    public IReadOnlyList<Port> Outputs { get; }

    private static IEnumerable<string> Names(ValueInfoProto info) =>
        info.Type?.TensorType?.Shape?.Dim
            .Where(d => d.ValueCase == TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam && d.DimParam.Length > 0)
            .Select(d => d.DimParam)
            ?? [];

    private Port ReadPort(ValueInfoProto info, string what)
    {
        var isInput = what == "Input";
        var tensor = info.Type?.TensorType;
        if (info.Type is not null && info.Type.ValueCase is not (TypeProto.ValueOneofCase.TensorType or TypeProto.ValueOneofCase.None))
        {
            throw Unsupported($"is a {info.Type.ValueCase.ToString().Replace("Type", "", StringComparison.Ordinal).ToLowerInvariant()}, not a tensor");
        }

        if (tensor is null || tensor.ElemType == 0)
        {
            return isInput ? throw Unsupported("has no element type") : new Port(info.Name, DataType.Float32, null, null);
        }

        if (ElementTypes.From(tensor.ElemType) is not { } type || type == DataType.String)
        {
            throw Unsupported($"has element type {ElementTypes.NameOf(tensor.ElemType)}");
        }

        if (tensor.Shape is null)
        {
            // The ids and masks of a text model are [batch, tokens] where a file does not say.
            return !isInput ? new Port(info.Name, type, null, null)
                : type is DataType.Int32 or DataType.Int64 ? new Port(info.Name, type, new Shape(Nameless(0), Nameless(1)), 2)
                : throw Unsupported("has no shape");
        }

        var bytes = tensor.Shape.Dim.Aggregate((Int128)Math.Max(1, type.BitsOf() / 8), (n, d) => Int128.Min(int.MaxValue, n) * Math.Max(1, d.DimValue));
        if (isInput && bytes > int.MaxValue)
        {
            throw DiagnosticTable.TooLarge.Error(
                _file, null, Diagnostic.Abbreviate(info.Name), $"[{string.Join(", ", tensor.Shape.Dim.Select(d => d.DimValue))}]", bytes, int.MaxValue);
        }

        // An output's own names for lengths say nothing that the graph does not.
        return isInput || tensor.Shape.Dim.All(d => d.DimValue > 0 || _symbols.ContainsKey(d.DimParam))
            ? new Port(info.Name, type, new Shape(tensor.Shape.Dim.Select(Length)), tensor.Shape.Dim.Count)
            : new Port(info.Name, type, null, tensor.Shape.Dim.Count);

        CompileException Unsupported(string wrong) => DiagnosticTable.UnsupportedSignature.Error(_file, null, what, Diagnostic.Abbreviate(info.Name), wrong);
    }

    private Dim Length(TensorShapeProto.Types.Dimension dim, int axis) => dim.ValueCase switch
    {
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimValue when dim.DimValue > 0 => dim.DimValue,
        TensorShapeProto.Types.Dimension.ValueOneofCase.DimParam when dim.DimParam.Length > 0 =>
            Find(_ambiguous.Contains(dim.DimParam) ? $"{dim.DimParam}#{axis}" : dim.DimParam, axis, dim.DimParam),
        _ => Nameless(axis),
    };

    private Dim Nameless(int axis) => Find("#" + axis.ToString(CultureInfo.InvariantCulture), axis, "");

    private Dim Find(string key, int axis, string name)
    {
        if (!_symbols.TryGetValue(key, out var symbol))
        {
            // The first two are the batch and the tokens of nearly every model, and are called so everywhere after.
            var isFirst = axis == 0 && _symbols.Values.All(s => s.Name != "B");
            var isSecond = axis == 1 && _symbols.Values.All(s => s.Name != "T");
            _symbols[key] = symbol = _lengths.Add(isFirst ? "B" : isSecond ? "T" : Identifier(name), name.Contains("past", StringComparison.OrdinalIgnoreCase));
        }

        return Dim.Of(symbol);
    }

    private static string Identifier(string name)
    {
        var words = name.Split(name.Where(c => !char.IsAsciiLetterOrDigit(c)).Distinct().ToArray(), StringSplitOptions.RemoveEmptyEntries);
        var identifier = string.Concat(words.Select(w => char.ToUpperInvariant(w[0]) + w[1..]));
        return identifier.Length is > 1 and <= 32 && char.IsAsciiLetter(identifier[0]) ? identifier : "L";
    }
}
