using System.Globalization;
using System.Net;
using System.Text;
using CompiledBert.Search.Costs;

namespace CompiledBert.Training.Runs;

/// <summary>A search as one page that needs nothing else: the front as a picture, teacher and found model in a table, every candidate.</summary>
internal static class SearchPage
{
    private const string Light =
        "--page: #f6f6f3; --card: #fff; --ink: #1c1d1f; --soft: #5d6066; --line: #e1e1dc; --grid: #ecece7; "
            + "--found: #c4561a; --front: #2a6fc9; --other: #9a9ca1; --teacher: #2b8a5a; --mark: #fff4d6; --markink: #6b4a00;";

    private const string Dark =
        "--page: #131416; --card: #1c1e21; --ink: #e9e9e6; --soft: #a2a5ab; --line: #303338; --grid: #272a2e; "
            + "--found: #ec8a4c; --front: #5c9bea; --other: #777b82; --teacher: #4fb884; --mark: #3a3016; --markink: #f1d48a;";

    private const string Font = "15px/1.5 system-ui, -apple-system, \"Segoe UI\", Roboto, sans-serif";

    private const string Badge =
        "display: inline-block; background: var(--mark); color: var(--markink); "
            + "border-radius: 6px; padding: 2px 9px; font-size: 13px; margin-top: 8px;";

    private const string Cell = "text-align: right; padding: 5px 8px; border-bottom: 1px solid var(--grid); white-space: nowrap;";

    private const string Style = $$"""
        :root { {{Light}} }
        @media (prefers-color-scheme: dark) { :root { {{Dark}} } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: {{Font}}; font-variant-numeric: tabular-nums; }
        main { max-width: 1120px; margin: 0 auto; padding: 28px 20px 60px; }
        h1 { font-size: 27px; line-height: 1.2; margin: 0 0 4px; overflow-wrap: anywhere; } h2 { font-size: 17px; margin: 0 0 2px; } p { margin: 0; }
        .soft { color: var(--soft); } .hint { color: var(--soft); font-size: 13px; margin-bottom: 12px; }
        .badge { {{Badge}} }
        section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 18px 20px; margin-top: 16px; }
        svg { display: block; width: 100%; height: auto; overflow: visible; } svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
        .scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13.5px; }
        th, td { {{Cell}} } th { color: var(--soft); font-weight: 500; font-size: 12.5px; }
        td.name, th.name { text-align: left; white-space: normal; padding-left: 0; } tr.front td { font-weight: 600; }
        @media (max-width: 640px) { main { padding: 18px 12px 40px; } section { padding: 14px 13px; } h1 { font-size: 22px; } }
        """;

    /// <summary>Writes the page.</summary>
    public static void Write(Stream to, SearchRequest request, CandidateCosts costs, SearchResult result)
    {
        using var writer = new StreamWriter(to, new UTF8Encoding(false), leaveOpen: true) { NewLine = "\n" };
        var core = costs.Reference.Core;
        writer.WriteLine(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n"
                + "<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
        writer.WriteLine(
            "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Search report</title>\n"
                + $"<link rel=\"icon\" href=\"data:,\">\n<style>\n{Style}\n</style>\n</head>\n<body>\n<main>");
        writer.WriteLine(
            $"<header><h1>{Text(Path.GetFileName(request.Teacher))}, smaller</h1>"
                + $"<p class=\"soft\">{Number(result.Evaluations.Count)} candidates by {Text(request.Strategy)}, "
                + $"limits: {Text(costs.Limits.Count == 0 ? "none" : string.Join("; ", costs.Limits))}</p>");
        writer.WriteLine(
            "<span class=\"badge\">Cycles and times are estimates of the cost model: one sequence, one thread. "
                + $"{Capital(result.Measure)} is of texts held out of the training file</span></header>");
        writer.WriteLine(
            $"<section><h2>{Capital(result.Measure)} over cycles</h2>"
                + "<p class=\"hint\">Candidates as parts of one supernet, "
                + $"trained for {request.SupernetSteps} steps; {Text(core.Title)} at {Number(costs.Reference.Tokens)} tokens. "
                + "The line is the front: nothing is both faster and better.</p>");
        writer.WriteLine(FrontPicture.Svg(result) + "</section>");
        writer.WriteLine(
            "<section><h2>Teacher and found model</h2>"
                + "<p class=\"hint\">What was found after its whole training.</p>"
                + "<div class=\"scroll\"><table><tr><th class=\"name\">model</th>"
                + $"<th>{result.Measure}</th><th>Mcycles</th><th>ms</th><th>MB</th></tr>");
        writer.WriteLine(Row("teacher: " + result.Teacher.Shape, result.TeacherAccuracy, result.Teacher, core, false));
        writer.WriteLine(Row("found: " + result.Found.Cost.Shape, result.Accuracy, result.Found.Cost, core, true));
        foreach (var trained in result.Trained)
        {
            writer.WriteLine(Row(
                $"{Path.GetFileName(Path.GetDirectoryName(trained.Model))}: {trained.Cost.Shape}",
                trained.Accuracy, trained.Cost, core, false));
        }

        writer.WriteLine("</table></div></section>");
        writer.WriteLine(
            "<section><h2>Candidates</h2>"
                + "<p class=\"hint\">By cycles; those of the front in bold. "
                + "The distance is how far what it says is from what the teacher says: the less, the better, and what the search goes by.</p>"
                + "<div class=\"scroll\"><table><tr><th class=\"name\">shape</th>"
                + $"<th>distance</th><th>{result.Measure}</th><th>Mcycles</th><th>ms</th><th>MB</th></tr>");
        foreach (var evaluation in result.Evaluations.OrderBy(e => e.Cost.Cycles))
        {
            writer.WriteLine(Row(
                evaluation.Cost.Shape.ToString(), evaluation.Accuracy, evaluation.Cost, core,
                result.Front.Contains(evaluation), -evaluation.Score));
        }

        writer.WriteLine("</table></div></section>\n</main>\n</body>\n</html>");
    }

    private static string Row(string name, double accuracy, CandidateCost cost, Compiler.Targets.Core core, bool isFront, double? distance = null) =>
        $"<tr{(isFront ? " class=\"front\"" : "")}><td class=\"name\">{Text(name)}</td>"
            + $"{(distance is { } d ? $"<td>{Number(d, "0.0000")}</td>" : "")}"
            + $"<td>{Number(100 * accuracy, "0.0")} %</td><td>{Number(cost.Cycles / 1e6, "0.00")}</td>"
            + $"<td>{Number(cost.Cycles / core.Gigahertz / 1e6, "0.00")}</td><td>{Number(cost.WeightBytes / 1e6, "0.0")}</td></tr>";

    private static string Capital(string word) => string.Concat(word[..1].ToUpperInvariant(), word[1..]);

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private static string Number(double value, string format = "0") => value.ToString(format, CultureInfo.InvariantCulture);
}
