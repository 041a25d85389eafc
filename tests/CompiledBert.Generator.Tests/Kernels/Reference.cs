namespace CompiledBert.Generator.Tests.Kernels;

/// <summary>What kernels compute, plainly and in double precision.</summary>
internal static class Reference
{
    /// <summary>Numbers in −1 … 1 that depend on the seed only.</summary>
    public static float[] Numbers(int seed, long count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, (int)count).Select(_ => (float)(random.NextDouble() * 2 - 1))];
    }

    /// <summary>W [k, n] in panels of 16 columns <c>[⌈n/16⌉][k][16]</c>, padded with zeros.</summary>
    public static float[] Panels(float[] w, int k, int n)
    {
        var packed = new float[(n + 15) / 16 * 16 * k];
        for (var i = 0; i < k; i++)
        {
            for (var j = 0; j < n; j++)
            {
                packed[j / 16 * 16 * k + i * 16 + j % 16] = w[i * n + j];
            }
        }

        return packed;
    }

    /// <summary>Asserts that numbers are near what they should be, relative to the largest.</summary>
    public static void Near(double[] expected, float[] actual, double tolerance, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        var scale = expected.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(1).Max() + 1e-3;
        for (var i = 0; i < expected.Length; i++)
        {
            var same = double.IsNaN(expected[i]) ? float.IsNaN(actual[i]) : Math.Abs(expected[i] - actual[i]) <= tolerance * scale;
            Assert.True(same, $"{what}: element {i} is {actual[i]}, should be {expected[i]}");
        }
    }

    /// <summary>The bits of numbers.</summary>
    public static int[] Bits(float[] numbers) => [.. numbers.Select(BitConverter.SingleToInt32Bits)];
}
