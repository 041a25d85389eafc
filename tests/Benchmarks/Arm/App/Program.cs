using System.Globalization;
using CompiledBert.Benchmarks;

// call TOKENS CALLS NUMBERS SHORT: after a call of two tokens, which readies what is readied once, so many calls, and nothing else. A call's output
// has that many numbers, that of the short one SHORT. Two profiles that differ by a call differ by what it takes.
var tokens = int.Parse(args[0], CultureInfo.InvariantCulture);
var calls = int.Parse(args[1], CultureInfo.InvariantCulture);
var output = new float[int.Parse(args[2], CultureInfo.InvariantCulture)];
var little = new float[int.Parse(args[3], CultureInfo.InvariantCulture)];
var ids = new long[tokens];
var mask = new long[tokens];
var types = new long[tokens];
for (var i = 0; i < tokens; i++)
{
    ids[i] = 1000 + (i * 97 % 900);
    mask[i] = 1;
}

using var model = MeasuredModel.Load();
var run = Inputs.Of(model.Run);
const int Short = 2;
run(ids.AsSpan(0, Short), mask.AsSpan(0, Short), types.AsSpan(0, Short), little, default);
for (var i = 0; i < calls; i++)
{
    run(ids, mask, types, output, default);
}

// The answer in short: processors that differ must agree.
var answer = 14695981039346656037;
foreach (var value in output)
{
    answer = (answer ^ BitConverter.SingleToUInt32Bits(value)) * 1099511628211;
}

Console.WriteLine($"{CompiledBert.Instructions.Description}; {answer:x16}");
