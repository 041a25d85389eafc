namespace CompiledBert.Cli.Tests;

public sealed class ProgressLineTests
{
    [Fact]
    public void A_line_takes_the_place_of_the_one_before_and_goes_away()
    {
        var writer = new StringWriter();
        using (var line = new ProgressLine(writer, isShown: true))
        {
            line.Say("one");
            line.Say("two");
        }

        Assert.Equal("\e[2K\rone …\e[2K\rtwo …\e[2K\r", writer.ToString());
    }

    [Fact]
    public void Where_there_is_no_terminal_nothing_is_written()
    {
        var writer = new StringWriter();
        using (var line = new ProgressLine(writer, isShown: false))
        {
            line.Say("one");
        }

        Assert.Equal("", writer.ToString());
    }

    [Fact]
    public void Completion_is_asked_of_the_tool_itself()
    {
        var (code, output, _) = Tool.Run("[suggest:3]", "ins");
        Assert.Equal(0, code);
        Assert.Contains("inspect", output, StringComparison.Ordinal);
    }
}
