namespace CompiledBert.Cli.Tests;

public sealed class TuneTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cbert").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_profile_is_written_and_reports_say_that_it_corrected_them()
    {
        var profile = Path.Combine(_folder, "host.json");
        var (code, output, errors) = Tool.Run("tune", Tool.Model, "-o", profile, "--tokens", "4,9", "--seconds", "0.01", "--target", "zen4");
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("integerLinear", output, StringComparison.Ordinal);
        Assert.Contains("compiledbert-profile-1", File.ReadAllText(profile), StringComparison.Ordinal);

        var report = Tool.Run("report", Tool.Model, "--target", "zen4,cortex-a76", "--profile", profile).Output.Split('\n');
        Assert.Contains(report, line => line.StartsWith("zen4, corrected by a profile", StringComparison.Ordinal));
        Assert.Contains(report, line => line.StartsWith("cortex-a76  ", StringComparison.Ordinal));
        Assert.Contains(
            "estimated, corrected by a profile:", Tool.Run("inspect", Tool.Model, "--target", "zen4", "--profile", profile).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_profile_is_refused()
    {
        var (code, _, errors) = Tool.Run("report", Tool.Model, "--profile", Path.Combine(_folder, "none.json"));
        Assert.Equal(3, code);
        Assert.Contains("CBERT0708", errors, StringComparison.Ordinal);
    }
}
