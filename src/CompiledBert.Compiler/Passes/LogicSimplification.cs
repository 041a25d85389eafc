using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// Truth values: what is decided goes, and masks lose the numbers they travelled as.
/// <code>
/// Not(Not(b)), b∧true, b∨false, b∧b               → b
/// b∧false, b∨true                                 → false, true
/// Select(true, x, y), Select(b, x, x)             → x
/// Select(Not(b), x, y)                            → Select(b, y, x)
/// Cast(number → bool)(Cast(b → number))           → b
/// Cast(b → number) = 0, ≠ 0, = 1, > 0 …           → Not(b) or b
/// 1 − Cast(b → number)                            → Cast(Not(b) → number)
/// Cast(Cast(1 − Cast(b)) → bool)                  → Not(b)
/// </code>
/// </summary>
public sealed class LogicSimplification : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        var result = node.Operator switch
        {
            Unary { Kind: UnaryKind.Not } when node.In(0).Is(UnaryKind.Not, out var b) => b,
            Binary { Kind: BinaryKind.And or BinaryKind.Or } binary => OfConnective(binary.Kind, node.In(0), node.In(1)),
            Binary { Kind: BinaryKind.Xor } => OfXor(node, rewriter),
            Binary { Kind: BinaryKind.Sub } when node.Output.Type != DataType.Bool && node.In(0).IsScalar(1) && IsCastTruth(node.In(1), out var b) =>
                rewriter.Add(node, new Cast(node.Output.Type), rewriter.Add(node, new Unary(UnaryKind.Not), b)),
            Binary binary => OfComparison(binary.Kind, node, rewriter),
            Cast { To: DataType.Bool } when IsCastTruth(node.In(0), out var b) => b,
            Select => OfSelect(node, rewriter),
            _ => null,
        };
        if (result is not null)
        {
            rewriter.Replace(node, rewriter.Expanded(node, result, node.Output.Shape));
        }
    }

    private static Value? OfConnective(BinaryKind kind, Value a, Value b)
    {
        if (a.Type != DataType.Bool)
        {
            return null;
        }

        // The number that decides the result whatever the other is: false for And, true for Or.
        var decisive = kind == BinaryKind.And ? 0 : 1;
        return ReferenceEquals(a, b) ? a
            : b.IsScalar(1 - decisive) ? a
            : a.IsScalar(1 - decisive) ? b
            : a.IsScalar(decisive) ? a
            : b.IsScalar(decisive) ? b
            : null;
    }

    private static Value? OfXor(Node node, Rewriter rewriter) =>
        node.In(0).Type != DataType.Bool ? null
        : node.In(1).IsScalar(0) ? node.In(0)
        : node.In(0).IsScalar(0) ? node.In(1)
        : node.In(1).IsScalar(1) ? rewriter.Add(node, new Unary(UnaryKind.Not), node.In(0))
        : null;

    private static Value? OfComparison(BinaryKind kind, Node node, Rewriter rewriter)
    {
        var (a, b) = (node.In(0), node.In(1));
        if (kind == BinaryKind.Equal && a.IsScalar(out _))
        {
            (a, b) = (b, a);
        }

        if (!b.IsScalar(out var number) || !(a.Type == DataType.Bool || IsCastTruth(a, out _)))
        {
            return null;
        }

        var truth = IsCastTruth(a, out var source) ? source : a;
        bool? Of(double x) => kind switch
        {
            BinaryKind.Equal => x == number,
            BinaryKind.Less => x < number,
            BinaryKind.LessOrEqual => x <= number,
            BinaryKind.Greater => x > number,
            BinaryKind.GreaterOrEqual => x >= number,
            _ => null,
        };
        return (Of(0), Of(1)) switch
        {
            (false, true) => truth,
            (true, false) => rewriter.Add(node, new Unary(UnaryKind.Not), truth),
            (true, true) => Rewriter.Scalar(DataType.Bool, 1),
            (false, false) => Rewriter.Scalar(DataType.Bool, 0),
            _ => null,
        };
    }

    private static Value? OfSelect(Node node, Rewriter rewriter)
    {
        var (condition, a, b) = (node.In(0), node.In(1), node.In(2));
        if (condition.IsScalar(out var decided))
        {
            return decided != 0 ? a : b;
        }

        if (ReferenceEquals(a, b))
        {
            return a;
        }

        if (condition.Is(UnaryKind.Not, out var opposite))
        {
            return rewriter.Add(node, new Select(), opposite, b, a);
        }

        if (a.Type == DataType.Bool && a.IsScalar(1) && b.IsScalar(0))
        {
            return condition;
        }

        // Select(b, k, Cast(b)) and the like: on each side the condition is known.
        var (knownA, knownB) = (Known(a, condition, true), Known(b, condition, false));
        return knownA is null && knownB is null ? null : rewriter.Add(node, new Select(), condition, knownA ?? a, knownB ?? b);
    }

    /// <summary>The number that a cast condition, or its opposite, is where the condition is known.</summary>
    private static Value? Known(Value value, Value condition, bool holds)
    {
        if (!IsCastTruth(value, out var truth))
        {
            return null;
        }

        return ReferenceEquals(truth, condition) ? Rewriter.Scalar(value.Type, holds ? 1 : 0)
            : truth.Is(UnaryKind.Not, out var opposite) && ReferenceEquals(opposite, condition) ? Rewriter.Scalar(value.Type, holds ? 0 : 1)
            : null;
    }

    private static bool IsCastTruth(Value value, out Value truth) =>
        value.Is<Cast>(out _, out truth) && truth.Type == DataType.Bool && value.Type != DataType.Bool;
}
