using Microsoft.ML.Tokenizers;
using MovieMood;

string[] texts = args.Length > 0
    ? args
    : ["a gorgeous, witty, seductive movie", "the plot is a bore and the jokes fall flat", "not bad at all, I would see it again"];

var tokenizer = BertTokenizer.Create(Path.Combine(AppContext.BaseDirectory, "model", "vocab.txt"));
using var model = Sentiment.Load();

foreach (var text in texts)
{
    long[] ids = [.. tokenizer.EncodeToIds(text).Select(id => (long)id)];
    long[] mask = [.. ids.Select(_ => 1L)];
    long[] types = new long[ids.Length];
    var logits = new float[2];
    model.Run(ids, mask, types, logits);

    var positive = 1 / (1 + MathF.Exp(logits[0] - logits[1]));
    Console.WriteLine($"{(positive >= 0.5f ? "positive" : "negative")} {MathF.Max(positive, 1 - positive):P0}  {text}");
}
