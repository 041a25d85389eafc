using CompiledBert.Compiler.Targets;

namespace CompiledBert.Compiler.Cost;

/// <summary>Matrix products by register tiles: the same tiles that the emitter writes for a core's vectors.</summary>
internal sealed class TileCost
{
    /// <summary>A tile: its most rows, its columns, and the vectors that hold a row's sums.</summary>
    private readonly record struct Tile(int Rows, int Columns, int Vectors);

    // Around a tile's loop: accumulators cleared, bias added, results stored, addresses computed, calls.
    private const double InstructionsAround = 60;

    // Of a step of products by lane on cores that issue in order: indices move on twice in four steps.
    private const double CyclesOfIndices = 0.5;

    // A vector of sums cleared, converted or given a bias, stored.
    private const int ArithmeticOfSum = 2;

    private readonly Core _core;
    private readonly Tile _floats;
    private readonly Tile _integers;

    public TileCost(Core core)
    {
        _core = core;
        var rows = core.VectorBits == 512 ? 12 : 6;
        _floats = new Tile(rows, ColumnsOf(core), ColumnsOf(core) / core.Lanes);

        // Without a dot product, a column takes two neighbouring sums.
        var columns = core.VectorBits == 512 ? 16 : 8;
        _integers = core.DotProducts > 0 ? _floats : new Tile(core.VectorBits == 128 ? 5 : rows, columns, 2 * columns / core.Lanes);
    }

    /// <summary>Whether products of integers read rows as they are.</summary>
    public bool ReadsRows => _core.DotProducts > 0 && _core.VectorBits == 128;

    /// <summary>Columns of a tile.</summary>
    public static int ColumnsOf(Core core) => core.VectorBits == 512 ? 32 : 16;

    /// <summary>Cycles of C [m, n] = A [m, k] · B [k, n], B packed.</summary>
    public double Product(long m, long n, long k) => Product(_floats, m, n, k, CyclesOfK, ArithmeticOfSum + Accesses(1));

    /// <summary>
    /// The same of 8-bit integers, four of K a step: by a dot product or, where there is none, by multiplications of words that add neighbours.
    /// </summary>
    /// <param name="m">Rows of A and C.</param>
    /// <param name="n">Columns of B and C.</param>
    /// <param name="k">Columns of A and rows of B.</param>
    /// <param name="hasScales">Whether sums are multiplied before they are stored.</param>
    /// <param name="hasBias">Whether they are added to.</param>
    public double IntegerProduct(long m, long n, long k, bool hasScales, bool hasBias = false) =>
        Product(_integers, m, n, (k + 3) / 4, CyclesOfFour, ArithmeticOfSum + (hasScales ? 2 : 0) + Accesses(hasBias ? 2 : 1));

    private double Product(Tile tile, long m, long n, long k, Func<long, double> cyclesOfStep, int instructionsOfSum)
    {
        if (m == 0 || n == 0)
        {
            return 0;
        }

        // Rows are spread evenly: tiles of two heights.
        var tiles = (m + tile.Rows - 1) / tile.Rows;
        var tall = m % tiles;
        var height = m / tiles;
        var columns = (n + tile.Columns - 1) / tile.Columns;
        return columns * ((tall * Cycles(height + 1)) + ((tiles - tall) * Cycles(height)));

        double Cycles(long rows)
        {
            var around = ((instructionsOfSum * rows * tile.Vectors) + InstructionsAround) / (_core.IsInOrder ? 1.1 : Math.Min(_core.IssueWidth, 2.5));
            return (k * cyclesOfStep(rows)) + around;
        }
    }

    /// <summary>Cycles of packing so many floats into panels: a load, its share of a transposition, and a store a vector.</summary>
    public double Packing(long elements) =>
        (double)elements / _core.Lanes * Math.Max(4.0 / Math.Min(_core.IssueWidth, 3), 1 / _core.Loads) * (_core.IsInOrder ? 2 : 1);

    // Where loads are of half a vector, those and stores take two turns.
    private int Accesses(int vectors) => _core.IsInOrder && _core.LoadBits < _core.VectorBits ? 2 * vectors : vectors;

    private double CyclesOfK(long rows)
    {
        double multiplyAdds = rows * _floats.Vectors;

        // Four neighbours of A a load, and a turn of the loop, where multiply-adds take a lane; elsewhere each element is spread over a vector by its load.
        var isByLane = _core.VectorBits == 128;
        return isByLane ? CyclesOfLanes(multiplyAdds, _core.MultiplyAdds, rows, 0.75)
            : CyclesOfStep(Math.Max(multiplyAdds / _core.MultiplyAdds, _core.MultiplyAddLatency), multiplyAdds, _floats.Vectors + rows, 1);
    }

    private double CyclesOfFour(long rows)
    {
        double products = rows * _integers.Vectors;
        if (_core.DotProducts > 0)
        {
            return _core.VectorBits == 128 ? CyclesOfLanes(products, _core.DotProducts, rows, 1)
                : CyclesOfStep(Math.Max(products / _core.DotProducts, _core.MultiplyAddLatency), products, _integers.Vectors + rows, 1);
        }

        // Of multiplications only the addition waits.
        return CyclesOfStep(Math.Max(products / _core.IntegerMultiplies, 1), 2 * products, _integers.Vectors + rows, 1);
    }

    // A product waits for the sum before. On cores that issue in order, loads go beside products that leave room for them, and nothing goes beside the
    // indices that move on.
    private double CyclesOfLanes(double products, double productsOfCycle, long rows, double control)
    {
        var (arithmetic, loads) = (Math.Max(products / productsOfCycle, _core.MultiplyAddLatency), 4 + (rows / 4.0));
        return _core.IsInOrder
            ? arithmetic + (productsOfCycle < _core.IssueWidth ? CyclesOfIndices : loads)
            : CyclesOfStep(arithmetic, products, loads, control);
    }

    /// <summary>
    /// Cycles of a step of K: what takes longest of arithmetic, instructions and loads. Where a vector's arithmetic takes both halves of an in-order
    /// pipeline, as it does where loads of whole vectors hold that up, nothing issues beside it.
    /// </summary>
    private double CyclesOfStep(double arithmetic, double instructions, double loads, double control) => Math.Max(
        Math.Max(arithmetic + (_core.IsInOrder && _core.LoadBits < _core.VectorBits ? loads + control : 0),
            (instructions + loads + control) / _core.IssueWidth),
        loads / _core.Loads);
}
