using System.Text.RegularExpressions;

namespace CompiledBert.Generator.Emit;

/// <summary>A line of a function of vectors: a name and the C# expression that it stands for, in which names of the function follow an <c>@</c>.</summary>
/// <param name="Name">The name.</param>
/// <param name="Expression">The expression.</param>
internal sealed record VectorLine(string Name, string Expression)
{
    /// <summary>The expression with the function's names replaced.</summary>
    public string Text(Func<string, string> nameOf) => Regex.Replace(Expression, @"@(\w+)", match => nameOf(match.Groups[1].Value));
}
