using System.Buffers.Binary;
using System.Security.Cryptography;

namespace CompiledBert.Runtime.Tests;

/// <summary>A model as emitted code makes them: adds up weights and ids, in steps cut into tasks.</summary>
internal sealed unsafe class TestModel : CompiledModel
{
    public const int Values = 1000;

    public TestModel(ModelWeights weights, int threads, bool guarded)
        : base(ExpectedInfo, weights, threads, guarded)
    {
    }

    public static byte[] Blob { get; } = MakeBlob(Values);

    public static ModelInfo ExpectedInfo { get; } = InfoOf(Blob);

    public byte* WeightsPointer => Weights;

    public static TestModel Load(bool guarded = false) => Load(new MemoryStream(Blob), guarded);

    public static TestModel Load(Stream stream, bool guarded = false) => new(ModelWeights.FromStream(stream, ExpectedInfo), 1, guarded);

    public static TestModel LoadFile(string path) => new(ModelWeights.FromFile(path, ExpectedInfo), 1, guarded: false);

    public static ModelInfo InfoOf(byte[] blob) => new()
    {
        Name = "TestModel",
        Source = "test.onnx",
        WeightsBytes = blob.Length,
        WeightsHash = Convert.ToHexStringLower(SHA256.HashData(blob.AsSpan(64))),
    };

    public static byte[] MakeBlob(int values)
    {
        var blob = new byte[64 + (values * 4)];
        for (var i = 0; i < values; i++)
        {
            BinaryPrimitives.WriteSingleLittleEndian(blob.AsSpan(64 + (i * 4)), i);
        }

        "CBERTW01"u8.CopyTo(blob);
        BinaryPrimitives.WriteInt64LittleEndian(blob.AsSpan(8), blob.Length);
        SHA256.HashData(blob.AsSpan(64)).CopyTo(blob.AsSpan(16));
        return blob;
    }

    public ModelCall Start(long arenaBytes, long scratchStride = 0, CancellationToken cancellationToken = default) =>
        Begin(arenaBytes, scratchStride, cancellationToken);

    /// <summary>output[i] = weights[ids[i]] · 2^steps, in so many steps after the first.</summary>
    public void Run(ReadOnlySpan<long> ids, Span<float> output, int steps = 3, CancellationToken cancellationToken = default)
    {
        Arguments.Count(ids.Length, 512, nameof(ids), "tokens");
        Arguments.Length(output.Length, ids.Length, nameof(output), "tokens");
        Arguments.Range(ids, 0, Values, nameof(ids));
        using var call = Begin(ids.Length * 4L, 64, cancellationToken);
        fixed (long* pinnedIds = ids)
        fixed (float* pinnedOutput = output)
        {
            var frame = new Frame
            {
                T = ids.Length, Weights = (float*)(Weights + 64), Ids = pinnedIds, Output = pinnedOutput, Row = (float*)call.Arena, Scratch = call.Scratch,
            };
            call.Run((delegate*<void*, int, int, void>)(delegate*<Frame*, int, int, void>)&Gather, &frame);
            for (var i = 0; i < steps; i++)
            {
                call.Run((delegate*<void*, int, int, void>)(delegate*<Frame*, int, int, void>)&Double, &frame);
            }

            call.Run((delegate*<void*, int, int, void>)(delegate*<Frame*, int, int, void>)&Copy, &frame, 1);
        }
    }

    private static void Gather(Frame* f, int task, int tasks)
    {
        for (var i = f->T * task / tasks; i < f->T * (task + 1) / tasks; i++)
        {
            f->Row[i] = f->Weights[f->Ids[i]];
        }
    }

    private static void Double(Frame* f, int task, int tasks)
    {
        var scratch = (float*)(f->Scratch + (task * 64));
        for (var i = f->T * task / tasks; i < f->T * (task + 1) / tasks; i++)
        {
            *scratch = f->Row[i];
            f->Row[i] = *scratch + *scratch;
        }
    }

    private static void Copy(Frame* f, int task, int tasks)
    {
        for (var i = 0; i < f->T; i++)
        {
            f->Output[i] = f->Row[i];
        }
    }

    private struct Frame
    {
        public long T;
        public float* Weights;
        public long* Ids;
        public float* Output;
        public float* Row;
        public byte* Scratch;
    }
}
