using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>
/// LayerNorm and RMSNorm over the last axis from their parts.
/// <code>
/// d = x − mean(x)
/// d / √(mean(d·d) + ε),  d · Rsqrt(mean(d·d) + ε)                 → LayerNorm(x, ones)
/// x / √(mean(x·x) + ε),  x · Rsqrt(mean(x·x) + ε)                 → RmsNorm(x, ones)
/// x·s + (β − mean(x)·s)  with s = Rsqrt(mean(d·d) + ε)·γ          → LayerNorm(x, γ, β)      TensorFlow's form
/// </code>
/// Scale and bias that follow are taken in by <see cref="NormAffineFolding"/>.
/// </summary>
public sealed class NormRecognition : RewritePass
{
    /// <inheritdoc/>
    protected override void Rewrite(Node node, Rewriter rewriter)
    {
        switch (node.Operator)
        {
            case Binary { Kind: BinaryKind.Div } when node.In(1).Is(UnaryKind.Sqrt, out var variance):
                Normalise(node, node.In(0), variance, rewriter);
                break;
            case Binary { Kind: BinaryKind.Mul } when node.In(1).Is(UnaryKind.Rsqrt, out var variance):
                Normalise(node, node.In(0), variance, rewriter);
                break;
            case Binary { Kind: BinaryKind.Mul } when node.In(0).Is(UnaryKind.Rsqrt, out var variance):
                Normalise(node, node.In(1), variance, rewriter);
                break;
            case Binary { Kind: BinaryKind.Add }:
                if (!MatchFused(node, node.In(0), node.In(1), rewriter))
                {
                    MatchFused(node, node.In(1), node.In(0), rewriter);
                }

                break;
        }
    }

    private static void Normalise(Node node, Value deviation, Value variance, Rewriter rewriter)
    {
        var width = deviation.Shape.Rank == 0 ? Dim.Zero : deviation.Shape[-1];
        if (!width.IsConstant || deviation.Type != DataType.Float32 || !MatchVariance(variance, out var squared, out var epsilon)
            || node.Output.Shape != deviation.Shape)
        {
            return;
        }

        var scale = Ones(width.Value);
        if (MatchDeviation(deviation, out var x)
            && (ReferenceEquals(squared, deviation) || (MatchDeviation(squared, out var other) && ReferenceEquals(other, x))))
        {
            rewriter.Replace(node, rewriter.Add(node, new LayerNorm(epsilon), x, scale), Parts(node, deviation, variance));
        }
        else if (ReferenceEquals(squared, deviation))
        {
            rewriter.Replace(
                node, rewriter.Add(node, new RmsNorm(epsilon), deviation, scale), Parts(node, deviation, variance).Where(p => p != deviation.Producer));
        }
    }

    private static bool MatchFused(Node node, Value scaled, Value shift, Rewriter rewriter)
    {
        if (!shift.Is(BinaryKind.Sub, out var bias, out var product)
            || !scaled.Is(BinaryKind.Mul, out var a, out var b)
            || !product.Is(BinaryKind.Mul, out var c, out var d))
        {
            return false;
        }

        foreach (var (x, s) in new[] { (a, b), (b, a) })
        {
            var mean = ReferenceEquals(c, s) ? d : ReferenceEquals(d, s) ? c : null;
            if (mean is null || !mean.IsMeanOfLastAxis(out var averaged) || !ReferenceEquals(averaged, x) || !x.Shape[-1].IsConstant)
            {
                continue;
            }

            if (!s.Is(BinaryKind.Mul, out var inverse, out var scale))
            {
                continue;
            }

            if (!inverse.Is(UnaryKind.Rsqrt, out var variance))
            {
                (inverse, scale) = (scale, inverse);
            }

            if (inverse.Is(UnaryKind.Rsqrt, out variance)
                && MatchVariance(variance, out var squared, out var epsilon)
                && MatchDeviation(squared, out var other)
                && ReferenceEquals(other, x)
                && scale.IsVector(x.Shape[-1], x.Shape.Rank)
                && bias.IsVector(x.Shape[-1], x.Shape.Rank))
            {
                var norm = rewriter.Add(node, new LayerNorm(epsilon), x, Vector(scale, x.Shape[-1]), Vector(bias, x.Shape[-1]));
                rewriter.Replace(
                    node, norm, [scaled.Producer, shift.Producer, product.Producer, mean.Producer, s.Producer, .. Parts(inverse.Producer!, squared, variance)]);
                return true;
            }
        }

        return false;
    }

    /// <summary>mean(s·s) + ε.</summary>
    private static bool MatchVariance(Value value, out Value squared, out float epsilon)
    {
        (squared, epsilon) = (value, 0);
        if (value.IsWithScalar(BinaryKind.Add, out var mean, out var number))
        {
            (value, epsilon) = (mean, (float)number);
        }

        if (!value.IsMeanOfLastAxis(out var squares) || !squares.Is(BinaryKind.Mul, out var a, out var b) || !ReferenceEquals(a, b))
        {
            return false;
        }

        squared = a;
        return epsilon >= 0;
    }

    /// <summary>x − mean(x).</summary>
    private static bool MatchDeviation(Value value, out Value x) =>
        value.Is(BinaryKind.Sub, out x, out var mean) && mean.IsMeanOfLastAxis(out var averaged) && ReferenceEquals(averaged, x);

    /// <summary>The nodes between the result and x, for their origins.</summary>
    private static IEnumerable<Node?> Parts(Node node, Value deviation, Value variance)
    {
        yield return deviation.Producer;
        foreach (var start in node.Inputs.OfType<Value>().Append(variance))
        {
            for (var (value, depth) = (start, 0); value.Producer is { } producer && !ReferenceEquals(value, deviation) && depth < 5; depth++)
            {
                yield return producer;
                value = producer.In(0).IsConstant && producer.Inputs.Count > 1 ? producer.In(1) : producer.In(0);
            }
        }
    }

    private static Value Ones(long width)
    {
        var ones = new float[width];
        Array.Fill(ones, 1);
        return ModelGraph.Constant("ones", TensorData.FromFloats([width], ones));
    }

    private static Value Vector(Value value, Dim width) =>
        value.Shape.Rank == 1 && value.Shape[0] == width ? value : ModelGraph.Constant(value.Name, TensorData.FromFloats([width.Value], value.ToVector(width)));
}
