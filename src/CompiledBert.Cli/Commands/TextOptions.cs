using System.CommandLine;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Commands;

/// <summary>What a BertModel item says about texts, as options: for commands that show or make what a build makes.</summary>
internal sealed class TextOptions
{
    private readonly Option<string?> _head = Choice("--head", "Head", "What the model makes of texts; what the files beside it say by default.");
    private readonly Option<string?> _pooling =
        Choice("--pooling", "Pooling", "How the vectors of tokens become one; what the files beside the model say by default.");
    private readonly Option<string?> _normalize =
        Choice("--normalize", "Normalize", "Whether embeddings get length one; what the files beside the model say by default.");
    private readonly Option<string[]> _labels = new("--labels")
    {
        Description = "Names of the labels, separated by commas; what the files beside the model say by default.",
        AllowMultipleArgumentsPerToken = true,
    };
    private readonly Option<string?> _prefix = new("--prefix")
    {
        Description = "Put before every text, blanks counted; empty for nothing, whatever the files beside the model say.",
    };
    private readonly Option<string?> _queryPrefix = new("--query-prefix") { Description = "Put before queries, blanks counted." };
    private readonly Option<string?> _passagePrefix = new("--passage-prefix") { Description = "Put before passages, blanks counted." };
    private readonly Option<string?> _tokenizer = CommonOptions.Tokenizer();

    /// <summary>Gives a command all of them.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _head, _pooling, _normalize, _labels, _prefix, _queryPrefix, _passagePrefix, _tokenizer })
        {
            command.Add(option);
        }
    }

    /// <summary>What was asked for, put into the options of a compilation.</summary>
    /// <exception cref="CompileException">There is no such folder.</exception>
    public CompileOptions ApplyTo(CompileOptions options, ParseResult parsed) => options with
    {
        Text = true,
        Head = parsed.GetValue(_head)?.ToLowerInvariant(),
        Pooling = parsed.GetValue(_pooling)?.ToLowerInvariant(),
        Normalize = parsed.GetValue(_normalize) is { } normalize ? bool.Parse(normalize) : null,
        Labels = CommonOptions.Split(parsed.GetValue(_labels)),
        Prefix = parsed.GetValue(_prefix),
        QueryPrefix = parsed.GetValue(_queryPrefix),
        PassagePrefix = parsed.GetValue(_passagePrefix),
        TokenizerFolder = CommonOptions.TokenizerFolder(parsed.GetValue(_tokenizer), options.ModelPath),
    };

    /// <summary>What was asked for, as an item's metadata; the tokenizer's folder is left out, since it depends on where the project lies.</summary>
    public IReadOnlyList<(string Name, string? Value)> Metadata(ParseResult parsed)
    {
        var labels = CommonOptions.Split(parsed.GetValue(_labels));
        return
        [
            ("Head", parsed.GetValue(_head)?.ToLowerInvariant()),
            ("Pooling", parsed.GetValue(_pooling)?.ToLowerInvariant()),
            ("Normalize", parsed.GetValue(_normalize)?.ToLowerInvariant()),
            ("Labels", labels.Count == 0 ? null : string.Join(';', labels)),
            ("Prefix", parsed.GetValue(_prefix)),
            ("QueryPrefix", parsed.GetValue(_queryPrefix)),
            ("PassagePrefix", parsed.GetValue(_passagePrefix)),
        ];
    }

    /// <summary>An option for metadata with a choice of values, upper or lower case.</summary>
    public static Option<string?> Choice(string name, string metadata, string description)
    {
        var option = new Option<string?>(name) { Description = description };
        option.AcceptOnlyFromAmong(StringComparer.OrdinalIgnoreCase, [.. ItemMetadata.ValuesOf(metadata)]);
        return option;
    }
}
