using CompiledBert.Compiler.Onnx.Schema;
using Google.Protobuf;

namespace CompiledBert.Compiler.Onnx;

/// <summary>
/// An ONNX file, opened: its structure parsed, its tensors' data left in the mapped file. Data of the graph lies in it, so keep it until all of that is used.
/// </summary>
internal sealed class OnnxFile : IDisposable
{
    private readonly MappedFile _file;
    private readonly ExternalFiles _external;

    private OnnxFile(string path, MappedFile file, ModelProto model, IReadOnlyList<TensorPayload> payloads)
    {
        Path = path;
        _file = file;
        Model = model;
        _external = new ExternalFiles(path);
        Tensors = new TensorLoader(path, file, payloads, _external);
    }

    /// <summary>The path as it was given.</summary>
    public string Path { get; }

    /// <summary>The model's structure.</summary>
    public ModelProto Model { get; }

    /// <summary>Makes tensors of the model's.</summary>
    public TensorLoader Tensors { get; }

    /// <summary>Every file that was read so far: the model, then external data.</summary>
    public IEnumerable<string> FilesRead => [System.IO.Path.GetFullPath(Path), .. _external.Paths];

    /// <summary>Opens and checks a file as a container. Throws <see cref="CompileException"/> where it is not a well-formed ONNX model.</summary>
    public static OnnxFile Open(string path)
    {
        var file = Map(path);
        var opened = false;
        try
        {
            var bytes = file.Slice(0, checked((int)file.Length));
            if (FileSignature.Recognise(bytes) is var (what, remedy))
            {
                throw DiagnosticTable.NotOnnx.Error(path, null, what, remedy);
            }

            var (reduced, payloads) = WireScanner.Scan(bytes, ModelProto.Descriptor);
            var model = new OnnxFile(path, file, ModelProto.Parser.ParseFrom(reduced.Span), payloads);
            opened = true;
            return model;
        }
        catch (WireException e)
        {
            throw DiagnosticTable.Malformed.Error(path, null, e.Message, e.Position);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw DiagnosticTable.Malformed.Error(path, null, e.Message, 0);
        }
        finally
        {
            if (!opened)
            {
                file.Dispose();
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _external.Dispose();
        _file.Dispose();
    }

    private static MappedFile Map(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                throw DiagnosticTable.Unreadable.Error(path, null, "it is a folder");
            }

            var info = new FileInfo(path);
            if (!info.Exists)
            {
                throw DiagnosticTable.FileNotFound.Error(path, null);
            }

            return info.Length switch
            {
                0 => throw DiagnosticTable.NotOnnx.Error(path, null, "an empty file", "Download or export it again."),
                > int.MaxValue => throw DiagnosticTable.NotOnnx.Error(
                    path, null, "a file over 2 GB, which protobuf does not allow", "Save the model with external data."),
                _ => MappedFile.Open(path),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.Unreadable.Error(path, null, e.Message);
        }
    }
}
