using System.Globalization;

namespace CompiledBert.Compiler;

/// <summary>The head of a plan as lines, and back.</summary>
internal static class PlanHeadText
{
    /// <summary>The lines, each with its depth below the head's own.</summary>
    public static IEnumerable<(int Depth, string Line)> Write(PlanHead head)
    {
        yield return (0, $"head {PlanText.Name(head.Kind)}");
        yield return (1, $"pooling {PlanText.Name(head.Pooling)}");
        foreach (var dense in head.Dense)
        {
            var bias = dense.HasBias ? " bias" : "";
            yield return (1, $"dense {Text(dense.Inputs)} {Text(dense.Outputs)} {PlanText.Name(dense.Activation)}{bias} at {Text(dense.At)}");
        }

        if (head.Normalizes)
        {
            yield return (1, "normalizes");
        }

        if (head.LabelsAreIndependent)
        {
            yield return (1, "independent");
        }

        if (head.GivesProbabilities)
        {
            yield return (1, "probabilities");
        }

        yield return (1, "labels");
        foreach (var label in head.Labels)
        {
            yield return (2, PlanText.Quote(label));
        }

        yield return (1, $"prefix {PlanText.Quote(head.Prefix)}");
        if (head.QueryPrefix is not null)
        {
            yield return (1, $"query {PlanText.Quote(head.QueryPrefix)}");
        }

        if (head.PassagePrefix is not null)
        {
            yield return (1, $"passage {PlanText.Quote(head.PassagePrefix)}");
        }

        yield return (1, $"maskid {Text(head.MaskId)}");
        yield return (1, $"maxtokens {Text(head.MaxTokens)}");
        yield return (1, $"ids {Text(head.Ids)}");
        yield return (1, $"mask {Text(head.Mask)}");
        yield return (1, $"types {Text(head.Types)}");
        if (head.PaddedTo > 0)
        {
            yield return (1, $"padded {Text(head.PaddedTo)} {Text(head.PadId)}");
        }

        yield return (1, $"width {Text(head.Width)} {(head.IsPerToken ? "token" : "text")}");
        yield return (1, $"tokenizer {Text(head.TokenizerAt)} bytes {Text(head.TokenizerBytes)}");
    }

    /// <summary>Reads the line that begins with <c>head</c> and those below it.</summary>
    public static PlanHead Read(PlanLine line)
    {
        var kind = line.Value<HeadKind>();
        var pooling = Of(line.Child("pooling"), l => l.Value<PoolingKind>());
        var layers = new List<PlanDense>();
        while (line.TryChild("dense") is { } dense)
        {
            layers.Add(Of(dense, Dense));
        }

        var normalizes = line.TryChild("normalizes")?.End() is not null;
        var independent = line.TryChild("independent")?.End() is not null;
        var probabilities = line.TryChild("probabilities")?.End() is not null;
        var labels = line.Child("labels");
        var names = labels.Children.Select(l => l.Quoted()).ToList();
        labels.End(leaf: false);
        var prefix = Of(line.Child("prefix"), l => l.Quoted());
        var query = line.TryChild("query") is { } q ? Of(q, l => l.Quoted()) : null;
        var passage = line.TryChild("passage") is { } p ? Of(p, l => l.Quoted()) : null;
        var maskId = Of(line.Child("maskid"), l => l.Number32(least: -1));
        var most = Of(line.Child("maxtokens"), l => l.Number32(least: 1));
        var ids = Of(line.Child("ids"), l => l.Number32());
        var mask = Of(line.Child("mask"), l => l.Number32(least: -1));
        var types = Of(line.Child("types"), l => l.Number32(least: -1));
        var (paddedTo, padId) = line.TryChild("padded") is { } padded ? Of(padded, l => (l.Number32(least: 1), l.Number32())) : (0, 0);
        var width = line.Child("width");
        var elements = width.Number32(least: 1);
        var isPerToken = width.TryKeyword("token");
        if (!isPerToken)
        {
            width.Keyword("text");
        }

        width.End();
        var tokenizer = line.Child("tokenizer");
        var at = tokenizer.Number64();
        tokenizer.Keyword("bytes");
        var head = new PlanHead
        {
            Kind = kind, Pooling = pooling, Dense = layers, Normalizes = normalizes, LabelsAreIndependent = independent,
            GivesProbabilities = probabilities, Labels = names, Prefix = prefix, QueryPrefix = query, PassagePrefix = passage, MaxTokens = most,
            MaskId = maskId, Ids = ids, Mask = mask, Types = types, PaddedTo = paddedTo, PadId = padId, Width = elements, IsPerToken = isPerToken,
            TokenizerAt = at, TokenizerBytes = tokenizer.Number32(),
        };
        tokenizer.End();
        line.End(leaf: false).EndOfChildren();
        return head;
    }

    private static PlanDense Dense(PlanLine line)
    {
        var (inputs, outputs, activation) = (line.Number32(least: 1), line.Number32(least: 1), line.Value<DenseActivation>());
        var hasBias = line.TryKeyword("bias");
        line.Keyword("at");
        return new PlanDense(inputs, outputs, activation, hasBias, line.Number64());
    }

    private static T Of<T>(PlanLine line, Func<PlanLine, T> read)
    {
        var value = read(line);
        line.End();
        return value;
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
