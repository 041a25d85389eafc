namespace CompiledBert.Compiler.Schedule;

/// <summary>
/// Makes one operation of a product and what it is added to: one instruction and one rounding instead of two. Programs that round to whole numbers keep
/// their operations as they are, since a number halfway between two would not be rounded as the model says.
/// </summary>
internal static class Contraction
{
    /// <summary>The step with its programs rewritten.</summary>
    public static Step Of(Step step)
    {
        switch (step)
        {
            case NestStep nest:
                return nest with { Body = Contract(nest.Body, "") };
            case LinearStep linear:
                return linear with { Tile = Contract(linear.Tile, linear.TileResult), Row = Contract(linear.Row, "") };
            case AttentionStep attention:
                var score = Contract(attention.Score, attention.ScoreResult);
                return attention with { Score = score, Probability = Contract(attention.Probability, attention.ProbabilityResult) };
            default:
                return step;
        }
    }

    private static IReadOnlyList<Statement> Contract(IReadOnlyList<Statement> program, string result)
    {
        var reads = Programs.CountReads(program);
        return Programs.Flatten(program).Any(s => s is Let { Op: "round" or "floor" or "ceil" }) ? program : ContractBlock(program, result, reads);
    }

    // A product and its sum in the same block: what is computed once for a loop stays before it.
    private static List<Statement> ContractBlock(IReadOnlyList<Statement> block, string result, IReadOnlyDictionary<string, int> reads)
    {
        var products = new Dictionary<string, Let>(StringComparer.Ordinal);
        var contracted = new List<Statement>();
        foreach (var statement in block)
        {
            switch (statement)
            {
                case Loop loop:
                    contracted.Add(loop with { Body = ContractBlock(loop.Body, result, reads) });
                    break;
                case Let { Op: "add", Type: DataType.Float32 } sum when sum.Args.FirstOrDefault(products.ContainsKey) is { } name:
                    var product = products[name];
                    products.Remove(name);
                    contracted.Remove(product);
                    contracted.Add(new Let(sum.Id, sum.Type, "fma", [.. product.Args, sum.Args[sum.Args[0] == name ? 1 : 0]]));
                    break;
                default:
                    if (statement is Let { Op: "mul", Type: DataType.Float32 } let && let.Id != result && reads.GetValueOrDefault(let.Id) == 1)
                    {
                        products.Add(let.Id, let);
                    }

                    contracted.Add(statement);
                    break;
            }
        }

        return contracted;
    }
}
