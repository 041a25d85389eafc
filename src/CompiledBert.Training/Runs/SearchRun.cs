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
        progress = TextWriter.Synchronized(progress);
        var strategy = SearchSettings.StrategyOf(request);
        using var held = strategy as IDisposable;
        var material = Material.Read(request.Task, Pooling.Cls, request.Teacher, request.Tokenizer, request.Train, request.MaxTokens, keepsLabels: true);
        var (task, weights) = material.Task.Begin(material.Model, material.Labels.Count, request.MaxTokens, 0);
        if (material.Task.HasLabels && (material.Model.Task.Outputs != task.Outputs || material.Model.Task.Pooling != task.Pooling))
        {
            static string What(BertTask t) =>
                string.Create(CultureInfo.InvariantCulture, $"{t.Outputs} labels of {(t.Pooling == Pooling.None ? "tokens" : "texts")}");
            throw DiagnosticTable.TrainingLabels.Error(
                request.Teacher, null,
                $"the teacher tells {What(material.Model.Task)} and should tell {What(task)}; "
                    + "'compiledbert train' makes such a teacher");
        }

        var vocabularies = new Vocabularies(request.Teacher, material, task.Pooling == Pooling.None);
        var (costs, space) = (SearchSettings.CostsOf(request, task), SearchSettings.SpaceOf(request, material.Model.Shape, vocabularies));
        using var folder = RunFolder.Open(output, request.ToJson(), resume);
        using var teacher = new TorchBert(material.Model.Shape, task, weights);
        var judge = new Judge(teacher, tokens => [.. vocabularies.Held(tokens).Take(request.ScoreTexts)], request.Recipe, material.Task);
        var examples = Variants.Added(material.Train, request.Recipe.Variants, task.Positions, request.Recipe.Seed);
        using var supernet = new Supernet(material.Model.Shape, task, weights, UsesOf(examples, material.Model.Shape.Vocabulary));
        var scorer = new SupernetScorer(supernet, judge);
        var exploration = new Exploration(space, costs, strategy, scorer, request.Recipe.Seed);
        exploration.Check();
        var fronts = FrontRun.Limits(request.Front, costs, space, material.Model.Shape);
        Train(
            supernet, teacher, examples, request, material.Task,
            () => Students.Sample(Math.Min(request.SupernetSteps, MostStudents), space, [costs, .. fronts.Select(f => f.Costs)], request.Recipe.Seed),
            folder, progress, cancellation);
        var exploring = new Exploring(folder, request.Workers, progress);
        var done = exploring.Run(exploration, EvaluationLog.Candidate, [], request.Candidates, costs, cancellation);

        var students = new Students(supernet, teacher, examples, request.Recipe, material.Task, request.Workers, folder, progress);
        var chosen = Finals.Choose(done, request, students, judge, costs, folder, progress, cancellation);
        progress.WriteLine($"chosen: {chosen.Cost.Shape}");
        var front = new FrontRun(request, space, scorer, exploring).Choose(fronts, done, cancellation);
        var last = new Judge(teacher, vocabularies.Held, request.Recipe with { Mixed = false }, material.Task);
        var trained = new WholeTrainings(request, material, last, vocabularies, students, folder, progress)
            .Run([("model", chosen.Cost), .. front.Select(f => (f.Name, costs.Of(f.Shape)))], cancellation);
        var (_, worth) = last.Of(teacher, cancellation);
        var result = new SearchResult(trained[0].Model, costs.Of(material.Model.Shape), worth, chosen, trained[0].Accuracy, done)
        {
            Measure = material.Task.Measure,
            Trained = [.. trained.Skip(1)],
        };
        folder.Put("report.html", to => SearchPage.Write(to, request, costs, result));
        folder.Put("front.svg", to => to.Write(Encoding.UTF8.GetBytes(FrontPicture.File(result))));
        folder.Note(string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"event\": \"found\", \"accuracy\": {result.Accuracy:0.#####}, \"teacher\": {result.TeacherAccuracy:0.#####}}}"));
        foreach (var line in SearchTable.Lines(costs, result))
        {
            progress.WriteLine(line);
        }

        return result;
    }

    private static void Train(
        Supernet supernet, TorchBert teacher, IReadOnlyList<Example> examples, SearchRequest request,
        IModelTask task, Func<IReadOnlyList<BertShape>> students,
        RunFolder folder, TextWriter progress, CancellationToken cancellation)
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
}
