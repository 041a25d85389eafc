namespace CompiledBert.Cli.Tests;

public class TrainingCommandTests
{
    [Theory]
    [InlineData("train")]
    [InlineData("search")]
    public void Without_the_tool_that_trains_it_is_named_with_what_to_do(string verb)
    {
        var (code, output, errors) = Tool.Run(verb, "--teacher", "model.onnx", "--out", "run");
        Assert.Equal(3, code);
        Assert.Empty(output);
        Assert.Contains("CBERT0806", errors, StringComparison.Ordinal);
        Assert.Contains("dotnet tool install -g CompiledBert.Training", errors, StringComparison.Ordinal);
    }
}
