using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using static TorchSharp.torch;

namespace CompiledBert.Training.Learning;

/// <summary>Tensors in a file: written beside and moved into place, so that there is always a whole one; its hash, at the end, is checked.</summary>
internal static class TensorArchive
{
    private static ReadOnlySpan<byte> Magic => "CBERTC01"u8;

    public static void Write(string path, int step, IEnumerable<(string Name, Tensor Tensor)> tensors)
    {
        var temporary = path + ".new";
        using (var file = File.Create(temporary))
        using (var hash = SHA256.Create())
        {
            using (var hashed = new CryptoStream(file, hash, CryptoStreamMode.Write, leaveOpen: true))
            using (var writer = new BinaryWriter(hashed, Encoding.UTF8, leaveOpen: true))
            {
                writer.Write(Magic);
                writer.Write(step);
                foreach (var (name, tensor) in tensors)
                {
                    using var scope = NewDisposeScope();
                    var flat = tensor.detach().contiguous();
                    writer.Write(name);
                    writer.Write(flat.numel());
                    writer.Write(flat.bytes);
                }
            }

            file.Write(hash.Hash!);
            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Fills tensors from a file and returns its step; null, and nothing is changed, where the file is not whole or has other tensors.</summary>
    public static int? Read(string path, IReadOnlyList<(string Name, Tensor Tensor)> tensors)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var bytes = File.ReadAllBytes(path);
        if (bytes.Length < Magic.Length + 36
            || !bytes.AsSpan(0, Magic.Length).SequenceEqual(Magic)
            || !SHA256.HashData(bytes.AsSpan(0, bytes.Length - 32)).AsSpan().SequenceEqual(bytes.AsSpan(bytes.Length - 32)))
        {
            return null;
        }

        using var reader = new BinaryReader(new MemoryStream(bytes, Magic.Length, bytes.Length - Magic.Length - 32), Encoding.UTF8);
        var step = reader.ReadInt32();
        var contents = new List<float[]>();
        foreach (var (name, tensor) in tensors)
        {
            if (reader.BaseStream.Position == reader.BaseStream.Length || reader.ReadString() != name || reader.ReadInt64() != tensor.numel())
            {
                return null;
            }

            contents.Add(MemoryMarshal.Cast<byte, float>(reader.ReadBytes(checked((int)tensor.numel() * sizeof(float)))).ToArray());
        }

        using var none = no_grad();
        using var whole = NewDisposeScope();
        foreach (var ((_, target), values) in tensors.Zip(contents))
        {
            using var source = tensor(values, target.shape);
            target.copy_(source);
        }

        return step;
    }
}
