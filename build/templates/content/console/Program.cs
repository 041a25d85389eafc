string[] texts = args.Length > 0
    ? args
    : ["a gorgeous, witty, seductive movie", "the plot is a bore and the jokes fall flat"];

using var model = Sentiment.Load();
foreach (var text in texts)
{
    var answer = model.Classify(text);
    Console.WriteLine($"{answer.Label} {answer.Probability:P0}  {text}");
}
