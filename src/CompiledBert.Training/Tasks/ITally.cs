using CompiledBert.Training.Models;
using static TorchSharp.torch;

namespace CompiledBert.Training.Tasks;

/// <summary>Counts how good results are, batch by batch.</summary>
internal interface ITally
{
    /// <summary>What it comes to so far, 0 to 1.</summary>
    double Value { get; }

    /// <summary>Adds a batch.</summary>
    /// <param name="batch">The texts.</param>
    /// <param name="own">The model's results.</param>
    /// <param name="teachers">The teacher's; null where there is none.</param>
    void Add(Batch batch, Tensor own, Tensor? teachers);
}
