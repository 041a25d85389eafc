using System.Text;

namespace CompiledBert.Compiler.Onnx;

/// <summary>Knows files that are given for ONNX models by mistake, by their first bytes. None of these can begin a protobuf message of ONNX.</summary>
internal static class FileSignature
{
    private const string Reexport = "Export the model to ONNX first (for example: optimum-cli export onnx).";

    /// <summary>What the file is and what to do, where it is known not to be ONNX.</summary>
    public static (string What, string Remedy)? Recognise(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith("version https://git-lfs"u8))
        {
            return ("a git-lfs pointer", "Fetch the file itself: run 'git lfs pull'.");
        }

        if (bytes.StartsWith("PK\u0003\u0004"u8))
        {
            return bytes[..Math.Min(bytes.Length, 4096)].IndexOf("data.pkl"u8) >= 0
                ? ("a PyTorch checkpoint", Reexport)
                : ("a zip archive", "Unpack it and use the .onnx file inside.");
        }

        if (Begins(bytes, 0x1F, 0x8B))
        {
            return ("a gzip file", "Decompress it first (gunzip).");
        }

        if (Begins(bytes, 0x28, 0xB5, 0x2F, 0xFD) || bytes.StartsWith("BZh"u8)
            || Begins(bytes, 0xFD, 0x37, 0x7A, 0x58, 0x5A) || Begins(bytes, 0x37, 0x7A, 0xBC, 0xAF))
        {
            return ("a compressed file", "Decompress it first.");
        }

        if (Begins(bytes, 0xFF, 0xFE) || Begins(bytes, 0xFE, 0xFF))
        {
            return ("text in UTF-16", "Use the .onnx file itself.");
        }

        if (Tag(bytes, "ORTM"u8))
        {
            return ("a model in ONNX Runtime's own format (.ort)", "Use the .onnx file it was made from.");
        }

        if (Tag(bytes, "TFL3"u8))
        {
            return ("a TensorFlow Lite model", "Convert the original model with tf2onnx.");
        }

        if (bytes.Length > 10 && bytes[4..8].SequenceEqual("\0\0\0\0"u8) && bytes[8] == (byte)'{')
        {
            return ("a safetensors file: weights without a graph", Reexport);
        }

        if (Begins(bytes, 0x80, 0x02) || Begins(bytes, 0x80, 0x04))
        {
            return ("a Python pickle, probably a PyTorch checkpoint", Reexport);
        }

        if (Begins(bytes, 0x89, 0x48, 0x44, 0x46))
        {
            return ("an HDF5 file, probably a Keras model", Reexport);
        }

        if (bytes.StartsWith("GGUF"u8))
        {
            return ("a GGUF file", "Use the ONNX export of the model.");
        }

        return RecogniseText(bytes);
    }

    private static bool Begins(ReadOnlySpan<byte> bytes, params ReadOnlySpan<byte> with) => bytes.StartsWith(with);

    private static bool Tag(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> tag) => bytes.Length >= 8 && bytes[4..8].SequenceEqual(tag);

    private static (string What, string Remedy)? RecogniseText(ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
        {
            bytes = bytes[3..];
        }

        // Bytes such as tab and line feed are tags of protobuf fields too: skip space only where text follows.
        var text = bytes.TrimStart(" \t\r\n"u8);
        if (text.IsEmpty)
        {
            return null;
        }

        return text[0] switch
        {
            (byte)'<' when text.Length < 2 || IsText(text) =>
                ("an HTML or XML page", "The download probably failed, or an address of a web page was used for that of the file; download it again."),
            (byte)'{' or (byte)'[' when IsText(text) => ("JSON text", "Use the .onnx file itself."),
            _ => null,
        };
    }

    private static bool IsText(ReadOnlySpan<byte> bytes) => bytes[..Math.Min(bytes.Length, 64)].IndexOfAnyInRange((byte)0, (byte)8) < 0;
}
