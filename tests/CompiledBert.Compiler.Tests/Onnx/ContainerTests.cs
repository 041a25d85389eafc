using System.Text;
using CompiledBert.Compiler.Onnx;
using Xunit;

namespace CompiledBert.Compiler.Tests.Onnx;

public sealed class ContainerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cbert").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("empty", "CBERT0101", "empty file")]
    [InlineData("html", "CBERT0101", "HTML")]
    [InlineData("gitlfs-pointer", "CBERT0101", "git lfs pull")]
    [InlineData("json", "CBERT0101", "JSON")]
    [InlineData("zip", "CBERT0101", "zip archive")]
    [InlineData("pytorch-checkpoint", "CBERT0101", "PyTorch")]
    [InlineData("gzip", "CBERT0101", "gunzip")]
    [InlineData("safetensors", "CBERT0101", "safetensors")]
    [InlineData("ort-flatbuffer", "CBERT0101", ".ort")]
    [InlineData("tflite", "CBERT0101", "TensorFlow Lite")]
    [InlineData("utf16-text", "CBERT0101", "UTF-16")]
    [InlineData("all-zero", "CBERT0102", "field number 0")]
    [InlineData("truncated-half", "CBERT0102", "claims")]
    [InlineData("truncated-10bytes", "CBERT0102", "byte")]
    [InlineData("truncated-mid-varint", "CBERT0102", "cut off")]
    [InlineData("length-2gb", "CBERT0102", "2147483647 bytes")]
    [InlineData("length-huge64", "CBERT0102", "bytes")]
    [InlineData("varint-11bytes", "CBERT0102", "64 bits")]
    [InlineData("wiretype-7", "CBERT0102", "wire type 7")]
    [InlineData("group-unterminated", "CBERT0102", "group")]
    [InlineData("field-number-0", "CBERT0102", "field number 0")]
    [InlineData("rawdata-length-2gb-inner", "CBERT0102", "bytes")]
    [InlineData("deep-nested-subgraphs-1500", "CBERT0102", "nested")]
    [InlineData("trailing-garbage", "CBERT0102", "byte")]
    [InlineData("random-bytes", "CBERT0102", "byte")]
    public void A_file_that_is_no_ONNX_model_is_refused_with_a_reason(string name, string code, string says)
    {
        var path = Path.Combine(RepositoryFiles.BadModels, name + ".onnx");
        var diagnostic = Assert.Throws<CompileException>(() => OnnxFile.Open(path)).Diagnostic;
        Assert.Equal(code, diagnostic.Code);
        Assert.Equal(path, diagnostic.File);
        Assert.Contains(says, diagnostic.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("valid-base")]
    [InlineData("valid-enc-unpacked-floatdata")]
    [InlineData("valid-enc-unknown-fields")]
    [InlineData("valid-enc-overlong-varint")]
    [InlineData("valid-enc-split-graph")]
    public void Every_legal_encoding_gives_the_same_structure_and_data(string name)
    {
        using var expected = OnnxFile.Open(Path.Combine(RepositoryFiles.BadModels, "valid-base.onnx"));
        using var actual = OnnxFile.Open(Path.Combine(RepositoryFiles.BadModels, name + ".onnx"));
        Assert.Equal(expected.Model.Graph.Node, actual.Model.Graph.Node);
        var tensors = actual.Model.Graph.Initializer.ToDictionary(t => t.Name, t => actual.Tensors.Load(t).Bytes.ToArray(), StringComparer.Ordinal);
        foreach (var tensor in expected.Model.Graph.Initializer)
        {
            Assert.Equal(expected.Tensors.Load(tensor).Bytes.ToArray(), tensors[tensor.Name]);
        }
    }

    [Fact]
    public void A_folder_and_a_missing_file_are_refused()
    {
        Assert.Equal("CBERT0103", Assert.Throws<CompileException>(() => OnnxFile.Open(_folder)).Diagnostic.Code);
        Assert.Equal("CBERT0002", Assert.Throws<CompileException>(() => OnnxFile.Open(Path.Combine(_folder, "none.onnx"))).Diagnostic.Code);
    }

    [Fact]
    public void Every_truncation_of_a_model_is_refused_or_whole()
    {
        var bytes = File.ReadAllBytes(Path.Combine(RepositoryFiles.BadModels, "valid-base.onnx"));
        var path = Path.Combine(_folder, "cut.onnx");
        for (var length = 0; length < bytes.Length; length += 13)
        {
            File.WriteAllBytes(path, bytes[..length]);
            try
            {
                OnnxFile.Open(path).Dispose();
            }
            catch (CompileException e)
            {
                Assert.StartsWith("CBERT01", e.Diagnostic.Code, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("weights.bin", null)]
    [InlineData("./weights.bin", null)]
    [InlineData("sub/weights.bin", null)]
    [InlineData("../weights.bin", "CBERT0501")]
    [InlineData("sub/../../weights.bin", "CBERT0501")]
    [InlineData("/etc/passwd", "CBERT0501")]
    [InlineData("C:weights.bin", "CBERT0501")]
    [InlineData("sub\\weights.bin", "CBERT0501")]
    [InlineData("", "CBERT0501")]
    [InlineData("file://weights.bin", "CBERT0501")]
    [InlineData("escape.bin", "CBERT0501")]
    [InlineData("missing.bin", "CBERT0502")]
    [InlineData("sub", "CBERT0502")]
    public void External_data_lies_inside_the_models_folder(string location, string? code)
    {
        var outside = Directory.CreateTempSubdirectory("cbert-outside").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(_folder, "sub"));
            foreach (var path in new[]
            {
                Path.Combine(_folder, "weights.bin"), Path.Combine(_folder, "sub", "weights.bin"), Path.Combine(outside, "secret.bin"),
            })
            {
                File.WriteAllBytes(path, [1, 2, 3, 4, 5, 6, 7, 8]);
            }

            File.CreateSymbolicLink(Path.Combine(_folder, "escape.bin"), Path.Combine(outside, "secret.bin"));
            using var files = new ExternalFiles(Path.Combine(_folder, "m.onnx"));
            var entries = new Dictionary<string, string> { ["location"] = location, ["offset"] = "2", ["length"] = "4" };
            if (code is null)
            {
                Assert.Equal(new byte[] { 3, 4, 5, 6 }, files.Map("w", DataType.UInt8, [4], 4, entries).Bytes.ToArray());
                Assert.Single(files.Paths);
            }
            else
            {
                Assert.Equal(code, Assert.Throws<CompileException>(() => files.Map("w", DataType.UInt8, [4], 4, entries)).Diagnostic.Code);
                Assert.Empty(files.Paths);
            }
        }
        finally
        {
            Directory.Delete(outside, recursive: true);
        }
    }

    [Fact]
    public void A_model_and_its_data_may_be_links_into_one_folder_of_blobs()
    {
        var blobs = Directory.CreateDirectory(Path.Combine(_folder, "blobs")).FullName;
        var snapshot = Directory.CreateDirectory(Path.Combine(_folder, "snapshot")).FullName;
        File.WriteAllBytes(Path.Combine(blobs, "a1"), [0]);
        File.WriteAllBytes(Path.Combine(blobs, "b2"), [7, 8]);
        File.CreateSymbolicLink(Path.Combine(snapshot, "model.onnx"), Path.Combine(blobs, "a1"));
        File.CreateSymbolicLink(Path.Combine(snapshot, "model.onnx_data"), Path.Combine(blobs, "b2"));
        using var files = new ExternalFiles(Path.Combine(snapshot, "model.onnx"));
        var data = files.Map("w", DataType.UInt8, [2], 2, new Dictionary<string, string> { ["location"] = "model.onnx_data" });
        Assert.Equal(new byte[] { 7, 8 }, data.Bytes.ToArray());
    }

    [Theory]
    [InlineData("0", "9")]
    [InlineData("7", "4")]
    [InlineData("9223372036854775807", "4")]
    [InlineData("abc", "4")]
    [InlineData("-1", "4")]
    [InlineData("99999999999999999999", "4")]
    public void External_ranges_outside_the_file_are_refused(string offset, string length)
    {
        File.WriteAllBytes(Path.Combine(_folder, "w.bin"), new byte[8]);
        using var files = new ExternalFiles(Path.Combine(_folder, "m.onnx"));
        var entries = new Dictionary<string, string> { ["location"] = "w.bin", ["offset"] = offset, ["length"] = length };
        var bytes = length == "9" ? 9 : 4;
        Assert.Equal("CBERT0502", Assert.Throws<CompileException>(() => files.Map("w", DataType.UInt8, [bytes], bytes, entries)).Diagnostic.Code);
    }

    [Fact]
    public void Text_in_other_alphabets_is_no_model()
    {
        var path = Path.Combine(_folder, "page.onnx");
        File.WriteAllText(path, "  <!DOCTYPE html>", Encoding.UTF8);
        Assert.Equal("CBERT0101", Assert.Throws<CompileException>(() => OnnxFile.Open(path)).Diagnostic.Code);
    }
}
