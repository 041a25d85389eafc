using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Cli.Benchmarks;

/// <summary>What measuring a machine gave: for each kind of step the time it took over the time estimated, over all lengths together.</summary>
internal sealed class Tuning
{
    private static readonly string[] Kinds = ["linear", "integerLinear", "attention", "matmul", "nest"];

    private readonly HostCore _host;
    private readonly IReadOnlyDictionary<string, (int Steps, double MeasuredMs, double EstimatedMs)> _kinds;

    private Tuning(HostCore host, IReadOnlyDictionary<string, (int Steps, double MeasuredMs, double EstimatedMs)> kinds, CostProfile profile) =>
        (_host, _kinds, Profile) = (host, kinds, profile);

    /// <summary>The profile; kinds that were not measured stay as they are.</summary>
    public CostProfile Profile { get; }

    /// <summary>Sums up measurements.</summary>
    public static Tuning Of(HostCore host, IReadOnlyList<StepTimes> measured)
    {
        var kinds = measured.SelectMany(m => m.Steps).Where(s => s.EstimatedMs > 0).GroupBy(s => KindOf(s.Step))
            .ToDictionary(g => g.Key, g => (g.Count(), g.Sum(s => s.MeasuredMs), g.Sum(s => s.EstimatedMs!.Value)), StringComparer.Ordinal);
        double Ratio(string kind) => kinds.TryGetValue(kind, out var sums) ? Math.Clamp(Math.Round(sums.Item2 / sums.Item3, 2), 0.01, 99) : 1;
        var profile = new CostProfile(
            host.Core.Name, measured.Max(m => m.Core.Gigahertz),
            new StepCorrections(Ratio("linear"), Ratio("integerLinear"), Ratio("attention"), Ratio("matmul"), Ratio("nest")));
        return new Tuning(host, kinds, profile);
    }

    public void Write(TextWriter writer)
    {
        writer.WriteLine($"instructions: {Instructions.Description}");
        writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"core: {_host.Description}, at {Profile.Gigahertz:0.00} GHz"));
        writer.WriteLine("kind           steps  measured ms  estimated ms  correction");
        foreach (var kind in Kinds.Where(_kinds.ContainsKey))
        {
            var (steps, measured, estimated) = _kinds[kind];
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{kind,-13}  {steps,5}  {measured,11:0.0000}  {estimated,12:0.0000}  {measured / estimated,10:0.00}"));
        }

        var (all, guess) = (_kinds.Values.Sum(k => k.MeasuredMs), _kinds.Values.Sum(k => k.EstimatedMs));
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{"all",-13}  {_kinds.Values.Sum(k => k.Steps),5}  {all,11:0.0000}  {guess,12:0.0000}  {all / guess,10:0.00}"));
    }

    public void WriteJson() => JsonOutput.WriteObject(json =>
    {
        json.WriteString("core", Profile.Core);
        json.WriteBoolean("isCoreKnown", _host.IsKnown);
        json.WriteNumber("gigahertz", Profile.Gigahertz);
        json.WriteAll("kinds", Kinds.Where(_kinds.ContainsKey), kind =>
        {
            json.WriteString("kind", kind);
            json.WriteNumber("steps", _kinds[kind].Steps);
            json.WriteNumber("measuredMs", Math.Round(_kinds[kind].MeasuredMs, 6));
            json.WriteNumber("estimatedMs", Math.Round(_kinds[kind].EstimatedMs, 6));
        });
    });

    private static string KindOf(Step step) => step switch
    {
        LinearStep { IsInteger: true } => "integerLinear",
        LinearStep => "linear",
        AttentionStep => "attention",
        MatMulStep => "matmul",
        _ => "nest",
    };
}
