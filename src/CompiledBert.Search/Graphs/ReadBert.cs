using CompiledBert.Compiler.Graph;
using CompiledBert.Search.Space;

namespace CompiledBert.Search.Graphs;

/// <summary>A BERT taken out of a model file: its architecture and its weights.</summary>
/// <param name="Shape">The architecture.</param>
/// <param name="Task">What it is for. Of a model without a head (an embedding model) there are 0 outputs, and the
/// classifier is missing among the weights.</param>
/// <param name="Weights">The weights by <see cref="WeightNames"/>, in memory; matrices [in, out].</param>
public sealed record ReadBert(BertShape Shape, BertTask Task, IReadOnlyDictionary<string, TensorData> Weights);
