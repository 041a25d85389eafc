using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Passes;

/// <summary>One rewriting of a graph into another that computes the same.</summary>
public abstract class Pass
{
    /// <summary>The pass's name, for messages and reports.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>
    /// Rewrites the graph in place. Nodes may be left out of order and dead ones in the list; the pipeline tidies. Returns whether anything changed.
    /// </summary>
    public abstract bool Run(ModelGraph graph);
}

/// <summary>A pass that looks at one node at a time, those that it makes included, until it has seen all.</summary>
public abstract class RewritePass : Pass
{
    /// <inheritdoc/>
    public sealed override bool Run(ModelGraph graph)
    {
        var rewriter = new Rewriter(graph);
        // No pass is known to need it, but a model made to be odd must not keep the compiler for ever.
        var limit = (graph.Nodes.Count * 50) + 10_000;
        for (var i = 0; i < Math.Min(graph.Nodes.Count, limit); i++)
        {
            if (!graph.Nodes[i].IsReleased)
            {
                Rewrite(graph.Nodes[i], rewriter);
            }
        }

        return rewriter.Changed;
    }

    /// <summary>Replaces a node by something simpler where the pass knows it.</summary>
    protected abstract void Rewrite(Node node, Rewriter rewriter);
}
