using System.Globalization;
using CompiledBert.Benchmarks;

// call TOKENS REPETITIONS: nothing but calls of a model, so that two profiles that differ in repetitions differ by calls alone.
var tokens = int.Parse(args[0], CultureInfo.InvariantCulture);
var repetitions = int.Parse(args[1], CultureInfo.InvariantCulture);
var ids = new long[tokens];
var mask = new long[tokens];
var types = new long[tokens];
for (var i = 0; i < tokens; i++)
{
    ids[i] = 1000 + (i * 97 % 5000);
    mask[i] = 1;
}

using var model = MeasuredModel.Load();
var output = new float[MeasuredModel.Output0Length(1, tokens)];
for (var i = 0; i < repetitions; i++)
{
    model.Run(ids, mask, types, output);
}

// The answer in short: processors that differ must agree.
var answer = 14695981039346656037;
foreach (var value in output)
{
    answer = (answer ^ BitConverter.SingleToUInt32Bits(value)) * 1099511628211;
}

Console.WriteLine($"{CompiledBert.Instructions.Description}; {answer:x16}");
