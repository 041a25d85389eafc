using System.Collections;
using System.Globalization;
using CompiledBert.Compiler;

namespace CompiledBert.Generator.Tests.Plan;

public sealed class PlanTextTests
{
    public static TheoryData<string> Plans => [.. SamplePlans.All.Keys];

    [Theory]
    [MemberData(nameof(Plans))]
    public void A_plan_survives_its_text(string name)
    {
        var plan = SamplePlans.All[name]();
        var text = PlanWriter.Write(plan);
        var parsed = PlanParser.Parse(text);
        Assert.Equal(text, PlanWriter.Write(parsed));
        AssertSame(plan, parsed, "plan");
    }

    [Theory]
    [MemberData(nameof(Plans))]
    public void Windows_line_ends_change_nothing(string name)
    {
        var text = PlanWriter.Write(SamplePlans.All[name]());
        Assert.Equal(text, PlanWriter.Write(PlanParser.Parse(text.Replace("\n", "\r\n", StringComparison.Ordinal))));
    }

    [Fact]
    public void The_text_is_the_same_under_any_culture()
    {
        var plan = SamplePlans.All["everything"]();
        var expected = PlanWriter.Write(plan);
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = HostileCulture.Create();
            Assert.Equal(expected, PlanWriter.Write(plan));
            Assert.Equal(expected, PlanWriter.Write(PlanParser.Parse(expected)));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Theory]
    [InlineData("", 1, "begins with")]
    [InlineData("compiledbert-plan 2\n", 1, "version '2'")]
    [InlineData("compiledbert-plan 1\nmodel Foo\n", 2, "in quotes")]
    [InlineData("compiledbert-plan 1\nmodel \"Foo\"\n   namespace \"\"\n", 3, "indentation")]
    public void What_is_no_plan_is_refused_with_its_line(string text, int line, string reason)
    {
        var error = Assert.Throws<PlanFormatException>(() => PlanParser.Parse(text));
        Assert.Equal(line, error.Line);
        Assert.Contains(reason, error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_line_that_is_left_out_doubled_or_garbled_is_noticed_or_harmless()
    {
        var lines = PlanWriter.Write(SamplePlans.All["everything"]()).Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            foreach (var changed in new[]
            {
                lines[..i].Concat(lines[(i + 1)..]), lines[..i].Append("  ?!").Concat(lines[i..]), lines[..i].Append(lines[i] + " x").Concat(lines[(i + 1)..]),
            })
            {
                try
                {
                    PlanParser.Parse(string.Join("\n", changed));
                }
                catch (PlanFormatException e)
                {
                    Assert.InRange(e.Line, 1, lines.Length + 1);
                }
            }
        }
    }

    private static void AssertSame(object? expected, object? actual, string path)
    {
        switch (expected)
        {
            case null or string or Dim or ValueType:
                Assert.True(Equals(expected, actual), $"{path}: {expected} became {actual}");
                break;
            case IEnumerable items:
                var left = items.Cast<object?>().ToArray();
                var right = Assert.IsAssignableFrom<IEnumerable>(actual).Cast<object?>().ToArray();
                Assert.True(left.Length == right.Length, $"{path}: {left.Length} became {right.Length}");
                for (var i = 0; i < left.Length; i++)
                {
                    AssertSame(left[i], right[i], $"{path}[{i}]");
                }

                break;
            default:
                Assert.Equal(expected.GetType(), actual?.GetType());
                foreach (var property in expected.GetType().GetProperties().Where(p => p.GetIndexParameters().Length == 0))
                {
                    AssertSame(property.GetValue(expected), property.GetValue(actual), path + "." + property.Name);
                }

                break;
        }
    }
}
