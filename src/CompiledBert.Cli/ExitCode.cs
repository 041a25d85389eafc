namespace CompiledBert.Cli;

/// <summary>What the process returns.</summary>
internal static class ExitCode
{
    /// <summary>Done; all outputs agree.</summary>
    public const int Success = 0;

    /// <summary>The model runs, but an output is not what it should be.</summary>
    public const int Disagrees = 1;

    /// <summary>The command line is not valid.</summary>
    public const int Usage = 2;

    /// <summary>The model, or a file beside it, was refused with a CBERT error.</summary>
    public const int Refused = 3;

    /// <summary>There is nothing to hold the model against: no test_data_set_* beside it, or no model in the folder.</summary>
    public const int NoData = 4;
}
