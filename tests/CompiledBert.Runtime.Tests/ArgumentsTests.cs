using Xunit;

namespace CompiledBert.Runtime.Tests;

public sealed class ArgumentsTests
{
    public static TheoryData<int> Sizes => [1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 64, 513];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void An_id_outside_its_table_is_found_wherever_it_stands(int size)
    {
        var wide = new long[size];
        var narrow = new int[size];
        Arguments.Range(wide, 0, 1, "ids");
        Arguments.Range(narrow, 0, 1, "ids");
        for (var at = 0; at < size; at++)
        {
            foreach (var value in (long[])[-1, 30522, int.MinValue, int.MaxValue])
            {
                wide[at] = value;
                narrow[at] = (int)value;
                var error = Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Range(wide, 0, 30522, "ids"));
                Assert.StartsWith($"ids[{at}] is {value}, it must be at least 0 and less than 30522.", error.Message, StringComparison.Ordinal);
                Assert.Equal("ids", error.ParamName);
                Assert.Equal(value, error.ActualValue);
                Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Range(narrow, 0, 30522, "ids"));
            }

            wide[at] = at % 2 == 0 ? 30521 : 0;
            narrow[at] = (int)wide[at];
        }

        Arguments.Range(wide, 0, 30522, "ids");
        Arguments.Range(narrow, 0, 30522, "ids");
    }

    [Fact]
    public void Values_beyond_32_bits_are_out_of_range_and_negative_limits_hold()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Range([1L << 32], 0, 30522, "ids"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Range([long.MinValue], 0, 30522, "ids"));
        Arguments.Range([-512L, 511], -512, 512, "positions");
        Arguments.Range([-512, 511], -512, 512, "positions");
        Arguments.Range([int.MinValue, int.MaxValue], long.MinValue, long.MaxValue, "any");
        Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Range([-513L], -512, 512, "positions"));
        Arguments.Range(ReadOnlySpan<long>.Empty, 0, 1, "ids");
    }

    [Fact]
    public void Ids_of_any_integer_type_are_checked()
    {
        var bytes = Enumerable.Range(0, 100).Select(i => (byte)(i % 30)).ToArray();
        Arguments.Range(bytes, -30, 30, "ids");
        Arguments.Range(bytes, 0, 30522, "ids");
        Assert.StartsWith(
            "ids[29] is 29, it must be at least -29 and less than 29.",
            Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Range(bytes, -29, 29, "ids")).Message, StringComparison.Ordinal);
        Arguments.Range([(ushort)65535, (ushort)0], 0, 65536, "ids");
        Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Range([(ushort)30522], 0, 30522, "ids"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Range([(sbyte)-1], 0, 30522, "ids"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Range([ulong.MaxValue], 0, 30522, "ids"));
    }

    [Fact]
    public void A_wrong_length_is_told_with_what_it_should_be()
    {
        Arguments.Length(12, 12, "attentionMask", "batch · tokens");
        var error = Assert.Throws<ArgumentException>(() => Arguments.Length(11, 12, "attentionMask", "batch · tokens"));
        Assert.StartsWith("attentionMask has 11 elements, it must have 12 (batch · tokens).", error.Message, StringComparison.Ordinal);
        Assert.Equal("attentionMask", error.ParamName);
    }

    [Theory]
    [InlineData(8, 7, "8", "tokens", "tokens is 7, it must be at least 8.")]
    [InlineData(40, 33, "tokens + 7", "33", "tokens + 7 is 40, it must be at most 33.")]
    [InlineData(9, 8, "2 · tokens + 1", "batch", "2 · tokens + 1 is 9, it must not exceed batch, which is 8.")]
    public void A_length_that_does_not_fit_is_told_without_what_is_obvious(long length, long most, string formula, string mostFormula, string expected)
    {
        Arguments.Limit(most, most, formula, mostFormula);
        var error = Assert.Throws<ArgumentException>(() => Arguments.Limit(length, most, formula, mostFormula));
        Assert.EndsWith(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_follow_from_the_length_and_the_batch()
    {
        Assert.Equal(4, Arguments.Quotient(12, 3, "inputIds", "batch"));
        Assert.Equal(0, Arguments.Quotient(0, 3, "inputIds", "batch"));
        var error = Assert.Throws<ArgumentException>(() => Arguments.Quotient(13, 3, "inputIds", "batch"));
        Assert.StartsWith("inputIds has 13 elements, it must have a multiple of 3 (batch).", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_count_is_at_least_one_and_at_most_the_limit()
    {
        Arguments.Count(1, 512, "inputIds", "tokens");
        Arguments.Count(512, 512, "inputIds", "tokens");
        Arguments.Count(long.MaxValue, long.MaxValue, "inputIds", "tokens");
        var none = Assert.Throws<ArgumentException>(() => Arguments.Count(0, 512, "inputIds", "tokens"));
        Assert.StartsWith("inputIds has no tokens, there must be at least one.", none.Message, StringComparison.Ordinal);
        var many = Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Count(513, 512, "inputIds", "tokens"));
        Assert.StartsWith("inputIds has 513 tokens, the model takes 1 to 512.", many.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Count(-1, long.MaxValue, "batch", "sequences"));
    }

    [Fact]
    public void Lengths_of_sequences_must_each_fit_and_sum_to_the_input()
    {
        Arguments.Lengths([1, 512, 7], 520, 512, "lengths", "inputIds");
        Assert.Throws<ArgumentException>(() => Arguments.Lengths([], 0, 512, "lengths", "inputIds"));
        var sum = Assert.Throws<ArgumentException>(() => Arguments.Lengths([3, 4], 8, 512, "lengths", "inputIds"));
        Assert.StartsWith("The sum of lengths is 7, inputIds has 8 tokens.", sum.Message, StringComparison.Ordinal);
        var empty = Assert.Throws<ArgumentException>(() => Arguments.Lengths([3, 0], 3, 512, "lengths", "inputIds"));
        Assert.StartsWith("lengths[1] is 0, a sequence has at least one token.", empty.Message, StringComparison.Ordinal);
        var long_ = Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Lengths([3, 513], 516, 512, "lengths", "inputIds"));
        Assert.StartsWith("lengths[1] is 513, the model takes 1 to 512 tokens.", long_.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => Arguments.Lengths([3, -3], 0, 512, "lengths", "inputIds"));
    }

    [Fact]
    public void Checks_that_hold_allocate_nothing()
    {
        var ids = new long[512];
        int[] lengths = [500, 12];
        Check();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Check();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        void Check()
        {
            Arguments.Count(512, 512, "inputIds", "tokens");
            Arguments.Length(512, 512, "attentionMask", "tokens");
            _ = Arguments.Quotient(512, 4, "inputIds", "batch");
            Arguments.Range(ids, 0, 30522, "inputIds");
            Arguments.Lengths(lengths, 512, 512, "lengths", "inputIds");
        }
    }
}
