using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>What a pass changes a graph with: it keeps names, origins and uses right.</summary>
public sealed class Rewriter(ModelGraph graph)
{
    /// <summary>The graph being rewritten.</summary>
    public ModelGraph Graph => graph;

    /// <summary>Whether anything was replaced.</summary>
    public bool Changed { get; private set; }

    /// <summary>Adds a node that stands for another one, whose name and origins it takes.</summary>
    public Value Add(Node instead, Operator op, params Value?[] inputs) =>
        graph.Add(instead.Outputs[0].Name, op, inputs, instead.Origins);

    /// <summary>Lets everything that used the node's only result use <paramref name="by"/>, which also takes over the origins of the nodes absorbed.</summary>
    public void Replace(Node node, Value by, params IEnumerable<Node?> absorbed)
    {
        if (by.Shape != node.Output.Shape || by.Type != node.Output.Type)
        {
            throw new InvalidOperationException($"{by} is no replacement for {node}, which makes {node.Output}.");
        }

        if (by.Producer is { } producer)
        {
            producer.Origins = [.. absorbed.OfType<Node>().Append(node).SelectMany(n => n.Origins).Concat(producer.Origins).Distinct(StringComparer.Ordinal)];
        }

        graph.ReplaceUses(node.Output, by);
        graph.Release(node);
        Changed = true;
    }

    /// <summary>Lets a symbol be another length everywhere: they turned out to be the same.</summary>
    public void Unify(Symbol symbol, Dim length)
    {
        graph.Substitute(symbol, length);
        Changed = true;
    }

    /// <summary>Whether a value has one use and is no output: whoever matches that use may absorb its maker.</summary>
    public bool HasOneUse(Value value) => value.Users.Count == 1 && !graph.IsOutput(value);

    /// <summary>The value under another shape with as many elements; itself where it has that shape, a constant where it is one.</summary>
    public Value Reshaped(Node instead, Value value, Shape to) =>
        value.Shape == to ? value
        : value.Constant is { } data ? ModelGraph.Constant(value.Name, data.Reshaped(to.ToConstants()))
        : Add(instead, new Reshape(to), value);

    /// <summary>The value broadcast to a shape; itself where it has that shape.</summary>
    public Value Expanded(Node instead, Value value, Shape to) => value.Shape == to ? value : Add(instead, new Expand(to), value);

    /// <summary>A scalar constant of the element type.</summary>
    public static Value Scalar(DataType type, double value) => type == DataType.Float32
        ? ModelGraph.Constant((float)value)
        : ModelGraph.Constant(
            value.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
            type.IsFloat()
                ? Evaluation.Tensor.Of(type, [], new[] { (float)value }).ToData()
                : Evaluation.Tensor.Of(type, [], new[] { (long)value }).ToData());
}
