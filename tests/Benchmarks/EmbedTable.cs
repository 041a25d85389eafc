using System.Diagnostics;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Text;

namespace CompiledBert.Benchmarks;

/// <summary>A text through <c>Embed</c> beside the model alone on the same tokens, in turns.</summary>
internal static class EmbedTable
{
    private const string Sentence = "A man is eating food while a woman is playing the guitar.";

    public static void Print(string modelPath, string folder, TimeSpan time, TextWriter writer)
    {
        writer.WriteLine("precision  tokens   embed µs: min  median   model alone: min  median   around it   bytes a call");
        foreach (var precision in Enum.GetValues<Precision>())
        {
            using var session = ModelSession.Compile(
                new CompileOptions { ModelPath = modelPath, Precision = precision, Text = true, TokenizerFolder = folder });
            var embedder = ((IEmbeddingModel)session.Model).Embedder;
            var tokens = new TokenizedText();
            embedder.Tokenizer.Encode(Sentence, tokens, embedder.MaxTokens);
            var (model, vector) = ((ITokenModel)session.Model, new float[embedder.Dimensions]);
            var states = new float[tokens.Count * embedder.Dimensions];
            var (whole, alone) = (new List<double>(), new List<double>());
            for (var start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < time;)
            {
                var before = Stopwatch.GetTimestamp();
                embedder.Embed(Sentence, vector);
                whole.Add(Stopwatch.GetElapsedTime(before).TotalMicroseconds);
                before = Stopwatch.GetTimestamp();
                model.RunTokens([tokens.Count], tokens.Ids, tokens.TypeIds, states, default, default);
                alone.Add(Stopwatch.GetElapsedTime(before).TotalMicroseconds);
            }

            var bytes = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                embedder.Embed(Sentence, vector);
            }

            bytes = GC.GetAllocatedBytesForCurrentThread() - bytes;
            whole.Sort();
            alone.Sort();
            var (wholeMedian, aloneMedian) = (whole[whole.Count / 2], alone[alone.Count / 2]);
            writer.Write(FormattableString.Invariant(
                $"{precision,-9}  {tokens.Count,6}  {whole[0],13:0.0}  {wholeMedian,6:0.0}  {alone[0],17:0.0}  {aloneMedian,6:0.0}  "));
            writer.WriteLine(FormattableString.Invariant(
                $"{100 * (wholeMedian - aloneMedian) / wholeMedian,8:0.00} %  {bytes / 100.0,13:0.0}"));
        }
    }
}
