using System.Text.RegularExpressions;
using Xunit;

namespace CompiledBert.Compiler.Tests.House;

/// <summary>The compiler's rooms use only the rooms before them.</summary>
public partial class LayeringTests
{
    private static readonly string[] Order =
    [
        "Diagnostics", "Plan", "Targets", "Cost", "Naming", "Tokenizers", "Heads", "Graph", "Evaluation", "Onnx",
        "Passes", "Quantization", "Fusion", "Packing", "Schedule", "Reports",
    ];

    [Fact]
    public void Rooms_use_only_the_rooms_before_them()
    {
        var root = Path.Combine(RepositoryFiles.Root, "src", "CompiledBert.Compiler");
        var violations =
            from room in Order
            from file in Directory.EnumerateFiles(Path.Combine(root, room), "*.cs", SearchOption.AllDirectories)
            from Match use in RoomByName().Matches(File.ReadAllText(file))
            let used = Array.IndexOf(Order, use.Groups[1].Value)
            where used > Array.IndexOf(Order, room)
            select $"{Path.GetRelativePath(root, file)} uses {use.Groups[1].Value}";

        Assert.Empty(violations);
    }

    [Fact]
    public void Every_room_has_its_place_in_the_order()
    {
        var rooms = Directory.EnumerateDirectories(Path.Combine(RepositoryFiles.Root, "src", "CompiledBert.Compiler"))
            .Select(Path.GetFileName)
            .Except(["bin", "obj"]);

        Assert.Empty(rooms.Except(Order));
    }

    /// <summary>A room in a using directive, or in a name that is written in full.</summary>
    [GeneratedRegex(@"\bCompiledBert\.Compiler\.(\w+)")]
    private static partial Regex RoomByName();
}
