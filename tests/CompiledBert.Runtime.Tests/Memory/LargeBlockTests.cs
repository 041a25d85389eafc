using System.Runtime.InteropServices;
using Xunit;

namespace CompiledBert.Runtime.Tests;

public sealed unsafe class LargeBlockTests
{
    [Theory]
    [InlineData(1, 64)]
    [InlineData((1 << 21) - 1, 64)]
    [InlineData(1 << 21, 1 << 21)]
    [InlineData((5 << 20) + 7, 1 << 21)]
    public void Blocks_are_aligned_to_large_pages_where_they_hold_one(int bytes, int alignment)
    {
        var block = (byte*)LargeBlock.Allocate((nuint)bytes, 64);
        try
        {
            Assert.Equal(0, (nint)block % alignment);
            new Span<byte>(block, bytes).Fill(7);
            Assert.Equal(7, block[bytes - 1]);
        }
        finally
        {
            NativeMemory.AlignedFree(block);
        }
    }
}
