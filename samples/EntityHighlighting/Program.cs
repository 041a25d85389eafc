using EntityHighlighting;

// Lines of the standard input, marked for a terminal; with --html, as a page.
using var ner = Ner.Load();
var html = args is ["--html"];
if (html)
{
    Console.WriteLine("<!DOCTYPE html><meta charset=utf-8><title>Entities</title><body style=\"font:18px/1.8 sans-serif;margin:2em\">");
}

while (Console.ReadLine() is { } line)
{
    var entities = ner.Tag(line);
    Console.WriteLine(html ? $"<p>{Markup.Html(line, entities)}</p>" : Markup.Ansi(line, entities));
}
