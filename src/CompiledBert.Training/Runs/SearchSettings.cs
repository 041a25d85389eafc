using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Targets;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Data;
using CompiledBert.Training.Strategies;

namespace CompiledBert.Training.Runs;

/// <summary>What a request's words stand for.</summary>
internal static class SearchSettings
{
    private const long UsualTokens = 64;

    /// <summary>Who proposes candidates.</summary>
    public static ISearchStrategy StrategyOf(SearchRequest request) => request.Strategy switch
    {
        "evolution" => new EvolutionStrategy(Math.Clamp(request.Candidates / 4, 2, 24)),
        "controller" => new ControllerStrategy(),
        "random" => new RandomStrategy(),
        _ => throw DiagnosticTable.InvalidMetadata.Error(null, null, "--strategy", request.Strategy, "evolution, controller, random"),
    };

    /// <summary>What candidates take and may take.</summary>
    public static CandidateCosts CostsOf(SearchRequest request, BertTask task)
    {
        var cores = TargetTable.Resolve(request.Targets, request.Teacher);
        var limits = Limit.Parse(request.Budget, request.Size, request.Memory, request.Targets, task.Positions, request.Teacher);
        var first = limits.FirstOrDefault(l => l.Kind == LimitKind.Latency);
        return new CandidateCosts(
            task, request.Precision, limits,
            (first?.Core ?? (cores.Count > 0 ? cores[0] : KnownCores.NeoverseN1), first?.Tokens ?? Math.Min(UsualTokens, task.Positions)));
    }

    /// <summary>
    /// The space, of which students can inherit: nothing larger than the teacher. A smaller vocabulary takes no time off a call, so it is among the usual choices only where
    /// size counts.
    /// </summary>
    public static SearchSpace SpaceOf(SearchRequest request, BertShape teacher, Vocabularies vocabularies)
    {
        var standard = SearchSpace.Below(teacher);
        standard = request.Size is null ? standard : standard with { Vocabulary = vocabularies.Choices };
        if (request.Space is not { } path)
        {
            return standard;
        }

        var space = SpaceJson.Read(path, standard);
        void Check(string name, IReadOnlyList<int> values, int most)
        {
            if (values[^1] > most)
            {
                throw DiagnosticTable.InvalidSearchSpace.Error(path, null, string.Create(
                    CultureInfo.InvariantCulture,
                    $"\"{name}\" has {values[^1]}, and the teacher, of which students inherit, has {most}"));
            }
        }

        Check("layers", space.Layers, teacher.Layers.Count);
        Check("width", space.Width, teacher.Width);
        Check("heads", space.Heads, teacher.Layers.Min(l => l.Heads));
        Check("headSize", space.HeadSize, teacher.Layers.Min(l => l.HeadSize));
        Check("inner", space.Inner, teacher.Layers.Min(l => l.Inner));
        Check("vocabulary", space.Vocabulary, teacher.Vocabulary);
        foreach (var tokens in space.Vocabulary)
        {
            if (vocabularies.Obstacle(tokens) is { } reason)
            {
                throw DiagnosticTable.InvalidSearchSpace.Error(path, null, string.Create(CultureInfo.InvariantCulture, $"\"vocabulary\" has {tokens}: {reason}"));
            }
        }

        return space;
    }
}
