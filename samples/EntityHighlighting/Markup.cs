using System.Net;
using System.Text;

namespace EntityHighlighting;

/// <summary>A text with its entities marked.</summary>
internal static class Markup
{
    private static readonly Dictionary<string, (int Ansi, string Css)> Colours = new()
    {
        ["PER"] = (44, "#bfdbfe"),
        ["ORG"] = (42, "#bbf7d0"),
        ["LOC"] = (45, "#fbcfe8"),
    };

    private static readonly (int Ansi, string Css) OtherColour = (43, "#fde68a");

    public static string Ansi(string text, IReadOnlyList<Entity> entities) =>
        Mark(text, entities, t => t, (t, e) => $"\e[30;{Colour(e).Ansi}m{t}\e[0m\e[2m {e.Type}\e[0m");

    public static string Html(string text, IReadOnlyList<Entity> entities) =>
        Mark(text, entities, WebUtility.HtmlEncode, (t, e) =>
            $"""<mark style="background:{Colour(e).Css}" title="{WebUtility.HtmlEncode(e.Type)} {e.Probability:P0}">{WebUtility.HtmlEncode(t)}</mark>""");

    private static (int Ansi, string Css) Colour(Entity entity) => Colours.GetValueOrDefault(entity.Type, OtherColour);

    /// <summary>Ranges count chars of the original text, whatever the tokenizer made of it: the text is cut there and nowhere else.</summary>
    private static string Mark(string text, IReadOnlyList<Entity> entities, Func<string, string?> outside, Func<string, Entity, string> inside)
    {
        var result = new StringBuilder();
        var end = 0;
        foreach (var entity in entities)
        {
            result.Append(outside(text[end..entity.Range.Start])).Append(inside(entity.Text, entity));
            end = entity.Range.End;
        }

        return result.Append(outside(text[end..])).ToString();
    }
}
