using System.Runtime.Intrinsics.X86;
using CompiledBert.Cli.Sessions;
using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;

namespace CompiledBert.Parity;

/// <summary>Every variant with fused multiply-add adds up in the same order: a phone and a server give the same bits.</summary>
public sealed class SameBitsTests
{
    public static TheoryData<string, Precision> Models
    {
        get
        {
            var data = new TheoryData<string, Precision>();
            foreach (var path in Directory.GetDirectories(RepositoryFiles.Zoo).Order(StringComparer.Ordinal))
            {
                data.Add(Path.GetFileName(path), Precision.Fp32);
                data.Add(Path.GetFileName(path), Precision.Int8);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Variants_give_the_same_bits(string name, Precision precision)
    {
        if (!Avx512F.IsSupported)
        {
            return; // One variant with fused multiply-add beside the portable one is not enough to compare.
        }

        var path = Path.Combine(RepositoryFiles.Zoo, name, "model.onnx");
        var options = new CompileOptions { ModelPath = path, Outputs = ["*"], Precision = precision };
        var sets = DataSet.Beside(path);
        List<byte[]>? first = null;
        foreach (var lost in (string[][])[[], ["X86.Avx512F.IsSupported"], ["X86.Avx512F.IsSupported", "X86.Avx2.IsSupported"]])
        {
            using var session = ModelSession.Compile(options, rewrite: text => lost.Aggregate(text, (t, l) => t.Replace(l, "false", StringComparison.Ordinal)));
            var outputs = sets
                .SelectMany(set => session.Run([.. session.Plan.Inputs.Select((input, i) => HostTensor.From(set.Input(i), input.Type))]))
                .Select(o => o.Bytes.ToArray()).ToList();
            first ??= outputs;
            Assert.Equal(first.Count, outputs.Count);
            Assert.All(first.Zip(outputs), pair => Assert.Equal(pair.First, pair.Second));
        }
    }
}
