using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>The passes in order: what they leave is the canonical form that fusion reads.</summary>
public static class PassPipeline
{
    private const int MaxRounds = 100;

    private static Pass[] Clean =>
    [
        new NoOpRemoval(),
        new ConstantFolding(),
        new LayoutMerging(),
        new ArithmeticSimplification(),
        new LogicSimplification(),
        new IndexGridRemoval(),
        new ExpandSinking(),
        new CommonSubexpressions(),
    ];

    private static Pass[] Recognise =>
    [
        new NormRecognition(),
        new NormAffineFolding(),
        new GeluRecognition(),
        new SoftmaxRecognition(),
        new LinearFormation(),
        new GroupedConvolution(),
    ];

    private static Pass[] Arrange =>
    [
        new ReshapeSinking(),
        new TransposeSinking(),
        new AttentionLayout(),
        new AttentionScale(),
        new MaskAddition(),
        new SoftmaxGuardRemoval(),
        new SlicePushing(),
    ];

    /// <summary>
    /// Brings a graph into canonical form. The verifier runs after every pass that changed something. Returns whether each stage came to its end.
    /// </summary>
    public static bool Run(ModelGraph graph) =>
        Repeat(graph, Clean)
        & Repeat(graph, [.. Recognise, .. Clean])
        & Repeat(graph, [.. Arrange, .. Recognise, .. Clean])
        & Repeat(graph, [new LinearScaleFolding(), .. Arrange, .. Recognise, .. Clean])
        & Repeat(graph, [new LinearMerging()]);

    /// <summary>
    /// Runs passes in order, over and over until none of them changes anything. Returns false where they were still changing after many rounds:
    /// the graph is right then, though not in canonical form.
    /// </summary>
    public static bool Repeat(ModelGraph graph, IReadOnlyList<Pass> passes)
    {
        graph.Tidy();
        for (var round = 0; round < MaxRounds; round++)
        {
            var changed = false;
            foreach (var pass in passes)
            {
                if (pass.Run(graph))
                {
                    changed = true;
                    graph.Tidy();
                    GraphVerifier.Verify(graph, pass.Name);
                }
            }

            if (!changed)
            {
                return true;
            }
        }

        return false;
    }
}
