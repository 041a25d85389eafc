using System.Globalization;
using System.Runtime.InteropServices;

namespace CompiledBert.EndToEnd;

/// <summary>A test data set of a model in the ONNX backend-test layout: inputs, and the outputs that the model's framework gave.</summary>
internal sealed class GoldenCase
{
    private readonly int[] _shape;
    private readonly long[][] _inputs;
    private readonly float[] _expected;

    public GoldenCase(string folder)
    {
        _inputs = [.. Enumerable.Range(0, 3).Select(i => MemoryMarshal.Cast<byte, long>(Read(folder, $"input_{i}.pb").Data).ToArray())];
        _shape = Read(folder, "input_0.pb").Shape;
        _expected = MemoryMarshal.Cast<byte, float>(Read(folder, "output_0.pb").Data).ToArray();
    }

    /// <summary>A program that runs the model on these inputs and prints which instructions it sees, then the output, a number a line.</summary>
    public string ProgramFor(string className) => $$"""
        using System.Globalization;
        using System.Runtime.Intrinsics;
        using System.Runtime.Intrinsics.X86;

        using var model = {{className}}.Load();
        var output = new float[{{_expected.Length}}];
        model.Run({{_shape[0]}}, [{{string.Join(", ", _inputs[0])}}], [{{string.Join(", ", _inputs[1])}}], [{{string.Join(", ", _inputs[2])}}], output);
        Console.WriteLine($"avx512 {Avx512F.IsSupported} avx2 {Avx2.IsSupported} vector128 {Vector128.IsHardwareAccelerated}");
        foreach (var value in output)
        {
            Console.WriteLine(value.ToString("R", CultureInfo.InvariantCulture));
        }
        """;

    /// <summary>The largest difference of what such a program printed, relative to the largest expected value.</summary>
    public double ErrorOf(string printed)
    {
        var lines = printed.Trim().Split('\n')[1..];
        var scale = _expected.Max(MathF.Abs);
        return lines.Length != _expected.Length
            ? double.PositiveInfinity
            : lines.Zip(_expected, (line, expected) => Math.Abs(float.Parse(line, CultureInfo.InvariantCulture) - expected) / (double)scale).Max();
    }

    /// <summary>The parts of a TensorProto that are needed: dims (1) and raw_data (9).</summary>
    private static (int[] Shape, byte[] Data) Read(string folder, string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(folder, name)).AsSpan();
        var shape = new List<int>();
        byte[] data = [];
        while (!bytes.IsEmpty)
        {
            var tag = Varint(ref bytes);
            switch (tag & 7)
            {
                case 0:
                    var value = Varint(ref bytes);
                    if (tag >> 3 == 1)
                    {
                        shape.Add((int)value);
                    }

                    break;
                case 2:
                    var length = (int)Varint(ref bytes);
                    if (tag >> 3 == 1)
                    {
                        var packed = bytes[..length];
                        while (!packed.IsEmpty)
                        {
                            shape.Add((int)Varint(ref packed));
                        }
                    }
                    else if (tag >> 3 == 9)
                    {
                        data = bytes[..length].ToArray();
                    }

                    bytes = bytes[length..];
                    break;
                default:
                    throw new InvalidDataException($"{name} is no tensor.");
            }
        }

        return (shape.ToArray(), data);
    }

    private static ulong Varint(ref Span<byte> bytes)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var part = bytes[0];
            bytes = bytes[1..];
            value |= (ulong)(part & 0x7f) << shift;
            if (part < 0x80)
            {
                return value;
            }
        }
    }
}
