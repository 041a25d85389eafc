using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;
using Google.Protobuf;
using Xunit;

namespace CompiledBert.Text.Tests;

/// <summary>Sentencepiece models beside a network, without a tokenizer.json.</summary>
public sealed class SentencePieceTests : IDisposable
{
    private readonly TextFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Writes a model of a kind with pieces whose scores fall from one to the next.</summary>
    private void Write(int kind, params string[] pieces)
    {
        var trainer = Message(stream =>
        {
            stream.WriteTag(3, WireFormat.WireType.Varint);
            stream.WriteEnum(kind);
        });
        File.WriteAllBytes(_folder.PathOf("sentencepiece.bpe.model"), Message(stream =>
        {
            for (var i = 0; i < pieces.Length; i++)
            {
                stream.WriteTag(1, WireFormat.WireType.LengthDelimited);
                stream.WriteBytes(ByteString.CopyFrom(Message(piece =>
                {
                    piece.WriteTag(1, WireFormat.WireType.LengthDelimited);
                    piece.WriteString(pieces[i]);
                    piece.WriteTag(2, WireFormat.WireType.Fixed32);
                    piece.WriteFloat(-i);
                })));
            }

            stream.WriteTag(2, WireFormat.WireType.LengthDelimited);
            stream.WriteBytes(ByteString.CopyFrom(trainer));
        }));
        _folder.Write("tokenizer_config.json", """{"tokenizer_class":"XLMRobertaTokenizer"}""");
    }

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var bytes = new MemoryStream();
        using (var stream = new CodedOutputStream(bytes, leaveOpen: true))
        {
            write(stream);
        }

        return bytes.ToArray();
    }

    private int[] Ids(string text)
    {
        var result = new TokenizedText();
        Tokenizers.Compile(TokenizerFiles.Read(_folder.Open())!.Value).Encode(text, result);
        return result.Ids.ToArray();
    }

    [Fact]
    public void A_byte_pair_encoding_joins_the_piece_of_the_greatest_score_first()
    {
        // XLM-R's ids: <s> 0, <pad> 1, </s> 2, <unk> 3, then the pieces behind the first three.
        Write(2, "<unk>", "<s>", "</s>", "ab", "bc", "\u2581ab", "\u2581", "a", "b", "c");
        Assert.Equal([0, 6, 2], Ids("ab"));
        Assert.Equal([0, 6, 10, 2], Ids("abc"));
        Assert.Equal([0, 7, 5, 2], Ids("bc"));
        Assert.Equal([0, 6, 3, 7, 10, 2], Ids("abxy c"));
        Write(2, "<unk>", "<s>", "</s>", "bc", "ab", "\u2581ab", "\u2581", "a", "b", "c");
        Assert.Equal([0, 7, 8, 4, 2], Ids("abc"));
    }

    [Fact]
    public void Other_kinds_are_refused()
    {
        Write(4, "<unk>", "<s>", "</s>", "a");
        var error = Assert.Throws<CompileException>(() => Ids("a")).Diagnostic;
        Assert.Equal("CBERT0604", error.Code);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
    }
}
