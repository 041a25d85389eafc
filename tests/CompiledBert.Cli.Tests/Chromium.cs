using System.Diagnostics;

namespace CompiledBert.Cli.Tests;

/// <summary>A real browser without a window.</summary>
internal static class Chromium
{
    /// <summary>The browser's program; null where this machine has none.</summary>
    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>What a page has become after its scripts ran, and what the browser said meanwhile: messages of scripts begin with <c>CONSOLE</c>.</summary>
    public static (string Dom, string Log) Open(string page, int width)
    {
        var profile = Directory.CreateTempSubdirectory("cbert-browser").FullName;
        try
        {
            var start = new ProcessStartInfo(Program!)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                ArgumentList =
                {
                    "--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=" + profile, "--enable-logging=stderr", "--virtual-time-budget=3000",
                    FormattableString.Invariant($"--window-size={width},900"), "--dump-dom", new Uri(page).AbsoluteUri,
                },
            };
            using var process = Process.Start(start)!;
            var log = process.StandardError.ReadToEndAsync();
            var dom = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (dom, log.Result);
        }
        finally
        {
            Directory.Delete(profile, recursive: true);
        }
    }
}

/// <summary>A test in a browser; skipped, saying so, where there is none.</summary>
internal sealed class ChromiumFactAttribute : FactAttribute
{
    public ChromiumFactAttribute() => Skip = Chromium.Program is null ? "There is no chromium on this machine." : null;
}
