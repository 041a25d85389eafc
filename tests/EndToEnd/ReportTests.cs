using System.Text.Json;
using Xunit;

namespace CompiledBert.EndToEnd;

/// <summary>Reports, budgets and baselines of real builds.</summary>
[Collection(Consumers.Name)]
public sealed class ReportTests(PackedPackage package) : IDisposable
{
    private const string Folder = "obj/Debug/net10.0/compiledbert/";

    private readonly Consumer _consumer = new(package);

    public void Dispose() => _consumer.Dispose();

    [Fact]
    public void A_profile_corrects_estimates_of_its_core_and_another_one_makes_another_report()
    {
        using var consumer = new Consumer(package);
        string Profile(string factor) =>
            $$"""{"schema":"compiledbert-profile-1","core":"cortex-a55","gigahertz":2,"corrections":{"linear":{{factor}},"integerLinear":1,"attention":1,"matmul":1,"nest":1} }""";
        consumer.Write("perf.json", Profile("2"));
        consumer.WriteApp("""Targets="cortex-a55" Profile="perf.json" """);
        Assert.Contains("corrected by a profile", consumer.Build(), StringComparison.Ordinal);
        var report = consumer.PathOf("obj/Debug/net10.0/compiledbert/Tiny.report.json");
        var before = File.ReadAllText(report);
        Assert.Contains("\"isCorrected\": true", before, StringComparison.Ordinal);
        consumer.Write("perf.json", Profile("3"));
        consumer.Build();
        Assert.NotEqual(before, File.ReadAllText(report));
        consumer.Write("perf.json", "{}");
        Assert.Contains("CBERT0708", consumer.Fail("build"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_build_writes_its_report_with_the_size_of_the_code_and_a_page_where_it_is_asked_for()
    {
        _consumer.WriteApp("Targets=\"pixel-6\"");
        var log = _consumer.Build("-v", "n");
        Assert.Contains("pixel-6, cortex-a55", log, StringComparison.Ordinal);
        using (var report = JsonDocument.Parse(File.ReadAllText(_consumer.PathOf(Folder + "Tiny.report.json"))))
        {
            var emitted = Directory.EnumerateFiles(_consumer.PathOf(Folder + "generated"), "*.cs", SearchOption.AllDirectories)
                .Sum(f => new FileInfo(f).Length);
            Assert.Equal(emitted, report.RootElement.GetProperty("emittedBytes").GetInt64());
        }

        Assert.False(File.Exists(_consumer.PathOf(Folder + "Tiny.report.html")));
        _consumer.WriteApp("Targets=\"pixel-6\" Report=\"html\"");
        log = _consumer.Build();
        Assert.Contains("Tiny.report.html", log, StringComparison.Ordinal);
        Assert.Contains("from the cache", log, StringComparison.Ordinal);
        Assert.DoesNotContain("pixel-6, cortex-a55  ", log, StringComparison.Ordinal);
        Assert.Contains("<!doctype html>", File.ReadAllText(_consumer.PathOf(Folder + "Tiny.report.html")), StringComparison.Ordinal);
        _consumer.WriteApp("Targets=\"pixel-6\" Report=\"none\"");
        _consumer.Build();
        Assert.Empty(Directory.EnumerateFiles(_consumer.PathOf(Folder), "*.report.*"));
    }

    [Fact]
    public void A_budget_that_is_missed_fails_the_build_each_time_until_it_is_kept()
    {
        _consumer.WriteApp("Targets=\"cortex-a55\" LatencyBudget=\"1us@128\"");
        Assert.Contains("error CBERT0701", _consumer.Fail("build"), StringComparison.Ordinal);
        Assert.Contains("error CBERT0701", _consumer.Fail("build"), StringComparison.Ordinal);
        _consumer.WriteApp("Targets=\"cortex-a55\" LatencyBudget=\"10s@128\" SizeBudget=\"1GB\" MemoryBudget=\"1GB\"");
        var log = _consumer.Build();
        Assert.DoesNotContain("CBERT07", log, StringComparison.Ordinal);

        Directory.CreateDirectory(_consumer.PathOf("perf"));
        File.Copy(_consumer.PathOf(Folder + "Tiny.report.json"), _consumer.PathOf("perf/tiny.json"));
        _consumer.WriteApp("Targets=\"cortex-a55\" Baseline=\"perf/tiny.json\"");
        _consumer.Build();
        var report = File.ReadAllText(_consumer.PathOf("perf/tiny.json"));
        File.WriteAllText(_consumer.PathOf("perf/tiny.json"), report.Replace("\"weightsBytes\": ", "\"weightsBytes\": -", StringComparison.Ordinal));
        Assert.Contains("error CBERT0704", _consumer.Fail("build"), StringComparison.Ordinal);
    }
}
