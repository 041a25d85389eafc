using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using CompiledBert.Compiler.Fusion;
using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Packing;
using Xunit;

namespace CompiledBert.Compiler.Tests.Packing;

public class WeightPackerTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 16)]
    [InlineData(3, 33)]
    public void A_matrix_lies_in_panels_of_16_columns_padded_with_zeros(int rows, int columns)
    {
        var matrix = Enumerable.Range(1, rows * columns).Select(i => (float)i).ToArray();
        var floats = Floats(Pack(Request("w0", [rows, columns], matrix, WeightLayout.Panels)), WeightPacker.HeaderBytes);

        for (var column = 0; column < (columns + 15) / 16 * 16; column++)
        {
            for (var row = 0; row < rows; row++)
            {
                var expected = column < columns ? matrix[(row * columns) + column] : 0;
                Assert.Equal(expected, floats[(column / 16 * rows * 16) + (row * 16) + (column % 16)]);
            }
        }
    }

    [Fact]
    public void The_header_has_the_length_and_the_hash_of_the_rest()
    {
        var blob = Pack(Request("w0", [5], [1, 2, 3, 4, 5], WeightLayout.PaddedVector));

        Assert.True(blob.AsSpan().StartsWith("CBERTW01"u8));
        Assert.Equal(blob.Length, BinaryPrimitives.ReadInt64LittleEndian(blob.AsSpan(8)));
        Assert.Equal(SHA256.HashData(blob.AsSpan(WeightPacker.HeaderBytes)), blob[16..48]);
    }

    [Fact]
    public void Half_precision_is_widened()
    {
        Half[] halves = [(Half)1.5f, (Half)(-2)];
        var data = TensorData.FromBytes(DataType.Float16, [2], MemoryMarshal.AsBytes<Half>(halves).ToArray());

        Assert.Equal([1.5f, -2f], Floats(Pack(new WeightRequest("w0", data, WeightLayout.Plain)), WeightPacker.HeaderBytes)[..2]);
    }

    [Fact]
    public void Equal_constants_share_their_place_and_different_ones_do_not()
    {
        var packer = new WeightPacker([
            Request("w0", [4], [1, 2, 3, 4], WeightLayout.Plain),
            Request("w1", [4], [1, 2, 3, 5], WeightLayout.Plain),
            Request("w2", [4], [1, 2, 3, 4], WeightLayout.Plain)]);

        Assert.Equal(packer.Offsets[0], packer.Offsets[2]);
        Assert.NotEqual(packer.Offsets[0], packer.Offsets[1]);
        Assert.All(packer.Offsets, offset => Assert.Equal(0, offset % 64));
    }

    private static WeightRequest Request(string id, long[] dims, float[] values, WeightLayout layout) => new(id, TensorData.FromFloats(dims, values), layout);

    private static byte[] Pack(params WeightRequest[] requests)
    {
        var packer = new WeightPacker(requests);
        var blob = new MemoryStream();
        packer.Write(blob, packer.ComputeHash());
        Assert.Equal(packer.Length, blob.Length);
        return blob.ToArray();
    }

    private static float[] Floats(byte[] blob, int from) => MemoryMarshal.Cast<byte, float>(blob.AsSpan(from)).ToArray();
}
