namespace CompiledBert.Compiler.Graph;

/// <summary>Some neighbouring rows and columns of a matrix.</summary>
/// <param name="Row">The first row.</param>
/// <param name="Rows">How many.</param>
/// <param name="Column">The first column.</param>
/// <param name="Columns">How many.</param>
public readonly record struct MatrixPart(int Row, int Rows, int Column, int Columns);

/// <summary>Copies a part of a matrix, row by row.</summary>
/// <typeparam name="T">How the elements are stored.</typeparam>
/// <param name="part">Which elements.</param>
/// <param name="to">Where they go.</param>
/// <param name="stride">How many elements its rows are apart there.</param>
public delegate void PartReader<T>(MatrixPart part, Span<T> to, int stride)
    where T : unmanaged;
