using System.ComponentModel;

namespace CompiledBert.Text;

/// <summary>A compiled model as heads run it; emitted classes implement it.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public interface ITokenModel
{
    /// <summary>Runs the model on sequences that lie one after the other, each as if alone.</summary>
    /// <param name="lengths">Tokens of each sequence.</param>
    /// <param name="ids">Ids of all tokens.</param>
    /// <param name="typeIds">Types of all tokens.</param>
    /// <param name="output">Takes the first output.</param>
    /// <param name="second">Takes the second output, where the model has two.</param>
    /// <param name="cancellationToken">Asked before each step.</param>
    void RunTokens(
        ReadOnlySpan<int> lengths, ReadOnlySpan<int> ids, ReadOnlySpan<int> typeIds,
        Span<float> output, Span<float> second, CancellationToken cancellationToken);
}
