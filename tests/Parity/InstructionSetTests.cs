using System.Diagnostics;
using System.Text.Json;
using CompiledBert.Parity.Fixtures;

namespace CompiledBert.Parity;

/// <summary>The same checks in processes in which the runtime was told to do without some instructions.</summary>
public sealed class InstructionSetTests
{
    private const string Model = "real/all-MiniLM-L6-v2.onnx";

    // The hidden state's largest element is about 2; what is asked for is 1e-5 of it.
    private const double MiniLmDifference = 2e-5;

    private static readonly string[] Lost512 = ["AVX-512"];
    private static readonly string[] Lost256 = ["AVX-512", "AVX2", "FMA"];

    public static TheoryData<string, string[]> Switches => new()
    {
        { "DOTNET_EnableAVX512", Lost512 },
        { "DOTNET_EnableAVX2", Lost256 },
        { "DOTNET_EnableHWIntrinsic", Lost256 },
    };

    [SharedModelTheory(Model)]
    [MemberData(nameof(Switches))]
    public void Without_some_instructions_minilm_agrees_with_onnx_runtime(string name, string[] lost)
    {
        using var json = Run(
            name, "bench", RepositoryFiles.Shared(Model)!, "--tokens", "1,7,16,33,64,128", "--threads", "1,2",
            "--against", "onnxruntime", "--seconds", "0.01", "--json");
        Assert.DoesNotContain(json.RootElement.GetProperty("instructions").EnumerateArray().Select(i => i.GetString()), i => lost.Contains(i));
        var rows = json.RootElement.GetProperty("rows").EnumerateArray().Where(row => row.GetProperty("engine").GetString() == "compiledbert").ToList();
        Assert.Equal(12, rows.Count);
        Assert.All(rows, row =>
        {
            Assert.InRange(row.GetProperty("maxDifference").GetDouble(), 0, MiniLmDifference);
            Assert.InRange(row.GetProperty("cosine").GetDouble(), 0.999999, 1.000001);
        });
    }

    [Theory]
    [MemberData(nameof(Switches))]
    public void Without_some_instructions_small_models_agree_with_their_test_data(string name, string[] lost)
    {
        Assert.NotEmpty(lost);
        using var json = Run(name, "verify", RepositoryFiles.Zoo, "--json");
        Assert.All(json.RootElement.EnumerateArray(), model => Assert.True(model.GetProperty("agrees").GetBoolean(), model.GetRawText()));
    }

    /// <summary>Runs the tool with one of the runtime's switches off. Returns what it printed.</summary>
    private static JsonDocument Run(string switchName, params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "compiledbert.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment[switchName] = "0";
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"exit code {process.ExitCode}\n{errors.Result}\n{output}");
        return JsonDocument.Parse(output);
    }
}
