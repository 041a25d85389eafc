using System.Reflection;
using System.Reflection.Emit;
using CompiledBert.Compiler;

namespace CompiledBert.Cli.Sessions;

/// <summary>
/// One public call of an emitted class (<c>Run</c> or <c>RunBatch</c>), which takes spans, made callable with pointers: a few instructions of IL, written
/// once, that build the spans. A call through it allocates nothing and costs nanoseconds.
/// </summary>
internal sealed unsafe class EntryPoint
{
    private readonly Thunk _thunk;

    private EntryPoint(Thunk thunk) => _thunk = thunk;

    /// <param name="model">The model.</param>
    /// <param name="data">First elements of the inputs, then of the outputs, then of the sequences' lengths (<c>RunBatch</c> only).</param>
    /// <param name="counts">How many elements each of these has.</param>
    /// <param name="symbols">The plan's symbols; those that the call does not take are not read.</param>
    /// <param name="cancellationToken">Passed on.</param>
    public delegate void Thunk(CompiledModel model, void** data, int* counts, long* symbols, CancellationToken cancellationToken);

    /// <summary>Calls the model.</summary>
    public void Invoke(CompiledModel model, void** data, int* counts, long* symbols, CancellationToken cancellationToken) =>
        _thunk(model, data, counts, symbols, cancellationToken);

    /// <summary>
    /// The overload of a name that takes the most of the plan's symbols; null where the class has none. Spans are the inputs and then
    /// the outputs, after the sequences' lengths where there are such; other parameters are matched by name: <c>batch</c>,
    /// <c>tokens</c>, and <c>length</c> with the symbol's name.
    /// </summary>
    public static EntryPoint? Find(Type modelType, string name, ModelPlan plan)
    {
        var method = modelType.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(m => m.Name == name)
            .MaxBy(m => m.GetParameters().Length);
        if (method is null)
        {
            return null;
        }

        Type[] takes = [typeof(CompiledModel), typeof(void**), typeof(int*), typeof(long*), typeof(CancellationToken)];
        var thunk = new DynamicMethod(name, typeof(void), takes, modelType.Module, skipVisibility: true);
        var il = thunk.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Castclass, modelType);
        var tensors = 0;
        foreach (var parameter in method.GetParameters())
        {
            if (parameter.ParameterType.IsGenericType)
            {
                LoadSpan(il, parameter, parameter.Name == "lengths" ? plan.Inputs.Count + plan.Outputs.Count : tensors++);
            }
            else
            {
                Load(il, parameter, plan);
            }
        }

        il.Emit(OpCodes.Call, method);
        il.Emit(OpCodes.Ret);
        return new EntryPoint(thunk.CreateDelegate<Thunk>());
    }

    private static void LoadSpan(ILGenerator il, ParameterInfo parameter, int place)
    {
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldc_I4, place * sizeof(void*));
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Ldind_I);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Ldc_I4, place * sizeof(int));
        il.Emit(OpCodes.Add);
        il.Emit(OpCodes.Ldind_I4);
        il.Emit(OpCodes.Newobj, parameter.ParameterType.GetConstructor([typeof(void*), typeof(int)])!);
    }

    private static void Load(ILGenerator il, ParameterInfo parameter, ModelPlan plan)
    {
        if (parameter.ParameterType == typeof(CancellationToken))
        {
            il.Emit(OpCodes.Ldarg_S, (byte)4);
        }
        else
        {
            var symbol = plan.Symbols.ToList().FindIndex(s => NameOf(s) == parameter.Name);
            if (symbol < 0)
            {
                throw new InvalidOperationException($"The emitted class takes '{parameter.Name}', which is no length of its plan.");
            }

            il.Emit(OpCodes.Ldarg_3);
            il.Emit(OpCodes.Ldc_I4, symbol * sizeof(long));
            il.Emit(OpCodes.Add);
            il.Emit(OpCodes.Ldind_I8);
            if (parameter.ParameterType == typeof(int))
            {
                il.Emit(OpCodes.Conv_Ovf_I4);
            }
        }
    }

    private static string NameOf(PlanSymbol symbol) => symbol.Role switch
    {
        SymbolRole.Batch => "batch",
        SymbolRole.Tokens => "tokens",
        _ => "length" + symbol.Name,
    };
}
