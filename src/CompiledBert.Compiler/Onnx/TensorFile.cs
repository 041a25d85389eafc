using CompiledBert.Compiler.Graph;
using CompiledBert.Compiler.Onnx.Schema;
using Google.Protobuf;

namespace CompiledBert.Compiler.Onnx;

/// <summary>Files with one tensor, such as <c>input_0.pb</c> of ONNX's test data beside a model.</summary>
public static class TensorFile
{
    /// <summary>The tensor of a file, in memory.</summary>
    /// <exception cref="CompileException">The file is not a sound tensor.</exception>
    public static TensorData Read(string path)
    {
        if (!File.Exists(path) || new FileInfo(path).Length == 0)
        {
            throw DiagnosticTable.Unreadable.Error(path, null, "it is missing or empty");
        }

        using var file = MappedFile.Open(path);
        using var external = new ExternalFiles(path);
        try
        {
            var (reduced, payloads) = WireScanner.Scan(file.Slice(0, checked((int)file.Length)), TensorProto.Descriptor);
            var data = new TensorLoader(path, file, payloads, external).Load(TensorProto.Parser.ParseFrom(reduced.Span));
            return TensorData.FromBytes(data.Type, [.. data.Dims], data.Bytes.ToArray());
        }
        catch (WireException e)
        {
            throw DiagnosticTable.Malformed.Error(path, null, e.Message, e.Position);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw DiagnosticTable.Malformed.Error(path, null, e.Message, 0);
        }
    }
}
