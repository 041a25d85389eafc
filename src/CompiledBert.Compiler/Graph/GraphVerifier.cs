namespace CompiledBert.Compiler.Graph;

/// <summary>What a legal graph is. Run after every pass; a violation names the pass and is a defect of the compiler.</summary>
public static class GraphVerifier
{
    /// <summary>Throws <see cref="InvalidOperationException"/> naming <paramref name="pass"/> where the graph is not legal.</summary>
    public static void Verify(ModelGraph graph, string pass)
    {
        void Require(bool holds, Func<string> otherwise)
        {
            if (!holds)
            {
                throw new InvalidOperationException($"After {pass}: {otherwise()}");
            }
        }

        var defined = new HashSet<Value>(graph.Inputs);
        var symbols = new HashSet<Symbol>(graph.Symbols);
        foreach (var node in graph.Nodes)
        {
            foreach (var input in node.Inputs.OfType<Value>())
            {
                Require(input.IsConstant || defined.Contains(input), () => $"{node} uses {input}, which nothing before it makes.");
            }

            Require(
                node.Operator is not (Linear or IntegerLinear)
                    || node.Inputs.Skip(1).Take(node.Operator is Linear ? 2 : 1).All(i => i is null or { IsConstant: true }),
                () => $"{node} multiplies by what is not constant.");
            Require(
                node.Inputs.All(i => i?.Constant is not { } data || !data.Type.IsFloat() || data.Type == DataType.Float32),
                () => $"{node} reads a constant that was not widened to 32 bits.");

            var inferred = ShapeInference.Infer(node.Operator, node.Inputs, node.Outputs.Count);
            for (var i = 0; i < node.Outputs.Count; i++)
            {
                var output = node.Outputs[i];
                Require(ReferenceEquals(output.Producer, node), () => $"{output} does not point back to {node}.");
                Require(!output.IsConstant, () => $"{output} is made by a node and constant.");
                Require(defined.Add(output), () => $"{output} is made twice.");
                Require(inferred[i].Shape == output.Shape, () => $"{node} makes {inferred[i].Shape}.");
                Require(inferred[i].Type == output.Type || node.Operator is Iota, () => $"{node} makes {inferred[i].Type}.");
                Require(output.Shape.SelectMany(d => d.Symbols).All(symbols.Contains), () => $"{output} has an unknown symbol.");
            }
        }

        foreach (var (name, value) in graph.Outputs)
        {
            Require(value.IsConstant || defined.Contains(value), () => $"output '{name}' is not made by anything.");
        }
    }
}
