using System.Globalization;
using System.Text;

namespace CompiledBert.Training.Runs;

/// <summary>Candidates by cycles, in logarithms, and accuracy, as SVG; the front is a line of steps.</summary>
internal static class FrontPicture
{
    private const double Width = 1060;
    private const double Height = 380;
    private const double Left = 52;
    private const double Bottom = 34;

    // Where a page's colours are not at hand: ones that are seen on light and on dark ground.
    private const string Style =
        "svg { --grid: #8884; --found: #d9641f; --front: #3f82dd; --other: #909399; --teacher: #2f9a66; } "
            + "text { fill: #808389; font: 12px system-ui, sans-serif; }";

    /// <summary>The picture as a file of its own.</summary>
    public static string File(SearchResult result) => Svg(result, " xmlns=\"http://www.w3.org/2000/svg\"", $"<style>{Style}</style>") + "\n";

    /// <summary>The picture as a part of a page that has the colours.</summary>
    public static string Svg(SearchResult result) => Svg(result, "", "");

    private static string Svg(SearchResult result, string space, string style)
    {
        var front = result.Front;
        var cycles = result.Evaluations.Select(e => e.Cost.Cycles).Concat(result.Trained.Select(t => t.Cost.Cycles)).Append(result.Teacher.Cycles).ToList();
        var scores = result.Evaluations
            .Select(e => e.Accuracy)
            .Concat(result.Trained.Select(t => t.Accuracy))
            .Concat([result.TeacherAccuracy, result.Accuracy])
            .ToList();
        var (low, high) = (Math.Log2(cycles.Min()) - 0.15, Math.Log2(cycles.Max()) + 0.15);
        var (least, most) = (scores.Min() - 0.01, Math.Min(1.005, scores.Max() + 0.01));
        string X(double c) => Number(Left + ((Math.Log2(c) - low) / (high - low) * (Width - Left)));
        string Y(double s) => Number(10 + ((most - s) / (most - least) * (Height - Bottom - 10)));

        var svg = new StringBuilder(
            $"<svg{space} viewBox=\"0 0 {Number(Width)} {Number(Height)}\" "
                + $"role=\"img\" aria-label=\"{result.Measure} over cycles\">{style}");
        for (var power = Math.Ceiling(low); power <= high; power++)
        {
            svg.Append(
                $"<line x1=\"{X(Math.Pow(2, power))}\" x2=\"{X(Math.Pow(2, power))}\" "
                    + $"y1=\"10\" y2=\"{Number(Height - Bottom)}\" stroke=\"var(--grid)\"/>");
            svg.Append($"<text x=\"{X(Math.Pow(2, power))}\" y=\"{Number(Height - 12)}\" text-anchor=\"middle\">{Number(Math.Pow(2, power) / 1e6)}</text>");
        }

        svg.Append($"<text x=\"{Number(Width)}\" y=\"{Number(Height)}\" text-anchor=\"end\">million cycles</text>");
        var step = (most - least) switch { > 0.2 => 0.1, > 0.08 => 0.02, _ => 0.01 };
        for (var score = Math.Ceiling(least / step) * step; score <= most; score += step)
        {
            svg.Append($"<line x1=\"{Number(Left)}\" x2=\"{Number(Width)}\" y1=\"{Y(score)}\" y2=\"{Y(score)}\" stroke=\"var(--grid)\"/>");
            svg.Append($"<text x=\"{Number(Left - 8)}\" y=\"{Y(score)}\" text-anchor=\"end\" dominant-baseline=\"middle\">{Number(100 * score)} %</text>");
        }

        var line = string.Concat(front.Select((e, i) => i == 0 ? $"M{X(e.Cost.Cycles)} {Y(e.Accuracy)}" : $"H{X(e.Cost.Cycles)}V{Y(e.Accuracy)}"));
        svg.Append($"<path d=\"{line}\" fill=\"none\" stroke=\"var(--front)\" stroke-width=\"2\"/>");
        foreach (var e in result.Evaluations)
        {
            svg.Append(
                $"<circle cx=\"{X(e.Cost.Cycles)}\" cy=\"{Y(e.Accuracy)}\" r=\"4.5\" "
                    + $"fill=\"var(--{(front.Contains(e) ? "front" : "other")})\"><title>{e.Cost.Shape}</title></circle>");
        }

        foreach (var trained in result.Trained)
        {
            svg.Append(
                $"<circle cx=\"{X(trained.Cost.Cycles)}\" cy=\"{Y(trained.Accuracy)}\" r=\"6.5\" "
                    + $"fill=\"var(--found)\"><title>{trained.Cost.Shape}</title></circle>");
        }

        Mark(svg, X(result.Teacher.Cycles), Y(result.TeacherAccuracy), "teacher", "teacher", "end");
        Mark(svg, X(result.Found.Cost.Cycles), Y(result.Accuracy), "found", "found, trained", "start");
        return svg.Append("</svg>").ToString();
    }

    private static void Mark(StringBuilder svg, string x, string y, string colour, string text, string anchor) =>
        svg.Append(
            $"<circle cx=\"{x}\" cy=\"{y}\" r=\"6.5\" fill=\"var(--{colour})\"/>"
                + $"<text x=\"{x}\" y=\"{y}\" dx=\"{(anchor == "end" ? -11 : 11)}\" dy=\"4\" text-anchor=\"{anchor}\">{text}</text>");

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
