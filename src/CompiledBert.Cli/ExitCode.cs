using System.Globalization;

namespace CompiledBert.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    /// <summary>Done; all outputs agree.</summary>
    public const int Success = 0;

    /// <summary>The model runs, but an output is not what it should be; or a comparison found more than its tolerance.</summary>
    public const int Disagrees = 1;

    /// <summary>The command line is not valid.</summary>
    public const int Usage = 2;

    /// <summary>The model, or a file, was refused with a CBERT error.</summary>
    public const int Refused = 3;

    /// <summary>There is nothing to hold the model against: no test_data_set_* beside it, or no model in the folder.</summary>
    public const int NoData = 4;

    /// <summary>The tool itself failed.</summary>
    public const int Failed = 5;

    private static readonly (int Code, string Meaning)[] Meanings =
    [
        (Success, "done; what was compared agrees"),
        (Disagrees, "verify: an output differs; diff: worse than --tolerance"),
        (Usage, "the command line is not valid"),
        (Refused, "the model or a file is refused, with a CBERT code on the error stream"),
        (NoData, "verify: there are no test data"),
        (Failed, "the tool itself failed: a defect"),
    ];

    /// <summary>All codes as lines for people.</summary>
    public static string Table => string.Join("\n", Meanings.Select(m => string.Create(CultureInfo.InvariantCulture, $"  {m.Code}  {m.Meaning}")));
}
