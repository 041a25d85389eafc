using CompiledBert.Compiler.Targets;

namespace CompiledBert.Compiler.Cost;

/// <summary>Loop programs: cycles of their statements, loop by loop.</summary>
internal sealed class ProgramCost(Core core, Func<Symbol, long> lengthOf)
{
    private const double LoadLatency = 4;

    // A vector loop's counter, comparison and jump; what stands before it: bounds, and constants brought into registers.
    private const double InstructionsOfIteration = 3;
    private const double InstructionsOfStart = 14;

    // Vectors that an iteration holds, operation by operation, so that few wait for the one before.
    private const double VectorsSideBySide = 3;

    // On cores that issue in order what waits for a result now and then holds up all the rest: loops of GELU and softmax lose so much, counted.
    private const double InOrderLoss = 1.2;

    /// <summary>Cycles of statements; null where one is of unknown cost.</summary>
    public double? Of(IReadOnlyList<Statement> statements)
    {
        double? sum = 0;
        foreach (var statement in statements)
        {
            sum += statement switch
            {
                Loop { Kind: LoopKind.Lanes } lanes => Lanes(lanes),
                Loop loop => loop.Extent.Evaluate(lengthOf) * (Of(loop.Body) + (2.0 / core.IssueWidth)),
                Let let => Scalar(let),
                Load => core.IsInOrder ? LoadLatency : 1,
                _ => 1.0 / core.IssueWidth,
            };
        }

        return sum;
    }

    private double? Scalar(Let let) => Operations.Of(let.Op) is { } cost
        ? core.IsInOrder
            ? (cost.Depth * core.MultiplyAddLatency) + (cost.Divisions * core.DivideCycles)
            : ((double)cost.Instructions / core.IssueWidth) + (cost.Divisions * core.DivideCycles)
        : null;

    private double? Lanes(Loop loop)
    {
        var extent = loop.Extent.Evaluate(lengthOf);
        var work = new VectorWork(core);
        if (extent == 0 || !work.Add(loop.Body, lengthOf))
        {
            return extent == 0 ? 0 : null;
        }

        var iterations = (extent + core.Lanes - 1) / core.Lanes;
        var instructions = work.Instructions + InstructionsOfIteration;
        var (arithmetic, accesses) = (work.Arithmetic / core.VectorOperations, (work.Loads + work.Stores) / core.Loads);
        var throughput = Math.Max(
            Math.Max(instructions / core.IssueWidth, work.Divisions * core.DivideCycles),
            core.IsInOrder && core.LoadBits < core.VectorBits ? InOrderLoss * (arithmetic + (2 * accesses)) : Math.Max(arithmetic, accesses));
        var chain = core.IsInOrder ? work.Depth / VectorsSideBySide : work.Carried;
        return (InstructionsOfStart / (core.IsInOrder ? 1 : core.IssueWidth)) + (iterations * Math.Max(throughput, chain));
    }

    /// <summary>What one vector of a loop of lanes takes.</summary>
    private sealed class VectorWork(Core core)
    {
        private readonly Dictionary<string, double> _ready = new(StringComparer.Ordinal);

        public double Instructions => Arithmetic + Loads + Stores + Divisions + _addresses;

        public double Arithmetic { get; private set; }

        public double Loads { get; private set; }

        public double Stores { get; private set; }

        public double Divisions { get; private set; }

        /// <summary>Cycles of the longest chain of one iteration.</summary>
        public double Depth { get; private set; }

        /// <summary>Cycles from one iteration to the next of what is carried: sums.</summary>
        public double Carried { get; private set; }

        private double _addresses;

        /// <summary>Adds statements; false where one is of unknown cost.</summary>
        public bool Add(IReadOnlyList<Statement> statements, Func<Symbol, long> lengthOf, double times = 1)
        {
            foreach (var statement in statements)
            {
                switch (statement)
                {
                    case Load load:
                        // Wide integers are read element by element.
                        Loads += times * (load.Type.BitsOf() <= 32 ? 1 : core.Lanes);
                        _addresses += times;
                        Ready(load.Id, load.From.Terms.Select(t => t.Variable), LoadLatency);
                        break;
                    case Store store:
                        Stores += times;
                        Ready("", [store.Value], 1);
                        break;
                    case Accumulate accumulate:
                        Arithmetic += times;
                        Carried = Math.Max(Carried, times * Math.Min(core.MultiplyAddLatency, 3));
                        Ready("", [accumulate.Value], core.MultiplyAddLatency);
                        break;
                    case Let let when Operations.Of(let.Op) is { } cost:
                        var elements = let.Type.BitsOf() <= 32 ? 1 : core.Lanes;
                        Arithmetic += times * cost.Instructions * elements;
                        Divisions += times * cost.Divisions;
                        Ready(let.Id, let.Args, (cost.Depth * core.MultiplyAddLatency) + (cost.Divisions * core.DivideCycles));
                        break;
                    case Accumulator:
                        break;
                    case Loop loop when Add(loop.Body, lengthOf, times * loop.Extent.Evaluate(lengthOf)):
                        break;
                    default:
                        return false;
                }
            }

            return true;
        }

        private void Ready(string id, IEnumerable<string> needs, double latency)
        {
            var at = latency;
            foreach (var need in needs)
            {
                at = Math.Max(at, latency + _ready.GetValueOrDefault(need));
            }

            _ready[id] = at;
            Depth = Math.Max(Depth, at);
        }
    }
}
