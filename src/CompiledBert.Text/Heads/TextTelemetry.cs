using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace CompiledBert.Text;

/// <summary>
/// What an app can watch: a meter and an activity source, both called CompiledBert. Where nobody listens nothing is measured; nothing is allocated for
/// a measurement.
/// </summary>
internal static class TextTelemetry
{
    private const string Name = "CompiledBert";

    private static readonly Meter Meter = new(Name);
    private static readonly ActivitySource Activities = new(Name);
    private static readonly Histogram<double> Duration =
        Meter.CreateHistogram<double>("compiledbert.run.duration", "s", "Time of a run of a model over one text or several.");
    private static readonly Counter<long> TextCount =
        Meter.CreateCounter<long>("compiledbert.run.texts", "{text}", "Texts, or windows of texts, that models ran over.");
    private static readonly Counter<long> TokenCount =
        Meter.CreateCounter<long>("compiledbert.run.tokens", "{token}", "Tokens that models ran over, special ones included.");

    /// <summary>Begins to watch a run.</summary>
    public static Run Begin(string model, string operation) =>
        new(model, operation,
            Duration.Enabled || TextCount.Enabled || TokenCount.Enabled ? Stopwatch.GetTimestamp() : 0,
            Activities.HasListeners() ? Activities.StartActivity(operation) : null);

    /// <summary>A run that is watched.</summary>
    internal readonly struct Run(string model, string operation, long start, Activity? activity)
    {
        /// <summary>Ends it. A run that failed is not counted; its activity says so.</summary>
        public void End(int texts, int tokens, bool isComplete)
        {
            if (activity is not null)
            {
                activity.SetTag("compiledbert.model", model);
                activity.SetTag("compiledbert.texts", texts);
                activity.SetTag("compiledbert.tokens", tokens);
                activity.SetStatus(isComplete ? ActivityStatusCode.Unset : ActivityStatusCode.Error);
                activity.Dispose();
            }

            if (start != 0 && isComplete)
            {
                var (first, second) =
                    (new KeyValuePair<string, object?>("compiledbert.model", model), new KeyValuePair<string, object?>("compiledbert.operation", operation));
                Duration.Record(Stopwatch.GetElapsedTime(start).TotalSeconds, first, second);
                TextCount.Add(texts, first, second);
                TokenCount.Add(tokens, first, second);
            }
        }
    }
}
