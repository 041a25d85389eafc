using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Onnx.Schema;
using CompiledBert.Compiler.Tests.Onnx;

namespace CompiledBert.Parity.Operators;

/// <summary>Operators of opsets 20 to 24 against scalar references written from their specification.</summary>
public sealed class AttentionOperatorTests
{
    private const int Float = 1;
    private const int Int64 = 7;
    private const int Bool = 9;

    [Theory]
    [InlineData(4, 4, 7, 7, 0, false, 0, "none")]
    [InlineData(4, 2, 7, 7, 0, true, 0, "none")]
    [InlineData(6, 2, 3, 5, 4, true, 0, "none")]
    [InlineData(4, 4, 3, 5, 0, false, 2, "float")]
    [InlineData(4, 1, 3, 5, 2, false, 2, "bool")]
    [InlineData(4, 4, 7, 33, 0, true, 0, "bool")]
    [InlineData(2, 2, 1, 1, 33, true, 0, "float")]
    [InlineData(2, 2, 3, 9, 0, false, 0, "short")]
    [InlineData(4, 2, 2, 9, 0, true, 0, "filled")]
    [InlineData(4, 2, 2, 9, 0, false, 0, "filled")]
    public void Attention(int heads, int keyHeads, int queries, int keys, int past, bool isCausal, int softcap, string mask)
    {
        const int Batch = 2, Size = 8, ValueSize = 5;
        var total = past + keys;
        using var file = new ModelFile(mask == "filled" ? 24 : 23)
            .Input("q", Float, "b", queries, heads * Size)
            .Input("k", Float, "b", keys, keyHeads * Size)
            .Input("v", Float, "b", keys, keyHeads * ValueSize);
        var (q, k, v) = (
            SampleTensors.Floats(1, Batch, queries, heads * Size), SampleTensors.Floats(2, Batch, keys, keyHeads * Size),
            SampleTensors.Floats(3, Batch, keys, keyHeads * ValueSize));
        List<HostTensor> inputs = [q, k, v];
        HostTensor? given = null, filled = null;
        var names = "q k v -";
        var width = mask == "short" ? total - 4 : total;
        if (mask is "float" or "short")
        {
            names = "q k v m";
            file.Input("m", Float, queries, width);
            inputs.Add(given = SampleTensors.Floats(4, queries, width));
        }
        else if (mask == "bool")
        {
            names = "q k v m";
            file.Input("m", Bool, "b", 1, queries, total);
            inputs.Add(given = SampleTensors.Integers(DataType.Bool, 5, 0, 2, Batch, 1, queries, total));
            for (var i = 0; i < given.Count; i += total)
            {
                given.Bytes[i] = 1; // no row without a key
            }
        }

        HostTensor? pastKeys = null, pastValues = null;
        if (past > 0)
        {
            names += " pk pv";
            file.Input("pk", Float, "b", keyHeads, past, Size).Input("pv", Float, "b", keyHeads, past, ValueSize);
            inputs.Add(pastKeys = SampleTensors.Floats(6, Batch, keyHeads, past, Size));
            inputs.Add(pastValues = SampleTensors.Floats(7, Batch, keyHeads, past, ValueSize));
        }
        else if (mask == "filled")
        {
            names += " - - f";
            file.Input("f", Int64, "b");
            inputs.Add(filled = SampleTensors.Given(DataType.Int64, [Batch], 4, 9));
        }

        file.Node(
            "Attention", names, past > 0 ? "y pk2 pv2" : "y",
            ModelFile.Attribute("q_num_heads", heads), ModelFile.Attribute("kv_num_heads", keyHeads), ModelFile.Attribute("is_causal", isCausal ? 1 : 0),
            new AttributeProto { Name = "softcap", F = softcap, Type = 1 });

        var expected = new double[Batch * queries * heads * ValueSize];
        for (var b = 0; b < Batch; b++)
        {
            for (var h = 0; h < heads; h++)
            {
                var kh = h / (heads / keyHeads);
                double Key(int t, int i) => t < past
                    ? pastKeys!.As<float>()[(((((b * keyHeads) + kh) * past) + t) * Size) + i]
                    : k.As<float>()[(((b * keys) + t - past) * keyHeads * Size) + (kh * Size) + i];
                double Value(int t, int i) => t < past
                    ? pastValues!.As<float>()[(((((b * keyHeads) + kh) * past) + t) * ValueSize) + i]
                    : v.As<float>()[(((b * keys) + t - past) * keyHeads * ValueSize) + (kh * ValueSize) + i];
                for (var t = 0; t < queries; t++)
                {
                    var scores = new double[total];
                    for (var j = 0; j < total; j++)
                    {
                        for (var i = 0; i < Size; i++)
                        {
                            scores[j] += q.As<float>()[(((b * queries) + t) * heads * Size) + (h * Size) + i] * Key(j, i) / Math.Sqrt(Size);
                        }

                        scores[j] = softcap > 0 ? softcap * Math.Tanh(scores[j] / softcap) : scores[j];
                        var limit = filled is null ? total : (int)filled.As<long>()[b];
                        var last = !isCausal ? total : filled is null ? t + past : t + limit - queries;
                        var isKept = j < limit && j <= last && (mask != "bool" || given!.Bytes[(((b * queries) + t) * total) + j] != 0) && j < width;
                        scores[j] = !isKept
                            ? double.NegativeInfinity
                            : mask is "float" or "short" ? scores[j] + given!.As<float>()[(t * width) + j] : scores[j];
                    }

                    var most = scores.Max();
                    var sum = scores.Sum(s => Math.Exp(s - most));
                    for (var i = 0; i < ValueSize; i++)
                    {
                        expected[(((b * queries) + t) * heads * ValueSize) + (h * ValueSize) + i] =
                            Enumerable.Range(0, total).Sum(j => Math.Exp(scores[j] - most) / sum * Value(j, i));
                    }
                }
            }
        }

        Check(file, past > 0 ? "y pk2 pv2" : "y", expected, [.. inputs]);
    }

    [Theory]
    [InlineData(false, 0, true)]
    [InlineData(true, 0, true)]
    [InlineData(false, 4, false)]
    [InlineData(true, 4, false)]
    public void RotaryEmbedding(bool isInterleaved, int turned, bool hasPositions)
    {
        const int Batch = 2, Heads = 3, Tokens = 7, Size = 8, Rows = 20;
        var half = (turned == 0 ? Size : turned) / 2;
        using var file = new ModelFile(23).Input("x", Float, "b", "t", Heads * Size);
        var x = SampleTensors.Floats(1, Batch, Tokens, Heads * Size);
        long[] table = hasPositions ? [Rows, half] : [Batch, Tokens, half];
        var (cos, sin) = (SampleTensors.Floats(2, table), SampleTensors.Floats(3, table));
        var positions = SampleTensors.Integers(DataType.Int64, 4, 0, Rows, Batch, Tokens);
        file.Input("c", Float, hasPositions ? [Rows, half] : ["b", "t", half]).Input("s", Float, hasPositions ? [Rows, half] : ["b", "t", half]);
        List<HostTensor> inputs = [x, cos, sin];
        if (hasPositions)
        {
            file.Input("p", Int64, "b", "t");
            inputs.Add(positions);
        }

        file.Node(
            "RotaryEmbedding", hasPositions ? "x c s p" : "x c s", "y",
            ModelFile.Attribute("interleaved", isInterleaved ? 1 : 0),
            ModelFile.Attribute("rotary_embedding_dim", turned), ModelFile.Attribute("num_heads", Heads));
        var expected = Array.ConvertAll(x.As<float>().ToArray(), f => (double)f);
        for (var row = 0; row < Batch * Tokens; row++)
        {
            var at = hasPositions ? (int)positions.As<long>()[row] : row;
            for (var h = 0; h < Heads; h++)
            {
                var start = (((row * Heads) + h) * Size);
                for (var i = 0; i < half; i++)
                {
                    var (first, second) = isInterleaved ? (start + (2 * i), start + (2 * i) + 1) : (start + i, start + i + half);
                    double a = x.As<float>()[first], b = x.As<float>()[second], c = cos.As<float>()[(at * half) + i], s = sin.As<float>()[(at * half) + i];
                    (expected[first], expected[second]) = ((a * c) - (b * s), (a * s) + (b * c));
                }
            }
        }

        Check(file, "y", expected, [.. inputs]);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void RmsNormalization(int axis)
    {
        using var file = new ModelFile(23).Input("x", Float, "n", 7, 33).Input("g", Float, axis == 1 ? [7, 33] : [33])
            .Node("RMSNormalization", "x g", "y", ModelFile.Attribute("axis", axis), new AttributeProto { Name = "epsilon", F = 1e-3f, Type = 1 });
        var (x, g) = (SampleTensors.Floats(1, 2, 7, 33), SampleTensors.Floats(2, axis == 1 ? [7, 33] : [33]));
        var width = g.Count;
        var expected = new double[x.Count];
        for (var row = 0; row < x.Count / width; row++)
        {
            var square = Enumerable.Range(0, width).Sum(i => (double)x.As<float>()[(row * width) + i] * x.As<float>()[(row * width) + i]) / width;
            for (var i = 0; i < width; i++)
            {
                expected[(row * width) + i] = x.As<float>()[(row * width) + i] / Math.Sqrt(square + 1e-3) * g.As<float>()[i];
            }
        }

        Check(file, "y", expected, x, g);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("tanh")]
    public void Gelu(string approximate)
    {
        using var file = new ModelFile(20).Input("x", Float, "n", 33).Node("Gelu", "x", "y", ModelFile.Attribute("approximate", approximate));
        var x = SampleTensors.Floats(1, 7, 33);
        Check(file, "y", [.. x.As<float>().ToArray().Select(v =>
            0.5 * v * (1 + (approximate == "tanh" ? Math.Tanh(Math.Sqrt(2 / Math.PI) * (v + (0.044715 * v * v * v))) : Erf(v / Math.Sqrt(2)))))], x);
    }

    private static void Check(ModelFile file, string outputs, double[] expected, params HostTensor[] inputs)
    {
        file.Import(outputs.Split(' '));
        using var session = ModelSession.Compile(new CompileOptions { ModelPath = file.Path, Outputs = ["*"] });
        var actual = session.Run(inputs)[0].As<float>();
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 1e-5 * (1 + Math.Abs(expected[i])), $"{i}: {actual[i]} for {expected[i]}");
        }
    }

    /// <summary>The error function by its series, exact enough for the small arguments here.</summary>
    private static double Erf(double x)
    {
        double sum = x, term = x;
        for (var n = 1; n < 60; n++)
        {
            term *= -x * x / n;
            sum += term / ((2 * n) + 1);
        }

        return 2 / Math.Sqrt(Math.PI) * sum;
    }
}
