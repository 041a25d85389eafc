using CompiledBert.Compiler.Evaluation;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Schema;

namespace CompiledBert.Compiler.Onnx;

/// <summary>One node while it is imported: its operands and attributes, ways to express it in canonical operators, and its results.</summary>
internal sealed partial class NodeImport
{
    /// <summary>Bytes that one value with a static shape may take.</summary>
    private const long MaxValueBytes = int.MaxValue;

    /// <summary>Elements up to which constants are folded here; what is larger is left to the passes.</summary>
    private const long MaxFolded = 1 << 16;

    private readonly GraphImporter _importer;
    private readonly Scope _scope;
    private readonly Operand?[] _inputs;

    public NodeImport(GraphImporter importer, NodeProto node, Scope scope, string name, string domain)
    {
        _importer = importer;
        _scope = scope;
        Node = node;
        Name = name;
        if (!scope.Opsets.TryGetValue(domain, out var opset))
        {
            throw DiagnosticTable.UnsupportedDomain.Error(
                Path, name, Diagnostic.Abbreviate(node.OpType), Diagnostic.Abbreviate(domain), "which the model does not import");
        }

        Opset = opset;
        ReadAttributes();
        _inputs = [.. node.Input.Select(Resolve)];
    }

    /// <summary>The node in the file.</summary>
    public NodeProto Node { get; }

    /// <summary>The node's name with the calls around it.</summary>
    public string Name { get; }

    /// <summary>The operator's name.</summary>
    public string OpType => Node.OpType;

    /// <summary>The version of the operator's domain.</summary>
    public long Opset { get; }

    /// <summary>The model file.</summary>
    public string Path => _importer.Path;

    /// <summary>What is known about lengths.</summary>
    public Lengths Lengths => _importer.Lengths;

    /// <summary>Inputs the node has, absent ones in the middle included.</summary>
    public int InputCount => _inputs.Length;

    /// <summary>Outputs the node has, absent ones in the middle included.</summary>
    public int OutputCount => Node.Output.Count;

    /// <summary>Whether a result is asked for.</summary>
    public bool Wants(int output) => output < Node.Output.Count && Node.Output[output].Length > 0;

    /// <summary>An input that must be present.</summary>
    public Operand In(int index) => Optional(index) ?? throw BadArity($"needs input {index}, which is missing");

    /// <summary>An input that may be absent.</summary>
    public Operand? Optional(int index) => index < _inputs.Length ? _inputs[index] : null;

    /// <summary>An input as a value of the graph.</summary>
    public Value Data(int index) => Materialise(In(index));

    /// <summary>An input that may be absent as a value of the graph.</summary>
    public Value? OptionalData(int index) => Optional(index) is { } operand ? Materialise(operand) : null;

    /// <summary>A value of the graph with an operand's elements.</summary>
    public Value Materialise(Operand operand)
    {
        if (operand.Value is null)
        {
            operand.Value = operand.ToTensor() is { } tensor ? ModelGraph.Constant(operand.Name, tensor) : FromLengths(operand);
        }

        return operand.Value;
    }

    /// <summary>Names a result.</summary>
    public void Set(int output, Operand operand)
    {
        if (Wants(output))
        {
            _scope.Define(Node.Output[output], operand);
        }
    }

    /// <summary>Names a result.</summary>
    public void Set(int output, Value value) => Set(output, new Operand(value));

    /// <summary>Names the first result.</summary>
    public void Set(Value value) => Set(0, value);

    /// <summary>Names the first result, whose elements follow from lengths.</summary>
    public void Set(DataType type, long[] dims, Dim[] contents) => Set(0, _importer.Symbolic(Node.Output[0], type, dims, contents));

    /// <summary>Elements that follow from lengths, as an operand.</summary>
    public Operand Symbolic(DataType type, long[] dims, Dim[] contents) => _importer.Symbolic(Node.Output[0], type, dims, contents);

    /// <summary>A tensor of the model as an operand.</summary>
    public Operand Load(TensorProto tensor) => _importer.Load(Node.Output[0], tensor);

    /// <summary>A sparse tensor of the model as an operand.</summary>
    public Operand Load(SparseTensorProto tensor) => _importer.Load(Node.Output[0], tensor);

    /// <summary>A node of the graph with several results.</summary>
    public IReadOnlyList<Value> EmitAll(Operator op, int results, params Value?[] inputs)
    {
        var inferred = ShapeInference.Infer(op, inputs, results);
        foreach (var (type, shape) in inferred)
        {
            CheckSize(type, shape);
        }

        return Fold(op, inputs, inferred) ?? _importer.Graph.AddNode([.. Enumerable.Repeat(ResultName, results)], op, inputs, [Name]).Outputs;
    }

    /// <summary>A node of the graph, or its result where that is plain to see. Shapes must fit; lengths that are to be equal have been made so.</summary>
    public Value Emit(Operator op, params Value?[] inputs)
    {
        var x = inputs.Length > 0 ? inputs[0]! : null;
        switch (op)
        {
            case Cast { To: DataType.Float32 } when _importer.WholeFloats.ContainsKey(x!):
                return _importer.WholeFloats[x!];
            case Reshape r when r.To == x!.Shape:
            case Expand e when e.To == x!.Shape:
            case Cast c when c.To == x!.Type:
            case Transpose t when t.Permutation.AsSpan().SequenceEqual(Enumerable.Range(0, t.Permutation.Length).ToArray()):
            case Concat when inputs.Length == 1:
            case Slice s when s.Step == 1 && s.Start.Is(0) && s.Length == x!.Shape[s.Axis]:
            case Reduce { Axes.Length: 0 }:
                return x!;
            case Cast { To: DataType.Float32 } when x!.Constant is { Type: DataType.Int4 or DataType.UInt4 } packed:
                return ModelGraph.Constant(x.Name, Dequantized.Of(packed, [1], null, _ => 0));
            case Reshape r when x!.Constant is { } data && r.To.IsConstant && r.To.Elements == x.Shape.Elements:
                return ModelGraph.Constant(x.Name, data.Reshaped(r.To.ToConstants()));
            case Transpose when x!.Constant is { Dims.Count: 2 } data && data.Type.BitsOf() >= 8:
                return ModelGraph.Constant(x.Name, data.Transposed());
        }

        return EmitAll(op, 1, inputs)[0];
    }

    /// <summary>A value under another shape of as many elements.</summary>
    public Value EmitReshape(Value x, params IEnumerable<Dim> dims) => Emit(new Reshape(new Shape(dims)), x);

    /// <summary>A value with its axes in another order.</summary>
    public Value EmitTranspose(Value x, params int[] permutation) => Emit(new Transpose(permutation), x);

    /// <summary>A part of a value along an axis.</summary>
    public Value EmitSlice(Value x, int axis, Dim start, Dim length) => Emit(new Slice(axis, start, 1, length), x);

    /// <summary>A value of another type.</summary>
    public Value EmitCast(Value x, DataType to) => Emit(new Cast(to), x);

    /// <summary>
    /// Floats that hold whole numbers within an integer type, as that type. Casting back to float gives the floats themselves,
    /// so that arithmetic on quantised values stays in one type.
    /// </summary>
    public Value EmitWholeCast(Value x, DataType to)
    {
        var cast = EmitCast(x, to);
        if (!cast.IsConstant && cast.Type != x.Type)
        {
            _importer.WholeFloats[cast] = x;
        }

        return cast;
    }

    /// <summary>A function of one element.</summary>
    public Value Emit(UnaryKind kind, Value x) => Emit(new Unary(kind), x);

    /// <summary>A function of two elements, broadcast; symbols that meet become one.</summary>
    public Value Emit(BinaryKind kind, Value a, Value b)
    {
        if (a.Type != b.Type && kind != BinaryKind.Pow)
        {
            throw BadTypes($"{a.Type} and {b.Type} differ");
        }

        Broadcast(a, b);
        return Emit(new Binary(kind), a, b);
    }

    /// <summary>A function of a float value and a constant.</summary>
    public Value Emit(BinaryKind kind, Value a, double b) => Emit(kind, a, Scalar(a.Type, b));

    /// <summary>a where the condition holds, b elsewhere, broadcast.</summary>
    public Value EmitSelect(Value condition, Value a, Value b)
    {
        if (condition.Type != DataType.Bool || a.Type != b.Type)
        {
            throw BadTypes($"a condition of {condition.Type} over {a.Type} and {b.Type}");
        }

        Broadcast(a, b);
        Broadcast(() => condition.Shape, () => ShapeInference.Broadcast(a.Shape, b.Shape));
        return Emit(new Select(), condition, a, b);
    }

    /// <summary>A matrix product after making lengths that meet equal; operands have two axes or more.</summary>
    public Value EmitMatMul(Value a, Value b)
    {
        if (a.Type != b.Type)
        {
            throw BadTypes($"{a.Type} and {b.Type} differ");
        }

        RequireSame(a.Shape[-1], b.Shape[-2], "inner lengths");
        Broadcast(a, b, apart: 2);
        if (a.Type.IsFloat())
        {
            return Emit(new MatMul(), a, b);
        }

        // Matrix products are of floats; integers are multiplied and summed as they are.
        var rows = EmitReshape(a, a.Shape.Append(Dim.One));
        var columns = EmitReshape(b, [.. b.Shape.SkipLast(2), Dim.One, .. b.Shape.TakeLast(2)]);
        var products = Emit(BinaryKind.Mul, rows, columns);
        return EmitReshape(Emit(new Reduce(ReduceKind.Sum, products.Shape.Rank - 2), products), [.. products.Shape.SkipLast(2), b.Shape[-1]]);
    }

    /// <summary>A constant of one element.</summary>
    public static Value Scalar(DataType type, double value) => type == DataType.Float32
        ? ModelGraph.Constant((float)value)
        : ModelGraph.Constant(
            value.ToString("R", System.Globalization.CultureInfo.InvariantCulture),
            new Operand("", type, [], [(long)value]).ToTensor()!);

    /// <summary>
    /// Makes the lengths of two values that are to be broadcast equal where neither is 1; the last <paramref name="apart"/> axes do not matter.
    /// </summary>
    public void Broadcast(Value a, Value b, int apart = 0) => Broadcast(() => a.Shape, () => b.Shape, apart);

    /// <summary>The same for shapes, which are read again after each replacement of a symbol.</summary>
    public void Broadcast(Func<Shape> a, Func<Shape> b, int apart = 0)
    {
        for (var i = 1 + apart; i <= Math.Min(a().Rank, b().Rank); i++)
        {
            var (x, y) = (a()[^i], b()[^i]);
            if (!x.Is(1) && !y.Is(1) && !Lengths.Unify(x, y))
            {
                throw new ShapeException($"cannot broadcast {a()} and {b()}: {x} and {y} differ");
            }
        }
    }

    /// <summary>Makes two lengths equal, or refuses the node.</summary>
    public void RequireSame(Dim a, Dim b, string what)
    {
        if (!Lengths.Unify(a, b))
        {
            throw new ShapeException($"{what} differ: {a} and {b}");
        }
    }

    /// <summary>Makes the lengths of two shapes, which are read again after each replacement of a symbol, the same, or refuses the node.</summary>
    public void RequireShape(Func<Shape> a, Func<Shape> b, string what)
    {
        if (a().Rank != b().Rank)
        {
            throw new ShapeException($"{what} are {a()}, they should be {b()}");
        }

        for (var axis = 0; axis < a().Rank; axis++)
        {
            RequireSame(a()[axis], b()[axis], $"lengths of the {what}");
        }
    }

    /// <summary>Refuses values that no computer would hold.</summary>
    public void CheckSize(DataType type, Shape shape)
    {
        foreach (var term in shape.Elements.Terms)
        {
            if (Math.Abs(term.Coefficient) > MaxValueBytes / Math.Max(1, type.BitsOf() / 8))
            {
                throw DiagnosticTable.TooLarge.Error(
                    Path, Name, Diagnostic.Abbreviate(ResultName), shape, (Int128)term.Coefficient * type.BitsOf() / 8, MaxValueBytes);
            }
        }
    }

    /// <summary>Refuses the node for the number of its inputs or outputs.</summary>
    public CompileException BadArity(string wrong) => DiagnosticTable.InvalidArity.Error(Path, Name, Diagnostic.Abbreviate(OpType), wrong);

    /// <summary>Refuses the node for its operands' types.</summary>
    public CompileException BadTypes(string wrong) => DiagnosticTable.TypeMismatch.Error(Path, Name, Diagnostic.Abbreviate(OpType), wrong);

    /// <summary>Refuses a legal form of the operator that is not supported.</summary>
    public CompileException Unsupported(string form) => DiagnosticTable.UnsupportedForm.Error(Path, Name, Diagnostic.Abbreviate(OpType), form);

    /// <summary>Refuses a shape that depends on data.</summary>
    public CompileException DataDependent(string on) => DiagnosticTable.DataDependentShape.Error(Path, Name, Diagnostic.Abbreviate(ResultName), on);

    /// <summary>Refuses more or fewer inputs and outputs than the operator has.</summary>
    public void CheckArity(OperatorRule rule)
    {
        for (var i = 0; i < rule.MinInputs; i++)
        {
            if (Optional(i) is null)
            {
                throw BadArity($"needs {rule.MinInputs} input{(rule.MinInputs == 1 ? "" : "s")}, number {i} is missing");
            }
        }

        if (InputCount > rule.MaxInputs)
        {
            throw BadArity($"takes {rule.MaxInputs} input{(rule.MaxInputs == 1 ? "" : "s")}, it has {InputCount}");
        }

        if (OutputCount > rule.MaxOutputs || OutputCount == 0)
        {
            throw BadArity(OutputCount == 0 ? "has no output" : $"gives {rule.MaxOutputs} output{(rule.MaxOutputs == 1 ? "" : "s")}, it has {OutputCount}");
        }
    }

    /// <summary>Checks what only the end of an import shows.</summary>
    public void Finish()
    {
        RefuseUnknownAttributes();
        for (var i = 0; i < Node.Output.Count; i++)
        {
            if (Wants(i) && _scope.Find(Node.Output[i]) is null)
            {
                throw Unsupported($"output {i}");
            }
        }
    }

    private string ResultName => Node.Output.FirstOrDefault(o => o.Length > 0) ?? Name;

    private Operand? Resolve(string name)
    {
        if (name.Length == 0)
        {
            return null;
        }

        var operand = _scope.Find(name)
            ?? throw DiagnosticTable.UndefinedValue.Error(Path, Name, $"Input of {Diagnostic.Abbreviate(OpType)}", Diagnostic.Abbreviate(name));
        return ReferenceEquals(operand, Operand.Absent) ? null : operand;
    }

    private Value FromLengths(Operand operand)
    {
        var elements = operand.Contents!.Select(c => Emit(new Iota(c, 0, 1))).ToArray();
        return Emit(new Cast(operand.Type), Emit(new Reshape(operand.Shape), Emit(new Concat(0), elements)));
    }

    private Value[]? Fold(Operator op, Value?[] inputs, IReadOnlyList<(DataType Type, Shape Shape)> results)
    {
        var small = inputs.All(i => i is null || (i.Constant is { } c && c.Count <= MaxFolded))
            && results.All(r => r.Shape.IsConstant && r.Shape.Elements.Value <= MaxFolded)
            && (op is not Iota iota || iota.Start.IsConstant)
            && op is not (MatMul or Linear or Conv1d);
        if (!small)
        {
            return null;
        }

        try
        {
            var tensors = NodeEvaluation.Evaluate(op, [.. inputs.Select(i => i is null ? null : Evaluation.Tensor.Of(i.Constant!))], results[0].Type, _ => 0);
            return [.. tensors.Select(t => ModelGraph.Constant(ResultName, t.ToData()))];
        }
        catch (EvaluationException e)
        {
            throw new ShapeException(e.Message);
        }
    }
}
