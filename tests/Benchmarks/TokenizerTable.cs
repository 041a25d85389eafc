using System.Diagnostics;
using CompiledBert.Compiler.Tokenizers;
using CompiledBert.Text;

namespace CompiledBert.Benchmarks;

/// <summary>Tokens a second on one thread, and bytes allocated a call, for every tokenizer of the folder of data over the texts of its cases.</summary>
internal static class TokenizerTable
{
    private const int Rounds = 7;

    public static void Print(string folder, TimeSpan time, TextWriter writer)
    {
        writer.WriteLine("tokenizer                      texts   tokens a text   million tokens/s: median   best   bytes a call");
        var sentences = File.ReadLines(Path.Combine(folder, "..", "sst2", "test.tsv")).Select(line => line.Split('\t')[0]).ToArray();
        foreach (var path in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            var tokenizer = Tokenizer.FromMemory(TokenizerCompiler.Compile(JsonPart.Read(Path.Combine(path, "tokenizer.json"))));
            var result = new TokenizedText();
            var (tokens, rates) = (Pass(), new List<double>());
            for (var round = 0; round < Rounds; round++)
            {
                var (count, start) = (0L, Stopwatch.GetTimestamp());
                while (Stopwatch.GetElapsedTime(start) < time / Rounds)
                {
                    count += Pass();
                }

                rates.Add(count / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e6);
            }

            var before = GC.GetAllocatedBytesForCurrentThread();
            Pass();
            var bytes = GC.GetAllocatedBytesForCurrentThread() - before;
            rates.Sort();
            var (ofTokens, ofBytes) = ((double)tokens / sentences.Length, (double)bytes / sentences.Length);
            writer.WriteLine(FormattableString.Invariant(
                $"{Path.GetFileName(path),-28}  {sentences.Length,6}  {ofTokens,14:0.0}  {rates[Rounds / 2],25:0.00}  {rates[^1],5:0.00}  {ofBytes,13:0.0}"));

            long Pass()
            {
                var all = 0L;
                foreach (var sentence in sentences)
                {
                    tokenizer.Encode(sentence, result);
                    all += result.Count;
                }

                return all;
            }
        }
    }
}
