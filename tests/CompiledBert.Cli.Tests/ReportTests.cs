using System.Text.RegularExpressions;

namespace CompiledBert.Cli.Tests;

public sealed class ReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cbert").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Make(params string[] arguments)
    {
        var (code, output, errors) = Tool.Run(["report", Tool.Model, "--json", .. arguments]);
        Assert.Equal((0, ""), (code, errors));
        var path = Path.Combine(_folder, Guid.NewGuid().ToString("N") + ".json");
        File.WriteAllText(path, output);
        return path;
    }

    [Fact]
    public void A_report_is_a_table_json_and_a_page()
    {
        var page = Path.Combine(_folder, "r.html");
        var (code, output, errors) = Tool.Run("report", Tool.Model, "--target", "pixel-6", "--html", page);
        Assert.Equal((0, ""), (code, errors));
        Assert.Contains("pixel-6, cortex-a55", output, StringComparison.Ordinal);
        Assert.Contains("estimated ms", output, StringComparison.Ordinal);
        Assert.True(File.Exists(page));
        Assert.Equal(File.ReadAllText(Make()), File.ReadAllText(Make()));
    }

    [Fact]
    public void Two_reports_or_models_are_compared_and_a_tolerance_decides_the_exit_code()
    {
        var (floats, integers) = (Make("--target", "cortex-a76"), Make("--target", "cortex-a76", "--precision", "int8"));
        var (code, output, _) = Tool.Run("diff", floats, integers);
        Assert.Equal(0, code);
        Assert.Contains("weights, bytes: ", output, StringComparison.Ordinal);
        Assert.Contains("cortex-a76, 16 tokens, estimated ms: ", output, StringComparison.Ordinal);
        Assert.Equal(0, Tool.Run("diff", floats, Tool.Model, "--target", "cortex-a76", "--tolerance", "0%").Code);
        Assert.Equal(1, Tool.Run("diff", integers, floats, "--tolerance", "2%").Code);
        Assert.Equal(2, Tool.Run("diff", integers, floats, "--tolerance", "two").Code);
        Assert.StartsWith("{", Tool.Run("diff", integers, floats, "--json").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_no_report_is_refused()
    {
        var path = Path.Combine(_folder, "x.json");
        File.WriteAllText(path, "{}");
        var (code, _, errors) = Tool.Run("report", path);
        Assert.Equal(3, code);
        Assert.Contains("CBERT0705", errors, StringComparison.Ordinal);
    }

    [ChromiumFact]
    public void The_page_shows_every_section_without_an_error_and_no_wider_than_a_phone()
    {
        foreach (var (precision, width) in new[] { ("fp32", 1200), ("int8", 390) })
        {
            var page = Path.Combine(_folder, precision + ".html");
            Assert.Equal(0, Tool.Run("report", Tool.Model, "--target", "pixel-6,zen4", "--precision", precision, "--html", page).Code);

            // What the page has become is asked of itself, after its scripts ran.
            const string Asking = "<script>document.body.dataset.over = Math.max(0, document.documentElement.scrollWidth - innerWidth);</script>";
            File.WriteAllText(page, File.ReadAllText(page).Replace("</body>", Asking + "</body>", StringComparison.Ordinal));
            var (dom, log) = Chromium.Open(page, width);
            Assert.DoesNotContain("CONSOLE", log, StringComparison.Ordinal);
            Assert.Contains("data-over=\"0\"", dom, StringComparison.Ordinal);
            Assert.Contains("not measurements", dom, StringComparison.Ordinal);
            foreach (var section in new[] { "totals", "flame", "roofline", "fusion", "arena" })
            {
                Assert.Matches(new Regex($"<section id=\"{section}\">.*?<svg[^>]*>.*?<(rect|circle|polyline)", RegexOptions.Singleline), dom);
            }

            foreach (var section in new[] { "steps", "weights" })
            {
                Assert.Matches(new Regex($"<section id=\"{section}\">.*?<table>.*?<td", RegexOptions.Singleline), dom);
            }

            dom = Regex.Replace(dom, "<script>.*?</script>", "", RegexOptions.Singleline);
            Assert.DoesNotContain("NaN", dom, StringComparison.Ordinal);
            Assert.Equal(precision == "int8", dom.Contains(">SNR dB</th>", StringComparison.Ordinal));
        }
    }
}
