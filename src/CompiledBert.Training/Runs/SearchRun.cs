using System.Globalization;
using System.Text;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Targets;
using CompiledBert.Search.Costs;
using CompiledBert.Search.Space;
using CompiledBert.Search.Strategies;
using CompiledBert.Training.Data;
using CompiledBert.Training.Learning;
using CompiledBert.Training.Models;
using CompiledBert.Training.Strategies;
using CompiledBert.Training.Tasks;

namespace CompiledBert.Training.Runs;

/// <summary>Finds a model within limits, trains it and writes it: what <c>compiledbert search</c> does.</summary>
public static class SearchRun
{
    private const long UsualTokens = 64;

    // How many different students a supernet learns to be, at most: each takes some costings to be found.
    private const int MostStudents = 128;

    /// <summary>Searches, or goes on searching.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="output">The run's folder.</param>
    /// <param name="resume">Whether to go on with what is there.</param>
    /// <param name="progress">Takes lines for people.</param>
    /// <param name="cancellation">Stops it where it can go on later.</param>
    /// <returns>What was found and how good it is.</returns>
    /// <exception cref="CompileException">Something that is asked for cannot be had; nothing keeps the limits.</exception>
    /// <exception cref="OperationCanceledException">It was asked to stop.</exception>
    public static SearchResult Run(SearchRequest request, string output, bool resume, TextWriter progress, CancellationToken cancellation)
    {
        var strategy = StrategyOf(request);
        using var held = strategy as IDisposable;
        var material = Material.Read(request.Task, Pooling.Cls, request.Teacher, request.Tokenizer, request.Train, request.MaxTokens, keepsLabels: true);
        var (task, weights) = material.Task.Begin(material.Model, material.Labels.Count, request.MaxTokens, 0);
        if (material.Task.HasLabels && (material.Model.Task.Outputs != task.Outputs || material.Model.Task.Pooling != task.Pooling))
        {
            static string What(BertTask t) => string.Create(CultureInfo.InvariantCulture, $"{t.Outputs} labels of {(t.Pooling == Pooling.None ? "tokens" : "texts")}");
            throw DiagnosticTable.TrainingLabels.Error(request.Teacher, null, $"the teacher tells {What(material.Model.Task)} and should tell {What(task)}; 'compiledbert train' makes such a teacher");
        }

        var (costs, space) = (CostsOf(request, task), SpaceOf(request, material.Model.Shape));
        using var folder = RunFolder.Open(output, request.ToJson(), resume);
        using var teacher = new TorchBert(material.Model.Shape, task, weights);
        var judge = new Judge(teacher, [.. material.Held.Take(request.ScoreTexts)], request.Recipe, material.Task);
        var examples = Variants.Added(material.Train, request.Recipe.Variants, task.Positions, request.Recipe.Seed);
        using var supernet = new Supernet(material.Model.Shape, task, weights, UsesOf(examples, material.Model.Shape.Vocabulary));
        var exploration = new Exploration(space, costs, strategy, new SupernetScorer(supernet, judge), request.Recipe.Seed);
        exploration.Check();
        Train(supernet, teacher, examples, request, material.Task, () => WithinLimits.Sample(Math.Min(request.SupernetSteps, MostStudents), space, costs, request.Recipe.Seed), folder, progress, cancellation);
        var done = Explore(exploration, request.Candidates, costs, folder, progress, cancellation);

        var students = new Students(supernet, teacher, examples, judge, request.Recipe, material.Task);
        var chosen = Finals.Choose(done, request, students, costs, folder, progress, cancellation);
        progress.WriteLine($"chosen: {chosen.Cost.Shape}");
        var (student, trainer) = students.Begin(chosen.Cost.Shape);
        using (student)
        using (trainer)
        {
            Fitting.Run(trainer, "training", folder, progress, cancellation);
            var path = ModelExport.Write(folder, "model", material, chosen.Cost.Shape, task, student.Weights(), request.Halves);
            double Worth(TorchBert model) => Trainer.Worth(model, material.Held, material.Task, teacher, cancellation);
            var result = new SearchResult(path, costs.Of(material.Model.Shape), Worth(teacher), chosen, Worth(student), done) { Measure = material.Task.Measure };
            folder.Put("report.html", to => SearchPage.Write(to, request, costs, result));
            folder.Put("front.svg", to => to.Write(Encoding.UTF8.GetBytes(FrontPicture.File(result))));
            folder.Note(string.Create(CultureInfo.InvariantCulture, $"{{\"event\": \"found\", \"accuracy\": {result.Accuracy:0.#####}, \"teacher\": {result.TeacherAccuracy:0.#####}}}"));
            foreach (var line in SearchTable.Lines(costs, result))
            {
                progress.WriteLine(line);
            }

            return result;
        }
    }

    private static void Train(
        Supernet supernet, TorchBert teacher, IReadOnlyList<Example> examples, SearchRequest request, IModelTask task, Func<IReadOnlyList<BertShape>> students, RunFolder folder, TextWriter progress, CancellationToken cancellation)
    {
        int[] layers = [.. Enumerable.Range(0, teacher.Shape.Layers.Count)];
        var memory = new TeacherMemory(teacher, examples, request.Recipe, layers, request.SupernetSteps);
        using var training = supernet.Training(students, memory, examples, request.Recipe, task, request.SupernetSteps);
        Fitting.Run(training, "supernet", folder, progress, cancellation);
        progress.WriteLine("supernet trained");
    }

    private static int[] UsesOf(IReadOnlyList<Example> examples, int vocabulary)
    {
        var uses = new int[vocabulary];
        foreach (var id in examples.SelectMany(e => e.Ids))
        {
            uses[id]++;
        }

        return uses;
    }

    private static List<Evaluation> Explore(Exploration exploration, int count, CandidateCosts costs, RunFolder folder, TextWriter progress, CancellationToken cancellation)
    {
        var done = EvaluationLog.Read(folder, EvaluationLog.Candidate, costs);
        if (done.Count > 0)
        {
            progress.WriteLine($"goes on after {done.Count} of {count} candidates");
        }

        while (done.Count < count && exploration.Next(done, cancellation) is { } next)
        {
            done.Add(next);
            EvaluationLog.Add(folder, EvaluationLog.Candidate, next);
            progress.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{done.Count} of {count}: {100 * next.Accuracy:0.0} %, {next.Cost.Cycles / 1e6:0.0} million cycles, {next.Cost.WeightBytes / 1e6:0.0} MB: {next.Cost.Shape}"));
        }

        return done;
    }

    private static ISearchStrategy StrategyOf(SearchRequest request) => request.Strategy switch
    {
        "evolution" => new EvolutionStrategy(Math.Clamp(request.Candidates / 4, 2, 24)),
        "controller" => new ControllerStrategy(),
        "random" => new RandomStrategy(),
        _ => throw DiagnosticTable.InvalidMetadata.Error(null, null, "--strategy", request.Strategy, "evolution, controller, random"),
    };

    private static CandidateCosts CostsOf(SearchRequest request, BertTask task)
    {
        var cores = TargetTable.Resolve(request.Targets, request.Teacher);
        var limits = Limit.Parse(request.Budget, request.Size, request.Memory, request.Targets, task.Positions, request.Teacher);
        var first = limits.FirstOrDefault(l => l.Kind == LimitKind.Latency);
        return new CandidateCosts(task, request.Precision, limits, (first?.Core ?? (cores.Count > 0 ? cores[0] : KnownCores.NeoverseN1), first?.Tokens ?? Math.Min(UsualTokens, task.Positions)));
    }

    /// <summary>The space, of which students can inherit: nothing larger than the teacher, the same vocabulary.</summary>
    private static SearchSpace SpaceOf(SearchRequest request, BertShape teacher)
    {
        var standard = SearchSpace.Below(teacher);
        if (request.Space is not { } path)
        {
            return standard;
        }

        var space = SpaceJson.Read(path, standard);
        void Check(string name, IReadOnlyList<int> values, int most)
        {
            if (values[^1] > most)
            {
                throw DiagnosticTable.InvalidSearchSpace.Error(path, null, string.Create(CultureInfo.InvariantCulture, $"\"{name}\" has {values[^1]}, and the teacher, of which students inherit, has {most}"));
            }
        }

        Check("layers", space.Layers, teacher.Layers.Count);
        Check("width", space.Width, teacher.Width);
        Check("heads", space.Heads, teacher.Layers.Min(l => l.Heads));
        Check("headSize", space.HeadSize, teacher.Layers.Min(l => l.HeadSize));
        Check("inner", space.Inner, teacher.Layers.Min(l => l.Inner));
        return space.Vocabulary is [var only] && only == teacher.Vocabulary
            ? space
            : throw DiagnosticTable.InvalidSearchSpace.Error(path, null, string.Create(CultureInfo.InvariantCulture, $"\"vocabulary\" must be [{teacher.Vocabulary}], the teacher's: its tokenizer is kept"));
    }
}
