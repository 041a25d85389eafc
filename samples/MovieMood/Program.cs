using MovieMood;

string[] texts = args.Length > 0
    ? args
    : ["a gorgeous, witty, seductive movie", "the plot is a bore and the jokes fall flat", "not bad at all, I would see it again"];

using var mood = Sentiment.Load();
foreach (var text in texts)
{
    var answer = mood.Classify(text);
    Console.WriteLine($"{answer.Label} {answer.Probability:P0}  {text}");
}
