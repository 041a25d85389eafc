using CompiledBert.Build.Protocol;
using Xunit;

namespace CompiledBert.Build.Tests;

public class ProtocolTests
{
    [Theory]
    [InlineData("plain")]
    [InlineData("tab\tnew\nline\rback\\slash\\t")]
    [InlineData("")]
    [InlineData("ends in \\")]
    public void Any_text_fits_in_a_field(string text) => Assert.Equal(["a", text, "b"], ProtocolText.Fields(ProtocolText.Line("a", text, "b")));

    [Fact]
    public void A_request_reads_back_as_it_was_written()
    {
        var request = new BuildRequest
        {
            SignatureOnly = true,
            CacheFolder = "/a b/c",
            RootNamespace = "N",
            Models = [new() { Path = "x.onnx" },
                new() { Path = "y\t.onnx", Metadata = new Dictionary<string, string> { ["Outputs"] = "a;b", ["Name"] = "Y" } }],
        };
        Assert.Equal(request.ToLines(), BuildRequest.Parse(request.ToLines()).ToLines());
    }

    [Theory]
    [InlineData("compiledbert-request-2")]
    [InlineData("")]
    public void A_request_of_another_kind_is_refused(string text) => Assert.Throws<FormatException>(() => BuildRequest.Parse(text.Split('\n')));

    [Fact]
    public void An_answer_holds_until_an_input_or_a_result_changes()
    {
        using var folder = new TemporaryFolder();
        var (input, plan) = (folder.Write("in", "1"), folder.Write("plan", "2"));
        var absent = Path.Combine(folder.Path, "absent");
        var answer = new BuildAnswer();
        foreach (var line in new[]
        {
            InputStamp.Of(input).ToLine(), InputStamp.Of(absent).ToLine(),
            new BuildAnswer.Model("m", "M", "", "public", "embedded", plan, "", "", "", "false").ToLine(),
        })
        {
            Assert.True(answer.Add(line));
        }

        Assert.False(answer.StillHolds());
        Assert.True(answer.Add(BuildAnswer.End));
        Assert.True(answer.StillHolds());
        folder.Write("in", "22");
        Assert.False(answer.StillHolds());
        folder.Write("in", "1");
        File.Delete(plan);
        Assert.False(answer.StillHolds());
    }

    [Fact]
    public void A_line_of_something_else_is_no_part_of_an_answer() => Assert.False(new BuildAnswer().Add("Unhandled exception"));
}
