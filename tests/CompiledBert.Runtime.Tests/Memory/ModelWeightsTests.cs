using System.Buffers.Binary;
using System.Reflection;
using Xunit;

namespace CompiledBert.Runtime.Tests;

public sealed unsafe class ModelWeightsTests : IDisposable
{
    private static readonly ModelInfo SmallInfo = TestModel.InfoOf(TestModel.MakeBlob(4));

    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Weights_come_from_a_stream_a_file_or_a_resource()
    {
        var blob = TestModel.MakeBlob(4);
        File.WriteAllBytes(_path, blob);
        using var stream = new MemoryStream([.. blob, 1, 2, 3]);
        using var fromStream = ModelWeights.FromStream(stream, SmallInfo);
        using var fromFile = ModelWeights.FromFile(_path, SmallInfo);
        using var fromResource = ModelWeights.FromResource(Assembly.GetExecutingAssembly(), "small.weights", SmallInfo);
        foreach (var weights in (ModelWeights[])[fromStream, fromFile, fromResource])
        {
            Assert.Equal(blob, new ReadOnlySpan<byte>(weights.Pointer, blob.Length).ToArray());
            weights.Verify();
        }

        Assert.Equal(blob.Length, stream.Position);
        Assert.Equal(0u, (nuint)fromStream.Pointer % 64);
    }

    [Fact]
    public void Weights_of_a_file_or_a_resource_are_copied_to_large_pages_where_an_app_asks_for_it()
    {
        var blob = TestModel.MakeBlob(3 << 19);
        var info = TestModel.InfoOf(blob);
        File.WriteAllBytes(_path, blob);
        using var copied = ModelWeights.FromFile(_path, info, copies: true);
        using var mapped = ModelWeights.FromFile(_path, info, copies: false);
        using var resource = ModelWeights.FromResource(Assembly.GetExecutingAssembly(), "small.weights", SmallInfo, copies: true);
        foreach (var weights in (ModelWeights[])[copied, mapped])
        {
            Assert.True(new ReadOnlySpan<byte>(weights.Pointer, blob.Length).SequenceEqual(blob));
            weights.Verify();
        }

        resource.Verify();
        Assert.Equal(0u, (nuint)copied.Pointer % LargeBlock.PageBytes);
        Assert.Equal((long)LargeBlock.PageBytes, copied.PageBytes);
        Assert.Equal(Environment.SystemPageSize, mapped.PageBytes);
        Assert.Equal(Environment.SystemPageSize, resource.PageBytes);
    }

    [Fact]
    public void A_resource_is_read_in_place()
    {
        using var first = ModelWeights.FromResource(Assembly.GetExecutingAssembly(), "small.weights", SmallInfo);
        using var second = ModelWeights.FromResource(Assembly.GetExecutingAssembly(), "small.weights", SmallInfo);
        Assert.True(first.Pointer == second.Pointer);
    }

    [Fact]
    public void A_missing_resource_or_file_is_told_by_name()
    {
        var resource = Assert.Throws<InvalidDataException>(() => ModelWeights.FromResource(Assembly.GetExecutingAssembly(), "nothing", SmallInfo));
        Assert.Contains("'nothing' of CompiledBert.Runtime.Tests is missing", resource.Message, StringComparison.Ordinal);
        var file = Assert.Throws<FileNotFoundException>(() => ModelWeights.FromFile(_path, SmallInfo));
        Assert.Contains(_path, file.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    public void What_is_shorter_than_a_header_is_no_weights(int length) =>
        AssertRefused(TestModel.MakeBlob(4).AsSpan(0, length).ToArray(), "holds no packed weights");

    [Theory]
    [InlineData(64)]
    [InlineData(79)]
    public void Weights_cut_short_are_refused(int length) =>
        AssertRefused(TestModel.MakeBlob(4).AsSpan(0, length).ToArray(), $"is cut short: the weights of TestModel are 80 bytes, {length} are there");

    [Fact]
    public void Something_else_is_no_weights()
    {
        AssertRefused(new byte[4096], "holds no packed weights");
        var error = Assert.Throws<InvalidDataException>(() => ModelWeights.FromResource(Assembly.GetExecutingAssembly(), "not-weights", SmallInfo));
        Assert.Contains("holds no packed weights", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_of_another_model_are_refused() => AssertRefused(TestModel.Blob, "holds the weights of another model");

    [Fact]
    public void A_header_that_claims_another_length_is_refused()
    {
        var blob = TestModel.MakeBlob(4);
        BinaryPrimitives.WriteInt64LittleEndian(blob.AsSpan(8), long.MaxValue);
        AssertRefused(blob, "holds the weights of another model");
    }

    [Fact]
    public void Damage_behind_the_header_is_found_when_asked_for()
    {
        var blob = TestModel.MakeBlob(4);
        blob[^1] ^= 1;
        using var weights = ModelWeights.FromStream(new MemoryStream(blob), SmallInfo);
        var error = Assert.Throws<InvalidDataException>(weights.Verify);
        Assert.Contains("is damaged", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_stream_that_gives_a_byte_at_a_time_is_read_whole()
    {
        var blob = TestModel.MakeBlob(4);
        using var weights = ModelWeights.FromStream(new SlowStream(blob), SmallInfo);
        Assert.Equal(blob, new ReadOnlySpan<byte>(weights.Pointer, blob.Length).ToArray());
    }

    [Fact]
    public void Disposing_lets_the_file_go()
    {
        File.WriteAllBytes(_path, TestModel.Blob);
        var model = TestModel.LoadFile(_path);
        model.Run([1, 2], new float[2]);
        model.VerifyWeights();
        model.Dispose();
        Assert.True(model.WeightsPointer is null);
        using var writable = new FileStream(_path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.DoesNotContain(_path, File.Exists("/proc/self/maps") ? File.ReadAllText("/proc/self/maps") : "", StringComparison.Ordinal);
    }

    private void AssertRefused(byte[] blob, string expected)
    {
        File.WriteAllBytes(_path, blob);
        var file = Assert.Throws<InvalidDataException>(() => ModelWeights.FromFile(_path, SmallInfo));
        var stream = Assert.Throws<InvalidDataException>(() => ModelWeights.FromStream(new MemoryStream(blob), SmallInfo));
        Assert.StartsWith($"The file '{_path}' {expected}", file.Message, StringComparison.Ordinal);
        Assert.StartsWith($"The stream {expected}", stream.Message, StringComparison.Ordinal);
        Assert.EndsWith("Build again, and deploy the class TestModel and its weights from one build.", file.Message, StringComparison.Ordinal);
    }

    private sealed class SlowStream(byte[] content) : MemoryStream(content)
    {
        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(1, buffer.Length)]);
    }
}
