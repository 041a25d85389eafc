using System.Text;
using CompiledBert.Build.Host;
using CompiledBert.Build.Protocol;
using CompiledBert.Compiler;

// The request comes on standard input, the answer goes to standard output a line at a time; whatever else is printed goes to standard error.
var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
using var input = new StreamReader(Console.OpenStandardInput(), utf8);
using var output = new StreamWriter(Console.OpenStandardOutput(), utf8) { NewLine = "\n", AutoFlush = true };
Console.SetOut(Console.Error);

var lines = new List<string>();
while (input.ReadLine() is { } line)
{
    lines.Add(line);
}

var session = new BuildSession(BuildRequest.Parse(lines), CompilePipeline.Compile, CompilerIdentity.Current, output.WriteLine);
return session.Run() ? 0 : 1;
