using System.CommandLine;
using System.Globalization;
using CompiledBert.Compiler.Targets;

namespace CompiledBert.Cli.Commands;

/// <summary><c>compiledbert targets</c>: the cores and devices that <c>Targets</c> may name.</summary>
internal static class TargetsCommand
{
    public static Command Create()
    {
        var json = CommonOptions.Json();
        var command = new Command(
            "targets", "Lists the cores and devices that the metadata Targets may name, with the figures that code and estimates are made from.") { json };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(json))
            {
                WriteJson();
            }
            else
            {
                Write(Console.Out);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private static void WriteJson() => JsonOutput.WriteObject(json =>
    {
        json.WriteString("schema", "compiledbert-targets-1");
        json.WriteAll("cores", TargetTable.Cores, core =>
        {
            json.WriteString("name", core.Name);
            json.WriteString("title", core.Title);
            json.WriteString("source", core.Source);
            json.WriteNumber("gigahertz", core.Gigahertz);
            json.WriteBoolean("isInOrder", core.IsInOrder);
            json.WriteNumber("issueWidth", core.IssueWidth);
            json.WriteNumber("vectorBits", core.VectorBits);
            json.WriteNumber("multiplyAdds", core.MultiplyAdds * core.Lanes);
            json.WriteNumber("dotProducts", core.DotProducts * core.Lanes * 4);
            json.WriteNumber("level1Bytes", core.Level1);
            json.WriteNumber("level2Bytes", core.Level2);
            json.WriteNumber("lastLevelBytes", core.LastLevel);
            json.WriteNumber("memoryGigabytes", core.MemoryGigabytes);
        });
        json.WriteAll("devices", TargetTable.Devices, device =>
        {
            json.WriteString("name", device.Name);
            json.WriteString("title", device.Title);
            json.WriteAll("cores", device.Cores, core =>
            {
                json.WriteString("name", core.Name);
                json.WriteNumber("gigahertz", core.Gigahertz);
            });
        });
    });

    private static void Write(TextWriter writer)
    {
        writer.WriteLine("cores            GHz  order  issue  vector bits  fp32 MAC a cycle  int8 dot MAC a cycle  L1 kB  L2 kB  last MB  memory GB/s");
        foreach (var core in TargetTable.Cores)
        {
            writer.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{core.Name,-15} {core.Gigahertz,4:0.0#}  {(core.IsInOrder ? "in" : "out"),5}  {core.IssueWidth,5}  {core.VectorBits,11}  "
                    + $"{core.MultiplyAdds * core.Lanes,16}  {Dots(core),20}  "
                    + $"{core.Level1 >> 10,5}  {core.Level2 >> 10,5}  {core.LastLevel / 1048576.0,7:0.##}  {core.MemoryGigabytes,11:0.#}"));
        }

        writer.WriteLine();
        writer.WriteLine("devices");
        foreach (var device in TargetTable.Devices)
        {
            var cores = device.Cores.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Name} at {c.Gigahertz:0.0#} GHz"));
            writer.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{device.Name,-15} {device.Title}: {string.Join(", ", cores)}"));
        }
    }

    private static string Dots(Core core) => core.DotProducts == 0 ? "-" : (core.DotProducts * core.Lanes * 4).ToString(CultureInfo.InvariantCulture);
}
