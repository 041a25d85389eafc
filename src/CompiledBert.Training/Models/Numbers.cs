using TorchSharp;
using static TorchSharp.torch;

namespace CompiledBert.Training.Models;

/// <summary>
/// Operations with a number, which is kept until they are done: a call into the library holds on to the address of a number alone, and one that
/// nothing refers to any more may be collected, and its memory used for something else, while the call still reads it.
/// </summary>
internal static class Numbers
{
    /// <summary>The factor of what is added: TorchSharp's own sums make one for every call and forget it.</summary>
    public static Scalar One { get; } = 1;

    /// <summary>The sum of two tensors.</summary>
    public static Tensor Plus(this Tensor tensor, Tensor other) => tensor.add(other, One);

    /// <summary>One less a tensor's elements.</summary>
    public static Tensor OneMinus(this Tensor tensor) => tensor.sub(One).neg();

    /// <summary>A tensor's elements times a number.</summary>
    public static Tensor Times(this Tensor tensor, Scalar number) => tensor.With(number, (t, n) => t.mul(n));

    /// <summary>What an operation makes of a tensor and a number.</summary>
    public static Tensor With(this Tensor tensor, Scalar number, Func<Tensor, Scalar, Tensor> operation)
    {
        using (number)
        {
            return operation(tensor, number);
        }
    }
}
