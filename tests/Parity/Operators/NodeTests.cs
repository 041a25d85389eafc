using Xunit.Abstractions;

namespace CompiledBert.Parity.Operators;

/// <summary>ONNX's tests of single operators. Those that do not pass stand with their reason in NodeTests.txt, which may name no test that passes.</summary>
public sealed class NodeTests(ITestOutputHelper log)
{
    private static readonly Dictionary<string, string> Listed =
        File.ReadLines(Path.Combine(RepositoryFiles.Root, "tests", "Parity", "Operators", "NodeTests.txt"))
        .Where(line => line.Length > 0 && line[0] != '#')
        .Select(line => line.Split(": ", 2))
        .ToDictionary(parts => parts[0], parts => parts[1], StringComparer.Ordinal);

    public static TheoryData<string> Names
    {
        get
        {
            var data = new TheoryData<string>();
            foreach (var test in NodeSuite.Supported)
            {
                data.Add(test.Name);
            }

            if (NodeSuite.WhyWithout is not null)
            {
                data.Add("none");
            }

            return data;
        }
    }

    [NodeTheory]
    [MemberData(nameof(Names))]
    public void A_test_passes_or_is_listed(string name)
    {
        var failure = NodeResults.All[name].Failure;
        log.WriteLine(failure ?? "passes");
        if (Listed.TryGetValue(name, out var reason))
        {
            Assert.True(failure is not null, $"'{name}' passes and is listed as failing: {reason}");
        }
        else
        {
            Assert.True(failure is null, failure);
        }
    }

    [NodeFact]
    public void Nearly_all_tests_of_supported_operators_pass()
    {
        Assert.Empty(Listed.Keys.Except(NodeResults.All.Keys, StringComparer.Ordinal));
        var passed = NodeResults.All.Values.Count(r => r.Failure is null);
        log.WriteLine($"{passed} of {NodeResults.All.Count} pass");
        Assert.True(passed >= 0.95 * NodeResults.All.Count, $"{passed} of {NodeResults.All.Count} pass");
    }
}

/// <summary>A test that needs the suite; skipped, saying so, without it.</summary>
internal sealed class NodeFactAttribute : FactAttribute
{
    public NodeFactAttribute() => Skip = NodeSuite.WhyWithout;
}

/// <summary>The same for a theory.</summary>
internal sealed class NodeTheoryAttribute : TheoryAttribute
{
    public NodeTheoryAttribute() => Skip = NodeSuite.WhyWithout;
}
