using System.Globalization;
using CompiledBert.Search.Costs;

namespace CompiledBert.Training.Runs;

/// <summary>Teacher and found model side by side, for the console.</summary>
internal static class SearchTable
{
    public static IEnumerable<string> Lines(CandidateCosts costs, SearchResult result)
    {
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{"",-8} {result.Measure,9} {"Mcycles",9} {"MB",8}  {string.Join("  ", costs.Limits.Select(l => l.ToString()))}");
        yield return Line("teacher", result.TeacherAccuracy, result.Teacher);
        yield return Line("found", result.Accuracy, result.Found.Cost);
        foreach (var trained in result.Trained)
        {
            yield return Line(Path.GetFileName(Path.GetDirectoryName(trained.Model)!), trained.Accuracy, trained.Cost);
        }

        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Teacher.Cycles / result.Found.Cost.Cycles:0.0} times fewer cycles on {costs.Reference.Core.Name} at {costs.Reference.Tokens} tokens "
                + $"(estimated); {result.Measure} is of the texts held out of the training file");
    }

    private static string Line(string name, double accuracy, CandidateCost cost) => string.Create(
        CultureInfo.InvariantCulture,
        $"{name,-8} {100 * accuracy,7:0.0} % {cost.Cycles / 1e6,9:0.00} {cost.WeightBytes / 1e6,8:0.0}  {string.Join("  ", cost.Measures.Select(Number))}");

    private static string Number(Measure measure) =>
        string.Create(CultureInfo.InvariantCulture, $"{(measure.Limit.Kind == LimitKind.Latency ? measure.Value : measure.Value / 1e6):0.###}");
}
