namespace CompiledBert.Compiler.Heads;

/// <summary>What a model itself does to its logits at last.</summary>
internal enum OutputActivation
{
    /// <summary>Nothing: it gives logits.</summary>
    None,

    /// <summary>A softmax over the output's last axis: probabilities of which one holds.</summary>
    Softmax,

    /// <summary>A sigmoid of each element, or one of several probabilities picked out: each stands for itself.</summary>
    Sigmoid,
}
