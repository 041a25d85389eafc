using System.Buffers.Binary;

namespace CompiledBert.Tests.Fuzz;

/// <summary>Makes a broken or strange model file of a sound one. The same number makes the same file of the same seed.</summary>
internal sealed class Mutator(int number)
{
    private static readonly ulong[] Extremes =
    [
        0, 1, 2, 3, 7, 16, ulong.MaxValue, ulong.MaxValue - 1, ulong.MaxValue - 2, int.MaxValue, 1ul << 31, 1ul << 32, long.MaxValue,
        1ul << 63, 65_536, 1_000_000, (1ul << 40) + 1,
    ];

    private static readonly float[] Floats = [0, 1, -1, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, 1e-40f, -0f, 1e9f, 0.5f];

    private readonly Random _random = new(number);

    public byte[] Mutate(byte[] seed)
    {
        if (_random.Next(4) == 0 || WireMessage.Parse(seed, "Model") is not { } model)
        {
            return MutateBytes(seed);
        }

        for (var edits = _random.Next(1, 5); edits > 0; edits--)
        {
            Edit(model);
        }

        var bytes = model.Write();
        return _random.Next(20) == 0 ? MutateBytes(bytes) : bytes;
    }

    private byte[] MutateBytes(byte[] bytes)
    {
        bytes = [.. bytes];
        if (bytes.Length == 0)
        {
            return [(byte)_random.Next(256)];
        }

        switch (_random.Next(6))
        {
            case 0:
                return bytes[.._random.Next(bytes.Length)];
            case 1:
                var from = _random.Next(bytes.Length);
                return [.. bytes[..from], .. bytes[_random.Next(from, bytes.Length)..]];
            case 2:
                var at = _random.Next(bytes.Length);
                return [.. bytes[..at], .. bytes[_random.Next(bytes.Length)..], .. bytes[at..]];
            default:
                for (var flips = _random.Next(1, 17); flips > 0; flips--)
                {
                    var place = _random.Next(bytes.Length);
                    bytes[place] = _random.Next(3) == 0 ? (byte)_random.Next(256) : (byte)(bytes[place] ^ (1 << _random.Next(8)));
                }

                return bytes;
        }
    }

    private void Edit(WireMessage model)
    {
        var places = new List<(WireMessage Parent, int Index)>();
        Collect(model, places);
        if (places.Count == 0)
        {
            return;
        }

        // Dimensions, attributes and types rather than names, half of the time.
        var telling = _random.Next(2) == 0
            ? places.Where(p => p.Parent.Type is "Tensor" or "Attribute" or "Dimension" or "Shape" or "TensorType" or "OperatorSet").ToList()
            : places;
        var (parent, index) = (telling.Count > 0 ? telling : places)[_random.Next(telling.Count > 0 ? telling.Count : places.Count)];
        var field = parent.Fields[index];
        switch (_random.Next(12))
        {
            case 0:
                parent.Fields.RemoveAt(index);
                break;
            case 1:
                parent.Fields.Insert(_random.Next(parent.Fields.Count + 1), field.Copy());
                break;
            case 2:
                var other = _random.Next(parent.Fields.Count);
                (parent.Fields[index], parent.Fields[other]) = (parent.Fields[other], parent.Fields[index]);
                break;
            case 3 or 4 or 5:
                // Another field of the same kind in its place: inputs, operators, tensors, types change owners.
                var same = places.Where(p => p.Parent.Type == parent.Type && p.Parent.Fields[p.Index].Number == field.Number).ToList();
                var (donor, source) = same[_random.Next(same.Count)];
                parent.Fields[index] = donor.Fields[source].Copy();
                break;
            case 6:
                parent.Fields[index] = field with { Number = _random.Next(1, 26) };
                break;
            default:
                parent.Fields[index] = Change(field);
                break;
        }
    }

    private WireField Change(WireField field) => field.WireType switch
    {
        0 => field with { Value = ChangeNumber(field.Value) },
        5 when field.Bytes.Length == 4 => field with { Bytes = BitConverter.GetBytes(Floats[_random.Next(Floats.Length)]) },
        2 when field.Message is { Fields.Count: > 0 } message => ChangeInside(field, message),
        _ => field with { Message = null, Bytes = ChangeContent(field.Message?.Write() ?? field.Bytes) },
    };

    private WireField ChangeInside(WireField field, WireMessage message)
    {
        var index = _random.Next(message.Fields.Count);
        message.Fields[index] = Change(message.Fields[index]);
        return field;
    }

    private ulong ChangeNumber(ulong value) => _random.Next(4) switch
    {
        0 => Extremes[_random.Next(Extremes.Length)],
        1 => value + (ulong)_random.Next(-2, 3),
        2 => (ulong)_random.Next(0, 64),
        _ => value ^ (1ul << _random.Next(64)),
    };

    /// <summary>Strings, packed numbers and tensors' data.</summary>
    private byte[] ChangeContent(byte[] bytes)
    {
        if (bytes.Length == 0 || _random.Next(8) == 0)
        {
            return [.. bytes, .. bytes.Take(_random.Next(bytes.Length + 1)), (byte)_random.Next(256)];
        }

        if (bytes.Length % 4 == 0 && _random.Next(2) == 0)
        {
            var at = _random.Next(bytes.Length / 4) * 4;
            BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(at), Floats[_random.Next(Floats.Length)]);
            return bytes;
        }

        if (bytes.Length % 8 == 0 && _random.Next(2) == 0)
        {
            var at = _random.Next(bytes.Length / 8) * 8;
            BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(at), ChangeNumber(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at))));
            return bytes;
        }

        return MutateBytes(bytes);
    }

    private static void Collect(WireMessage message, List<(WireMessage Parent, int Index)> places)
    {
        for (var i = 0; i < message.Fields.Count; i++)
        {
            places.Add((message, i));
            if (message.Fields[i].Message is { } inner)
            {
                Collect(inner, places);
            }
        }
    }
}
