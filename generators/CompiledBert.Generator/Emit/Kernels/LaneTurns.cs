using System.Globalization;

namespace CompiledBert.Generator.Emit;

/// <summary>
/// The loop of Arm's products by lane: some rows by four vectors of columns. A turn takes 16 bytes of each row of A, whose four lanes multiply four vectors
/// of B each: elements of four steps of K, or as many groups of four 8-bit integers.
/// </summary>
/// <remarks>
/// Cores that issue in order also finish in order: what is done sooner than the product before it waits. A load by register and register takes as long as
/// a product, and goes beside one; so there is an index for B, which moves on twice in a turn, and one for A. What a turn begins with is loaded in the turn
/// before.
/// </remarks>
/// <param name="element">C# type of the elements that are loaded.</param>
/// <param name="rows">Rows of the tile.</param>
/// <param name="product">C# of a product added to a sum: of the sum, a vector of B, a row of A, and the lane.</param>
internal sealed class LaneTurns(string element, int rows, Func<string, string, string, int, string> product)
{
    private readonly int[] _all = [.. Enumerable.Range(0, rows)];

    /// <summary>The sums of a row and a vector of columns.</summary>
    public static string Sum(int row, int vector) => $"{(char)('s' + vector)}{Text(row)}";

    /// <summary>
    /// Declares the pointers <c>b0</c> … <c>b7</c> behind the last of so many turns through B, which are the same for all tiles of the panel.
    /// </summary>
    public static void WriteColumns(CodeWriter writer, string turns)
    {
        writer.Line($"long turns = {turns};");
        writer.Line(
            $"byte* {string.Join(", ", Enumerable.Range(0, 8).Select(v => $"b{Text(v)} = (byte*)b + 256 * turns{(v == 0 ? "" : $" + {Text(16 * v)}")}"))};");
    }

    /// <summary>Declares the pointers <c>a0</c>, <c>a1</c>, … behind the last turn through A, and adds all turns' products to the sums.</summary>
    /// <param name="writer">Where to write.</param>
    /// <param name="stride">C# of the bytes from a row of A to the next.</param>
    public void Write(CodeWriter writer, string stride)
    {
        writer.Line("long i = -256 * turns, l = -16 * turns;");
        writer.Line($"byte* {string.Join(", ", _all.Select(r => r == 0 ? "a0 = (byte*)a - l" : $"a{Text(r)} = a{Text(r - 1)} + {stride}"))};");

        // Vectors of B take turns in two variables; those of A, a row each, stay for a turn.
        writer.Line($"Vector128<{element}> even = default, odd = default, {string.Join(", ", _all.Select(r => $"x{Text(r)} = default"))};");
        using (writer.Block("if (i != 0)"))
        {
            writer.Line($"{LoadColumns(0)} {string.Join(" ", _all.Select(LoadRow))}");
            using (writer.Block("while (true)"))
            {
                for (var v = 0; v < 15; v++)
                {
                    var line = Products(v);
                    if (v % 8 == 6)
                    {
                        line.Insert(Math.Min(3, rows), v == 14 ? "i += 128; l += 16;" : "i += 128;");
                    }

                    line.Insert(v % 8 == 7 ? Math.Min(2, rows) : 1, LoadColumns(v + 1));
                    writer.Line(string.Join(" ", line));
                }

                writer.Line("if (i == 0) break;");
                List<string> last = [.. Products(15).Zip(_all, (text, row) => $"{text} {LoadRow(row)}")];
                last.Insert(Math.Min(2, rows), LoadColumns(0));
                writer.Line(string.Join(" ", last));
            }

            writer.Line(string.Join(" ", Products(15)));
        }
    }

    /// <summary>Adds the products of what is behind the last turn, up to three lanes of it; up to twelve bytes behind rows are read and not used.</summary>
    /// <param name="writer">Where to write.</param>
    /// <param name="rest">C# of how many lanes there are.</param>
    public void WriteRest(CodeWriter writer, string rest)
    {
        using (writer.Block($"if ({rest} > 0)"))
        {
            writer.Line(string.Join(" ", _all.Select(r => $"x{Text(r)} = V128.Load(({element}*)a{Text(r)});")));
            for (var lane = 0; lane < 3; lane++)
            {
                using (lane == 0 ? null : (IDisposable)writer.Block($"if ({rest} > {Text(lane)})"))
                {
                    for (var v = 4 * lane; v < 4 * lane + 4; v++)
                    {
                        writer.Line($"{Columns(v)} = V128.Load(({element}*)(b{Text(v % 8)}{(v < 8 ? "" : " + 128")})); {string.Join(" ", Products(v))}");
                    }
                }
            }
        }
    }

    private static string Columns(int vector) => vector % 2 == 0 ? "even" : "odd";

    private string LoadColumns(int vector) => $"{Columns(vector)} = V128.Load(({element}*)(b{Text(vector % 8)} + i));";

    private string LoadRow(int row) => $"x{Text(row)} = V128.Load(({element}*)(a{Text(row)} + l));";

    private List<string> Products(int vector) =>
        [.. _all.Select(row => $"{Sum(row, vector % 4)} = {product(Sum(row, vector % 4), Columns(vector), $"x{Text(row)}", vector / 4)};")];

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
