using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using CompiledBert.Build.Protocol;

namespace CompiledBert.Build.Tasks;

/// <summary>The compiler running as a process of its own.</summary>
internal sealed class CompilerProcess : IDisposable
{
    private const int StandardErrorLines = 20;

    private readonly Process _process;
    private readonly Queue<string> _lastErrorLines = new();

    private CompilerProcess(Process process) => _process = process;

    /// <summary>The exit code, once <see cref="Converse"/> has returned.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The last lines it wrote to standard error: what it died of.</summary>
    public string LastErrorLines
    {
        get
        {
            lock (_lastErrorLines)
            {
                return string.Join(" ", _lastErrorLines.Select(l => l.Trim()));
            }
        }
    }

    /// <summary>Starts it. Throws <see cref="Win32Exception"/> where there is no such program.</summary>
    public static CompilerProcess Start(string dotnetHost, string hostAssembly)
    {
        var start = new ProcessStartInfo(dotnetHost, $"\"{hostAssembly}\"")
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = new UTF8Encoding(false),
            StandardErrorEncoding = new UTF8Encoding(false),
        };
        return new CompilerProcess(Process.Start(start)!);
    }

    /// <summary>Sends the request and reads the answer to its end.</summary>
    public BuildAnswer Converse(BuildRequest request)
    {
        _process.ErrorDataReceived += (_, e) => KeepErrorLine(e.Data);
        _process.BeginErrorReadLine();
        Send(request);
        var answer = new BuildAnswer();
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            if (!answer.Add(line))
            {
                KeepErrorLine(line);
            }
        }

        _process.WaitForExit();
        return answer;
    }

    /// <summary>Ends it, in whatever state it is. Its results appear by rename, so nothing half done stays.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill();
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    private void Send(BuildRequest request)
    {
        var text = string.Join("\n", request.ToLines()) + "\n";
        var bytes = new UTF8Encoding(false).GetBytes(text);
        try
        {
            _process.StandardInput.BaseStream.Write(bytes, 0, bytes.Length);
            _process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read; the exit code tells.
        }
    }

    private void KeepErrorLine(string? line)
    {
        if (string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        lock (_lastErrorLines)
        {
            _lastErrorLines.Enqueue(line!);
            if (_lastErrorLines.Count > StandardErrorLines)
            {
                _lastErrorLines.Dequeue();
            }
        }
    }
}
