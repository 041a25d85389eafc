using CompiledBert.Compiler.Targets;

namespace CompiledBert.Compiler.Cost;

/// <summary>Matrix products by register tiles: the same tiles that the emitter writes for a core's vectors.</summary>
internal sealed class TileCost
{
    // Around a tile's loop: accumulators cleared, bias added, results stored, addresses computed, calls.
    private const double InstructionsAround = 60;

    private readonly Core _core;
    private readonly int _rows;
    private readonly int _vectors;

    public TileCost(Core core)
    {
        _core = core;
        _rows = core.VectorBits == 512 ? 12 : 6;
        _vectors = ColumnsOf(core) / core.Lanes;
    }

    /// <summary>Columns of a tile.</summary>
    public static int ColumnsOf(Core core) => core.VectorBits == 512 ? 32 : 16;

    /// <summary>Cycles of C [m, n] = A [m, k] · B [k, n], B packed.</summary>
    public double Product(long m, long n, long k) => Product(m, n, k, CyclesOfK);

    /// <summary>The same of 8-bit integers: four of K a step, by a dot product or, where there is none, two multiplications that widen.</summary>
    public double IntegerProduct(long m, long n, long k) => Product(m, n, (k + 3) / 4, CyclesOfFour);

    private double Product(long m, long n, long k, Func<long, double> cyclesOfStep)
    {
        if (m == 0 || n == 0)
        {
            return 0;
        }

        // Rows are spread evenly: tiles of two heights.
        var tiles = (m + _rows - 1) / _rows;
        var tall = m % tiles;
        var height = m / tiles;
        var columns = (n + ColumnsOf(_core) - 1) / ColumnsOf(_core);
        return columns * ((tall * Tile(height + 1, k, cyclesOfStep)) + ((tiles - tall) * Tile(height, k, cyclesOfStep)));
    }

    /// <summary>Cycles of packing so many floats into panels: a load, its share of a transposition, and a store a vector.</summary>
    public double Packing(long elements) => (double)elements / _core.Lanes * Math.Max(4.0 / Math.Min(_core.IssueWidth, 3), 1 / _core.Loads) * (_core.IsInOrder ? 2 : 1);

    private double Tile(long rows, long k, Func<long, double> cyclesOfStep)
    {
        var around = ((3 * rows * _vectors) + InstructionsAround) / (_core.IsInOrder ? 1.1 : Math.Min(_core.IssueWidth, 2.5));
        return (k * cyclesOfStep(rows)) + around;
    }

    private double CyclesOfK(long rows)
    {
        double multiplyAdds = rows * _vectors;

        // Four neighbours of A a load where multiply-adds take a lane; elsewhere each element is spread over a vector by its load.
        var isByLane = _core.VectorBits == 128;
        var loads = _vectors + (isByLane ? rows / 4.0 : rows);
        var issue = (multiplyAdds + loads + 1) / _core.IssueWidth;
        var arithmetic = Math.Max(multiplyAdds / _core.MultiplyAdds, _core.MultiplyAddLatency);
        return Math.Max(Math.Max(arithmetic, issue), loads / _core.Loads);
    }

    private double CyclesOfFour(long rows)
    {
        double products = rows * _vectors;
        var hasDots = _core.DotProducts > 0;
        var isByLane = _core.VectorBits == 128;
        var loads = _vectors + (isByLane ? rows / 4.0 : rows);
        var instructions = hasDots ? products : 3 * products;
        var arithmetic = hasDots ? products / _core.DotProducts : 2 * products / _core.IntegerMultiplies;
        var issue = (instructions + loads + 1) / _core.IssueWidth;
        return Math.Max(Math.Max(Math.Max(arithmetic, _core.MultiplyAddLatency), issue), loads / _core.Loads) + (_core.IsInOrder && hasDots ? loads : 0);
    }
}
