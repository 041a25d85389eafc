using System.CommandLine;
using CompiledBert.Cli.Inspection;
using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Compiler.Cost;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Cli.Commands;

/// <summary><c>compiledbert inspect</c>: what the compiler made of a model.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var model = new Argument<string>("model") { Description = "The ONNX file." };
        var outputs = new Option<string[]>("--outputs")
        {
            Description = "Names of the outputs to compute, separated by commas, or * for all; the first by default.",
            AllowMultipleArgumentsPerToken = true,
        };
        var plan = new Option<bool>("--plan") { Description = "Prints the plan itself, what the source generator reads." };
        var precision = CommonOptions.OnePrecision();
        var text = new TextOptions();
        var targets = new Option<string[]>("--target", "--targets")
        {
            Description = "Cores or devices to estimate every step's cost on, separated by commas.",
            AllowMultipleArgumentsPerToken = true,
        };
        var tokens = new Option<int>("--tokens")
        {
            Description = "Tokens of the sequence for which costs are estimated; no more than the model takes.",
            DefaultValueFactory = _ => 128,
        };
        var quality = new Option<bool>("--quality")
        {
            Description = "Reads the weights and shows what 8 bits make of them and of their results: signal-to-noise ratios of each step. "
                + "Implies --precision int8.",
        };
        var calibration = CommonOptions.Calibration();
        var profile = CommonOptions.Profile();
        var json = CommonOptions.Json();
        CommonOptions.AtLeastOne(tokens, int.MaxValue);
        var command = new Command("inspect", "Shows what the compiler makes of a model: signature, what it recognised, and the steps that a call runs.")
        {
            model, outputs, precision, plan, targets, tokens, quality, calibration, profile, json,
        };
        text.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(plan) && result.GetValue(json))
            {
                result.AddError("--plan and --json both want standard output.");
            }
        });
        command.SetAction(parsed =>
        {
            try
            {
                var options = text.ApplyTo(
                    new CompileOptions
                    {
                        ModelPath = parsed.GetRequiredValue(model),
                        Profile = CommonOptions.ReadProfile(parsed.GetValue(profile)),
                        Outputs = CommonOptions.Split(parsed.GetValue(outputs)),
                        Targets = CommonOptions.Split(parsed.GetValue(targets)),
                        Precision = parsed.GetValue(precision),
                        Calibration = CommonOptions.ReadCalibration(parsed.GetValue(calibration)),
                    },
                    parsed);
                options = parsed.GetValue(quality) ? options with { Precision = Precision.Int8 } : options with { ReadsWeights = parsed.GetValue(plan) };
                return Run(options, parsed.GetValue(plan), parsed.GetValue(json), parsed.GetValue(tokens));
            }
            catch (CompileException e)
            {
                return CommonOptions.Complain(e);
            }
        });
        return command;
    }

    private static int Run(CompileOptions options, bool planOnly, bool asJson, long tokens)
    {
        using var result = ModelCompilation.Run(options);
        tokens = Math.Min(tokens, result.Plan.Symbols.FirstOrDefault(s => s.Role == SymbolRole.Tokens)?.Max ?? tokens);
        var costs = TargetTable.Resolve(options.Targets, options.ModelPath)
            .Select(core => CostModel.Estimate(result.Plan, options.Profile?.ApplyTo(core) ?? core, 1, tokens))
            .ToList();
        if (planOnly)
        {
            Console.Out.Write(result.PlanText);
        }
        else if (asJson)
        {
            InspectJson.Write(result, options.Precision, costs, tokens);
        }
        else
        {
            PlanReport.Write(Console.Out, result);
            QualityReport.Write(Console.Out, result);
            costs.ForEach(cost => CostReport.Write(Console.Out, cost, tokens));
        }

        return ExitCode.Success;
    }
}
