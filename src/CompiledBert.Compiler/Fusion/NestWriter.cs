using CompiledBert.Compiler.Graph;

namespace CompiledBert.Compiler.Fusion;

/// <summary>A nest that was written but not yet taken: placements and checks become facts when its context is accepted.</summary>
internal sealed class NestDraft
{
    public required IReadOnlyList<Statement> Body { get; init; }

    public required IReadOnlyList<Scratch> Scratch { get; init; }

    public required IReadOnlyList<string> Origins { get; init; }

    public required Value Root { get; init; }

    /// <summary>Views of the result that lie in its buffer as well, and further results of its node.</summary>
    public required IReadOnlyList<Value> AlsoPlaced { get; init; }

    /// <summary>What is known once the nest is taken.</summary>
    public required FusionContext Context { get; init; }

    public NestStep ToStep(ModelGraph graph) => Raggedness.Mark(
        new NestStep { Title = Titles.OfNest(Body, Origins), Origins = Origins, Body = Body, Scratch = Scratch }, graph);
}

/// <summary>Writes the nest of one value, or of two in one pass.</summary>
internal static class NestWriter
{
    /// <summary>
    /// The nest of <paramref name="root"/>, storing <paramref name="kept"/> on the way where given. With <paramref name="product"/>, that value's place is the
    /// result's own: the nest will run on rows that a matrix product has just left there. Null where one pass cannot do it.
    /// </summary>
    public static NestDraft? TryWrite(Value root, Value? kept, Value? product, FusionContext context)
    {
        var trial = context.Branch();
        try
        {
            var (last, strides) = Sink.Follow(root, trial, transposes: product is null);
            var place = trial.AllocateAs(root, last, strides);
            RowCache? keptPlace = null;
            if (product is not null)
            {
                // In place: the product's rows are overwritten by what is made of them, by the kept value where there is one.
                var rows = kept is null ? place : trial.Allocate(kept);
                var fits = (kept ?? root) is var target && target.Type.IsFloat() && target.Shape.Elements == product.Shape.Elements;
                var buffer = fits ? rows.Buffer : trial.Buffers.AddArena(DataType.Float32, product.Shape.Elements);
                trial.Place(product, new Placement(buffer, Dim.Zero, BufferTable.RowMajor(product.Shape)));
                keptPlace = kept is null ? null : new RowCache(null, rows);
            }
            else if (kept is not null)
            {
                keptPlace = new RowCache(null, trial.Allocate(kept));
            }

            Value[] beside = root.Producer!.Operator is QuantizeRows ? [root.Producer.Outputs[1]] : [];
            foreach (var value in beside)
            {
                trial.Allocate(value);
            }

            var caches = new RowCaches();
            if (keptPlace is not null)
            {
                caches.KeepIn(kept!, keptPlace.Place!);
            }

            while (true)
            {
                var builder = new NestBuilder(trial, caches);
                try
                {
                    var body = builder.Build(root, place);
                    if (caches.Grow(trial))
                    {
                        continue;
                    }

                    if (kept is not null && !builder.HasFilled(kept))
                    {
                        return null;
                    }

                    return new NestDraft
                    {
                        Body = body,
                        Scratch = caches.Scratch,
                        Origins = [.. Titles.InGraphOrder(builder.Origins, context.Graph)],
                        Root = root,
                        AlsoPlaced = ReferenceEquals(last, root) ? beside : [last, .. beside],
                        Context = trial,
                    };
                }
                catch (RewriteException)
                {
                    // Written again with what was learned.
                }
            }
        }
        catch (MaterializeException) when (kept is not null || product is not null)
        {
            return null;
        }
        catch (NotYetException) when (kept is not null || product is not null)
        {
            return null;
        }
    }
}
