using System.Reflection;
using System.Reflection.Emit;
using TorchSharp;

namespace CompiledBert.Training.Tests;

/// <summary>
/// Numbers live until the library has read them. TorchSharp hands a number's address to the library and forgets the number, which the collector may
/// then take in the middle of a call: no method of ours may make a number for a call or call one that does so inside.
/// </summary>
public class NumbersTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> OpCodesByValue =
        typeof(OpCodes).GetFields().Select(f => (OpCode)f.GetValue(null)!).ToDictionary(c => c.Value);

    private readonly Dictionary<MethodBase, bool> _makesNumbers = [];

    [Fact]
    public void No_number_is_left_to_the_collector_during_a_call()
    {
        var methods = typeof(Learning.AdamW).Assembly.GetTypes().SelectMany(MethodsOf);
        var wrong = from method in methods
                    let calls = CallsOf(method).ToList()
                    let makes = calls.Any(IsNumber)
                    from call in calls
                    where call.Module == typeof(torch).Module && !IsNumber(call)
                    where MakesNumbers(call) || (makes && call.GetParameters().Any(p => p.ParameterType == typeof(Scalar)))
                    select $"{method.DeclaringType}.{method.Name} calls {call.DeclaringType}.{call}";
        var lines = wrong.Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.True(lines.Count == 0, string.Join("\n", lines));
    }

    private bool MakesNumbers(MethodBase method)
    {
        if (!_makesNumbers.TryGetValue(method, out var makes))
        {
            _makesNumbers[method] = false;
            makes = CallsOf(method).Any(call => IsNumber(call) || (call.Module == typeof(torch).Module && MakesNumbers(call)));
            _makesNumbers[method] = makes;
        }

        return makes;
    }

    /// <summary>Whether a method of TorchSharp is one that makes a number of what it is given.</summary>
    private static bool IsNumber(MethodBase method) => method.Module == typeof(torch).Module
        && ((method is MethodInfo { IsStatic: true } made && made.ReturnType == typeof(Scalar))
            || (method.IsConstructor && method.DeclaringType == typeof(Scalar)));

    private static IEnumerable<MethodBase> MethodsOf(Type type) => type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All));

    private static IEnumerable<MethodBase> CallsOf(MethodBase method)
    {
        var il = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        var ofType = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        var ofMethod = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var at = 0; at < il.Length;)
        {
            var code = il[at] == 0xFE ? OpCodesByValue[(short)(0xFE00 | il[at + 1])] : OpCodesByValue[il[at]];
            at += code.Size;
            if (code.OperandType is OperandType.InlineMethod && method.Module.ResolveMethod(BitConverter.ToInt32(il, at), ofType, ofMethod) is { } called)
            {
                yield return called;
            }

            at += code.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(il, at)),
                _ => 4,
            };
        }
    }
}
