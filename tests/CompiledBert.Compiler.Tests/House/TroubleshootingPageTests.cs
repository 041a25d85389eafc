using System.Reflection;
using CompiledBert.Tests;
using Xunit;

namespace CompiledBert.Compiler.Tests.House;

/// <summary>A code that somebody searches for has its heading in the documentation.</summary>
public sealed class TroubleshootingPageTests
{
    [Fact]
    public void Every_code_has_a_heading_and_every_heading_a_code()
    {
        var codes = typeof(DiagnosticTable).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => f.GetValue(null)).OfType<DiagnosticTable.Rule>().Select(r => r.Code).Order(StringComparer.Ordinal);
        var headings = File.ReadLines(Path.Combine(RepositoryFiles.Root, "docs", "troubleshooting.md"))
            .Where(l => l.StartsWith("## CBERT", StringComparison.Ordinal)).Select(l => l[3..]);
        Assert.Equal(codes, headings);
    }
}
