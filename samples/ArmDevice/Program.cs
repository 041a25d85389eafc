using ArmDevice;

// Lines from the standard input, as a sensor or a keyboard gives them: one answer a line, until the input ends.
using var mood = Sentiment.Load();
Console.Error.WriteLine(CompiledBert.Instructions.Description);
while (Console.ReadLine() is { } line)
{
    var answer = mood.Classify(line);
    Console.WriteLine($"{answer.Label} {answer.Probability:P0}  {line}");
}
