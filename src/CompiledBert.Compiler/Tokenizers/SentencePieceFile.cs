using Google.Protobuf;

namespace CompiledBert.Compiler.Tokenizers;

/// <summary>What a sentencepiece model says that decides ids: its pieces, the kind of model, the map of characters (sentencepiece_model.proto).</summary>
internal sealed class SentencePieceFile
{
    /// <summary>The kind of a unigram model.</summary>
    public const int Unigram = 1;

    /// <summary>The kind of a byte pair encoding.</summary>
    public const int PairEncoding = 2;

    private readonly List<(string Piece, float Score)> _pieces = [];

    private SentencePieceFile()
    {
    }

    /// <summary>The pieces in the order of their ids.</summary>
    public IReadOnlyList<(string Piece, float Score)> Pieces => _pieces;

    /// <summary>Which kind of model it is.</summary>
    public int Kind { get; private set; } = Unigram;

    /// <summary>The id of the unknown piece.</summary>
    public int UnknownId { get; private set; }

    /// <summary>Whether unknown characters become bytes.</summary>
    public bool HasByteFallback { get; private set; }

    /// <summary>The compiled map of characters; may be empty.</summary>
    public byte[] CharacterMap { get; private set; } = [];

    /// <summary>Reads a file.</summary>
    public static SentencePieceFile Read(string path)
    {
        var file = new SentencePieceFile();
        try
        {
            Fields(new CodedInputStream(File.ReadAllBytes(path)), file.ModelField);
        }
        catch (InvalidProtocolBufferException exception)
        {
            throw DiagnosticTable.InvalidDescription.Error(path, null, "The file", $"is no sentencepiece model ({exception.Message})");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw DiagnosticTable.FileInaccessible.Error(path, null, exception.Message);
        }

        return file._pieces.Count > 0 && (uint)file.UnknownId < (uint)file._pieces.Count ? file
            : throw DiagnosticTable.InvalidDescription.Error(path, null, "The file", "is no sentencepiece model with pieces and an unknown one");
    }

    private static void Fields(CodedInputStream stream, Func<int, CodedInputStream, bool> read)
    {
        for (uint tag; (tag = stream.ReadTag()) != 0;)
        {
            if (!read(WireFormat.GetTagFieldNumber(tag), stream))
            {
                stream.SkipLastField();
            }
        }
    }

    private static void Message(CodedInputStream stream, Func<int, CodedInputStream, bool> read) => Fields(stream.ReadBytes().CreateCodedInput(), read);

    private bool ModelField(int field, CodedInputStream stream)
    {
        switch (field)
        {
            case 1:
                var (piece, score) = ("", 0f);
                Message(stream, (number, part) =>
                {
                    (piece, score) = number switch { 1 => (part.ReadString(), score), 2 => (piece, part.ReadFloat()), _ => (piece, score) };
                    return number is 1 or 2;
                });
                _pieces.Add((piece, score));
                return true;
            case 2:
                Message(stream, TrainerField);
                return true;
            case 3:
                Message(stream, NormalizerField);
                return true;
            default:
                return false;
        }
    }

    private bool TrainerField(int field, CodedInputStream stream)
    {
        switch (field)
        {
            case 3:
                Kind = stream.ReadEnum();
                return true;
            case 35:
                HasByteFallback = stream.ReadBool();
                return true;
            case 40:
                UnknownId = stream.ReadInt32();
                return true;
            default:
                return false;
        }
    }

    private bool NormalizerField(int field, CodedInputStream stream)
    {
        CharacterMap = field == 2 ? stream.ReadBytes().ToByteArray() : CharacterMap;
        return field == 2;
    }
}
