using System.Text;

namespace CompiledBert.Cli.Tests;

public sealed class NewTests : IDisposable
{
    private const string Project =
        "<Project Sdk=\"Microsoft.NET.Sdk\">\r\n\t<!-- ours -->\r\n"
            + "\t<PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>\r\n</Project>\r\n";

    private readonly string _folder = Directory.CreateTempSubdirectory("cbert").FullName;
    private readonly string _project;
    private readonly string _model;

    public NewTests()
    {
        _project = Path.Combine(_folder, "app", "App.csproj");
        _model = Path.Combine(_folder, "downloads", "tiny-bert", "onnx", "model.onnx");
        Directory.CreateDirectory(Path.GetDirectoryName(_project)!);
        Directory.CreateDirectory(Path.GetDirectoryName(_model)!);
        File.WriteAllText(_project, Project, new UTF8Encoding(true));
        File.Copy(Tool.Model, _model);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string New(params string[] arguments)
    {
        var (code, output, errors) = Tool.Run(["new", _model, "--project", _project, .. arguments]);
        Assert.Equal((0, ""), (code, errors));
        return output;
    }

    [Fact]
    public void The_model_is_copied_and_the_project_gets_package_and_item_and_keeps_the_rest()
    {
        var output = New("--precision", "int8");
        Assert.Contains("copied model/tiny-bert/onnx/model.onnx", output, StringComparison.Ordinal);
        Assert.Contains("TinyBert.Load()", output, StringComparison.Ordinal);
        var bytes = File.ReadAllBytes(_project);
        Assert.Equal(
            Project.Replace(
                "</Project>\r\n",
                "\r\n  <ItemGroup>\r\n    <PackageReference Include=\"CompiledBert\" Version=\"0.1.0\" />\r\n  </ItemGroup>\r\n\r\n"
                    + "  <ItemGroup>\r\n    <BertModel Include=\"model/tiny-bert/onnx/model.onnx\" Precision=\"int8\" />\r\n"
                    + "  </ItemGroup>\r\n\r\n</Project>\r\n",
                StringComparison.Ordinal),
            File.ReadAllText(_project));
        Assert.Equal(Encoding.UTF8.Preamble, bytes.AsSpan(0, 3));

        // Again: nothing to do, and nothing done.
        Assert.Contains("is there already", New("--precision", "int8"), StringComparison.Ordinal);
        Assert.Equal(bytes, File.ReadAllBytes(_project));
    }

    [Fact]
    public void A_linked_model_stays_where_it_is_and_keeps_its_name()
    {
        New("--link", "--outputs", "*", "--namespace", "Acme");
        Assert.Contains(
            """<BertModel Include="../downloads/tiny-bert/onnx/model.onnx" Namespace="Acme" Outputs="*" />""",
            File.ReadAllText(_project), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_folder, "app", "model")));
    }

    [Fact]
    public void What_is_asked_for_becomes_the_items_metadata_with_paths_from_the_project()
    {
        var ids = Path.Combine(_folder, "ids.jsonl");
        File.WriteAllText(ids, "[5, 6, 7, 8]\n");
        Directory.CreateDirectory(Path.Combine(_folder, "downloads", "texts"));
        New("--link", "--precision", "INT8", "--calibration", ids, "--access", "Internal", "--threads", "2",
            "--head", "raw", "--pooling", "MEAN", "--normalize", "false",
            "--query-prefix", "query: ", "--tokenizer", Path.Combine(_folder, "downloads", "texts"));
        Assert.Contains(
            """<BertModel Include="../downloads/tiny-bert/onnx/model.onnx" Access="internal" Precision="int8" Threads="2" Head="raw" Pooling="mean" Normalize="false" QueryPrefix="query: " Calibration="../ids.jsonl" Tokenizer="../downloads/texts" />""",
            File.ReadAllText(_project), StringComparison.Ordinal);
    }

    [Fact]
    public void Central_package_management_gets_the_version()
    {
        var central = Path.Combine(_folder, "Directory.Packages.props");
        File.WriteAllText(central, "<Project><PropertyGroup><ManagePackageVersionsCentrally>true</ManagePackageVersionsCentrally></PropertyGroup></Project>");
        New();
        Assert.Contains("""<PackageReference Include="CompiledBert" />""", File.ReadAllText(_project), StringComparison.Ordinal);
        Assert.Contains("""<PackageVersion Include="CompiledBert" Version="0.1.0" />""", File.ReadAllText(central), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_done_changes_nothing()
    {
        var taken = Path.Combine(_folder, "app", "model", "tiny-bert", "onnx", "model.onnx");
        Directory.CreateDirectory(Path.GetDirectoryName(taken)!);
        File.WriteAllText(taken, "another");
        var (code, _, errors) = Tool.Run("new", _model, "--project", _project);
        Assert.Equal(3, code);
        Assert.Contains("CBERT0015", errors, StringComparison.Ordinal);
        Assert.Equal("another", File.ReadAllText(taken));

        Assert.Equal(3, Tool.Run("new", Path.Combine(_folder, "none.onnx"), "--project", _project).Code);
        Assert.Equal(Project, File.ReadAllText(_project));

        File.WriteAllText(_project, "<Project />");
        Assert.Contains("CBERT0014", Tool.Run("new", _model, "--project", _project).Errors, StringComparison.Ordinal);
    }
}
