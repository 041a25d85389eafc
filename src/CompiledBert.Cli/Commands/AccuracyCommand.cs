using System.CommandLine;
using System.Globalization;
using CompiledBert.Cli.Verification;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Heads;

namespace CompiledBert.Cli.Commands;

/// <summary><c>compiledbert accuracy</c>: how often does a compiled classifier tell the label that a file says?</summary>
internal static class AccuracyCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The ONNX file of a classifier, with its config.json and tokenizer beside it." };
        var texts = new Argument<string>("texts") { Description = "Texts with labels: two columns with a tab between them." };
        var precision = CommonOptions.Precisions("fp32", "int8");
        var tokenizer = CommonOptions.Tokenizer();
        var json = CommonOptions.Json();
        var command = new Command(
            "accuracy",
            "Compiles a classifier and tells what share of a file's texts it gives the label that stands there: what int8 costs on texts of your own.")
        {
            model, texts, precision, tokenizer, json,
        };
        command.SetAction(parsed =>
        {
            try
            {
                var path = parsed.GetRequiredValue(texts);
                var rows = LabelledRow.Read(path);
                var options = new CompileOptions
                {
                    Text = true,
                    ModelPath = parsed.GetRequiredValue(model),
                    TokenizerFolder = CommonOptions.TokenizerFolder(parsed.GetValue(tokenizer), parsed.GetRequiredValue(model)),
                };
                var all = CommonOptions.ParsePrecisions(parsed.GetValue(precision))
                    .Select(p => LabelAccuracy.Of(options with { Precision = p }, path, rows))
                    .ToList();
                if (parsed.GetValue(json))
                {
                    WriteJson(all);
                }
                else
                {
                    WriteTable(all);
                }

                return ExitCode.Success;
            }
            catch (CompileException e)
            {
                return CommonOptions.Complain(e);
            }
        });
        return command;
    }

    private static void WriteTable(List<LabelAccuracy> all)
    {
        Console.Out.WriteLine("precision  accuracy          right        MB");
        foreach (var a in all)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{NameOf(a.Precision),-9}  {100 * a.Share,6:0.00} %  {$"{a.Right} of {a.Texts}",15}  {a.WeightBytes / 1e6,8:0.00}"));
        }
    }

    private static void WriteJson(List<LabelAccuracy> all) => JsonOutput.WriteObject(json => json.WriteAll("rows", all, a =>
    {
        json.WriteString("precision", NameOf(a.Precision));
        json.WriteNumber("accuracy", a.Share);
        json.WriteNumber("right", a.Right);
        json.WriteNumber("texts", a.Texts);
        json.WriteNumber("weightBytes", a.WeightBytes);
    }));

    private static string NameOf(Precision precision) => precision.ToString().ToLowerInvariant();
}
