using CompiledBert.Text.Blob;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>What is put around tokens, and how often blanks are taken off their ranges: each time knowing whether a blank was put before the text.</summary>
internal sealed record PostProcessor(IReadOnlyList<TemplatePart> Single, IReadOnlyList<TemplatePart> Pair, IReadOnlyList<bool> Trims)
{
    /// <summary>The ids of special tokens.</summary>
    public IEnumerable<int> Ids => Single.Concat(Pair).Where(p => p.Sequence < 0).Select(p => p.Id);

    public void WriteTemplates(BlobWriter blob)
    {
        foreach (var template in new[] { Single, Pair })
        {
            blob.Number(template.Count);
            foreach (var part in template)
            {
                blob.Number(part.Sequence);
                blob.Number(part.Id);
                blob.Number(part.TypeId);
            }
        }
    }
}

/// <summary>The post-processor of a tokenizer's file.</summary>
internal static class PostProcessorReader
{
    private static readonly TemplatePart First = new(0, 0, 0);
    private static readonly TemplatePart Second = new(1, 0, 1);

    public static PostProcessor Read(JsonPart part)
    {
        var result = new PostProcessor([First], [First, Second], []);
        var hasTemplate = false;
        foreach (var step in Steps(part))
        {
            var type = step["type"].Text();
            switch (type)
            {
                case "ByteLevel":
                    result = result with { Trims = [.. result.Trims, .. Trim(step)] };
                    continue;
                case "TemplateProcessing" or "BertProcessing" or "RobertaProcessing" when hasTemplate:
                    throw step["type"].Unsupported("a second step that puts special tokens around");
                case "TemplateProcessing":
                    result = result with { Single = Template(step, "single"), Pair = Template(step, "pair") };
                    break;
                case "BertProcessing":
                    result = Bert(result, Token(step["cls"]), Token(step["sep"]));
                    break;
                case "RobertaProcessing":
                    result = Roberta(result, step, Token(step["cls"]), Token(step["sep"]));
                    break;
                default:
                    throw step["type"].Unsupported("'" + type + "'");
            }

            hasTemplate = true;
        }

        return result;
    }

    private static IEnumerable<JsonPart> Steps(JsonPart part) =>
        part.IsNull ? [] : part["type"].Text() == "Sequence" ? part["processors"].Items().SelectMany(Steps) : [part];

    private static PostProcessor Bert(PostProcessor result, int cls, int sep) => result with
    {
        Single = [new(-1, cls, 0), First, new(-1, sep, 0)],
        Pair = [new(-1, cls, 0), First, new(-1, sep, 0), Second, new(-1, sep, 1)],
    };

    private static PostProcessor Roberta(PostProcessor result, JsonPart step, int cls, int sep) => new(
        [new(-1, cls, 0), First, new(-1, sep, 0)],
        [new(-1, cls, 0), First, new(-1, sep, 0), new(-1, sep, 0), Second with { TypeId = 0 }, new(-1, sep, 0)],
        [.. result.Trims, .. Trim(step)]);

    private static IEnumerable<bool> Trim(JsonPart step) => step["trim_offsets"].Flag(true) ? [step["add_prefix_space"].Flag(true)] : [];

    private static int Token(JsonPart part) => part.Items() is [_, var id] ? id.Number() : throw part.Invalid("must be a token and its id");

    private static List<TemplatePart> Template(JsonPart step, string name)
    {
        var parts = new List<TemplatePart>();
        foreach (var item in step[name].Items())
        {
            if (item["Sequence"] is { IsNull: false } sequence)
            {
                var which = sequence["id"].Text();
                var number = which switch { "A" => 0, "B" => 1, _ => throw sequence["id"].Invalid("must be A or B") };
                parts.Add(new TemplatePart(number, 0, sequence["type_id"].Number()));
                continue;
            }

            var special = item["SpecialToken"];
            var token = special["id"].Text();
            var known = step["special_tokens"][token];
            if (known.IsNull)
            {
                throw special["id"].Invalid($"is '{token}', which special_tokens lacks");
            }

            parts.AddRange(known["ids"].Items().Select(id => new TemplatePart(-1, id.Number(), special["type_id"].Number())));
        }

        var needed = name == "single" ? 1 : 2;
        return parts.Where(p => p.Sequence >= 0).Select(p => p.Sequence).Distinct().Count() == needed
            ? parts
            : throw step[name].Unsupported("a template that leaves a text out");
    }
}
