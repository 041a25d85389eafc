namespace CompiledBert.Text;

/// <summary>Logits to probabilities, and back for models that give probabilities.</summary>
internal static class Logits
{
    /// <summary>What stands for a probability of zero, whose logit would be infinite.</summary>
    private const float Least = 1e-37f;

    /// <summary>The probability of a label by itself.</summary>
    public static float Sigmoid(float logit) => PortableMath.Sigmoid(logit);

    /// <summary>Probabilities of labels each by itself, in place.</summary>
    public static void Sigmoid(Span<float> logits)
    {
        foreach (ref var logit in logits)
        {
            logit = Sigmoid(logit);
        }
    }

    /// <summary>Probabilities of labels of which one holds; they may take the place of the logits.</summary>
    public static void Softmax(ReadOnlySpan<float> logits, Span<float> probabilities)
    {
        var most = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            most = MathF.Max(most, logit);
        }

        for (var i = 0; i < logits.Length; i++)
        {
            probabilities[i] = PortableMath.Exp(logits[i] - most);
        }

        Share(probabilities);
    }

    /// <summary>Divides by the sum, which is 1 afterwards, unless all are 0.</summary>
    public static void Share(Span<float> weights)
    {
        var sum = 0f;
        foreach (var weight in weights)
        {
            sum += weight;
        }

        sum = MathF.Max(sum, Least);

        foreach (ref var weight in weights)
        {
            weight /= sum;
        }
    }

    /// <summary>The logit of which a probability is the sigmoid; finite for 0 and 1 too.</summary>
    public static float OfIndependent(float probability) => PortableMath.Log(Math.Max(probability, (double)Least) / Math.Max(1 - probability, (double)Least));

    /// <summary>Logits of which probabilities are the sigmoids or the softmax, in place.</summary>
    public static void Of(Span<float> probabilities, bool areIndependent)
    {
        foreach (ref var probability in probabilities)
        {
            probability = areIndependent ? OfIndependent(probability) : PortableMath.Log(MathF.Max(probability, Least));
        }
    }
}
