using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace CompiledBert.Runtime.Tests;

/// <summary>This assembly as a program: each command measures what a whole process does, and prints one line.</summary>
internal static class ChildProcess
{
    private const int Tokens = 512;

    private static readonly long[] s_ids = CompiledModelTests.Ids(Tokens);
    private static readonly float[] s_output = new float[Tokens];

    public static string Run(string command, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(start.FileName) != "dotnet")
        {
            start.FileName = Path.Combine(Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "", "dotnet");
        }

        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(ChildProcess).Assembly.Location);
        start.ArgumentList.Add(command);
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException($"{command} failed: {errors.Result}");
    }

    /// <summary>More workers than a small machine would have: the races are what the tests are after.</summary>
    [ModuleInitializer]
    internal static void AllowWorkers() => Workers.Limit = 7;

    private static int Main(string[] arguments)
    {
        var result = arguments switch
        {
            ["instructions"] => $"{Instructions.Best}: {Instructions.Description}",
            ["idle"] => Idle(),
            ["allocation"] => Allocation(),
            ["memory"] => Memory(),
            _ => null,
        };
        Console.WriteLine(result);
        return result is null ? 1 : 0;
    }

    /// <summary>Milliseconds of processor time in a second after calls on many threads.</summary>
    private static string Idle()
    {
        using var model = TestModel.Load();
        model.Threads = 4;
        Call(model, 2000);
        var workers = Workers.Started;
        Thread.Sleep(200);
        var before = ProcessorTime();
        Thread.Sleep(1000);
        return FormattableString.Invariant($"{workers} {(ProcessorTime() - before).TotalMilliseconds}");
    }

    /// <summary>Bytes of garbage that all threads together make in calls of many lengths, by threads of a call.</summary>
    private static string Allocation()
    {
        using var model = TestModel.Load();
        var results = new List<long>();
        foreach (var threads in (int[])[1, 4])
        {
            model.Threads = threads;
            Call(model, 500);
            GC.Collect();
            GC.WaitForPendingFinalizers();
            var before = GC.GetTotalAllocatedBytes(precise: true);
            Call(model, 10000);
            results.Add(GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return string.Join(' ', results.Select(r => r.ToString(CultureInfo.InvariantCulture)));
    }

    /// <summary>Kilobytes that the process grows by in 10,000 calls of random lengths, each with an arena of up to 16 MB that it fills.</summary>
    private static unsafe string Memory()
    {
        using var model = TestModel.Load();
        var random = new Random(1);
        Grow(model, random, 500);
        var before = Environment.WorkingSet;
        Grow(model, random, 10000);
        return ((Environment.WorkingSet - before) / 1024).ToString(CultureInfo.InvariantCulture);

        static void Grow(TestModel model, Random random, int calls)
        {
            for (var i = 0; i < calls; i++)
            {
                var bytes = random.Next(1, 16 << 20);
                using var call = model.Start(bytes);
                for (var at = 0; at < bytes; at += 4096)
                {
                    call.Arena[at] = 1;
                }
            }
        }
    }

    private static void Call(TestModel model, int calls)
    {
        var ids = s_ids;
        var output = s_output;
        for (var i = 0; i < calls; i++)
        {
            var length = 1 + (i * 7919 % Tokens);
            model.Run(ids.AsSpan(0, length), output.AsSpan(0, length));
        }
    }

    private static TimeSpan ProcessorTime()
    {
        using var process = Process.GetCurrentProcess();
        return process.TotalProcessorTime;
    }
}
