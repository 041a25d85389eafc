using System.Text;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Schema;

namespace CompiledBert.Compiler.Onnx;

/// <summary>
/// The attributes of the node that is imported. Each is checked for its type; those that no rule asked for are refused, since they may mean something.
/// </summary>
internal sealed partial class NodeImport
{
    private static readonly string[] Kinds =
        ["undefined", "FLOAT", "INT", "STRING", "TENSOR", "GRAPH", "FLOATS", "INTS",
            "STRINGS", "TENSORS", "GRAPHS", "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS"];

    private readonly Dictionary<string, AttributeProto> _attributes = new(StringComparer.Ordinal);
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    /// <summary>Whether an attribute is given.</summary>
    public bool Has(string attribute) => _attributes.ContainsKey(attribute);

    /// <summary>An integer attribute or its default.</summary>
    public long Int(string attribute, long otherwise) => Find(attribute, 2, a => a.HasI)?.I ?? otherwise;

    /// <summary>An integer attribute that must be given.</summary>
    public long RequiredInt(string attribute) => Required(attribute, Find(attribute, 2, a => a.HasI)).I;

    /// <summary>A truth value given as an integer.</summary>
    public bool Flag(string attribute, bool otherwise) => Int(attribute, otherwise ? 1 : 0) != 0;

    /// <summary>A list of integers, or null.</summary>
    public long[]? Ints(string attribute) => Find(attribute, 7, a => a.Ints.Count > 0)?.Ints.ToArray();

    /// <summary>A number or its default.</summary>
    public float Float(string attribute, float otherwise) => Find(attribute, 1, a => a.HasF)?.F ?? otherwise;

    /// <summary>A number, or null.</summary>
    public float? Float(string attribute) => Find(attribute, 1, a => a.HasF)?.F;

    /// <summary>A list of numbers, or null.</summary>
    public float[]? Floats(string attribute) => Find(attribute, 6, a => a.Floats.Count > 0)?.Floats.ToArray();

    /// <summary>A text or its default.</summary>
    public string Text(string attribute, string otherwise) => Find(attribute, 3, a => a.HasS) is { } found ? Encoding.UTF8.GetString(found.S.Span) : otherwise;

    /// <summary>A tensor, or null.</summary>
    public TensorProto? Tensor(string attribute) => Find(attribute, 4, a => a.T is not null)?.T;

    /// <summary>A sparse tensor, or null.</summary>
    public SparseTensorProto? SparseTensor(string attribute) => Find(attribute, 11, a => a.SparseTensor is not null)?.SparseTensor;

    /// <summary>A subgraph that must be given.</summary>
    public GraphProto Graph(string attribute) => Required(attribute, Find(attribute, 5, a => a.G is not null)).G;

    /// <summary>An attribute that changes nothing here.</summary>
    public void Ignore(string attribute) => _asked.Add(attribute);

    /// <summary>An axis attribute as a non-negative number.</summary>
    public int Axis(string attribute, long? otherwise, int rank)
    {
        var axis = otherwise is { } value ? Int(attribute, value) : RequiredInt(attribute);
        return axis >= -rank && axis < rank
            ? (int)(axis < 0 ? axis + rank : axis)
            : throw BadAttribute(attribute, $"is {axis}, out of the range of a tensor with {rank} axes");
    }

    /// <summary>An element type given by ONNX's number.</summary>
    public DataType ElementType(string attribute, long? otherwise)
    {
        var number = otherwise is { } value ? Int(attribute, value) : RequiredInt(attribute);
        if (number is < 0 or > int.MaxValue || !ElementTypes.IsKnown((int)number))
        {
            throw BadAttribute(attribute, $"is {number}, which is no element type");
        }

        var type = ElementTypes.From((int)number);
        return type is null or DataType.String
            ? throw DiagnosticTable.UnsupportedType.Error(Path, Name, Diagnostic.Abbreviate(Node.Output[0]), ElementTypes.NameOf((int)number))
            : Computed(type.Value);
    }

    /// <summary>The type in which values of a stored type are computed: all floating point is 32 bits wide.</summary>
    public static DataType Computed(DataType stored) => stored.IsFloat() ? DataType.Float32 : stored;

    /// <summary>The attributes with those that refer to a function's replaced by what its call gave.</summary>
    public IEnumerable<AttributeProto> ResolvedAttributes() => _attributes.Values;

    /// <summary>The exception for an attribute.</summary>
    public CompileException BadAttribute(string attribute, string wrong) =>
        DiagnosticTable.InvalidAttribute.Error(Path, Name, Diagnostic.Abbreviate(OpType), Diagnostic.Abbreviate(attribute), wrong);

    private void ReadAttributes()
    {
        foreach (var attribute in Node.Attribute)
        {
            var given = attribute;
            if (attribute.RefAttrName.Length > 0)
            {
                if (!_scope.Attributes.TryGetValue(attribute.RefAttrName, out var argument))
                {
                    continue; // the call left it out, so the operator's default holds
                }

                given = argument.Clone();
                given.Name = attribute.Name;
            }

            if (!_attributes.TryAdd(given.Name, given))
            {
                throw BadAttribute(given.Name, "is given twice");
            }
        }
    }

    private void RefuseUnknownAttributes()
    {
        foreach (var attribute in _attributes.Keys.Where(a => !_asked.Contains(a)))
        {
            throw BadAttribute(attribute, "is not known");
        }
    }

    private AttributeProto? Find(string attribute, int type, Func<AttributeProto, bool> present)
    {
        _asked.Add(attribute);
        if (!_attributes.TryGetValue(attribute, out var found))
        {
            return null;
        }

        // Files from before IR version 2 do not say the type.
        if (found.Type != type && !(found.Type == 0 && present(found)))
        {
            throw BadAttribute(attribute, $"must be {Kinds[type]}, it is {(found.Type >= 0 && found.Type < Kinds.Length ? Kinds[found.Type] : "unknown")}");
        }

        return found.Type is 6 or 7 || present(found) || type is 1 or 2 or 3 ? found : throw BadAttribute(attribute, "has no value");
    }

    private AttributeProto Required(string attribute, AttributeProto? found) => found ?? throw BadAttribute(attribute, "is required and missing");
}
