// Writes the table of characters that CompiledBert.Text carries, from the files of the Unicode character database (Debian: unicode-data 15.0):
//   dotnet run --project tools/UnicodeTables /usr/share/unicode src/CompiledBert.Text/Unicode/unicode.bin
// The Hugging Face tokenizers ask several libraries of different age: what they call punctuation, control and nonspacing is Unicode 8.0, what they
// compose and decompose Unicode 9.0, words and categories in patterns 16.0, lower case and numerals 17.0. Same ids need the same ages.
using CompiledBert.UnicodeTables;

if (args is not [var folder, var output])
{
    Console.Error.WriteLine("usage: UnicodeTables FOLDER-OF-UNICODE-DATA OUTPUT");
    return 2;
}

var files = new UnicodeFiles(folder, Path.Combine(AppContext.BaseDirectory, "additions.txt"));
var tables = new TableBuilder(files);
using var stream = new MemoryStream();
tables.Write(stream);
File.WriteAllBytes(output, stream.ToArray());
Console.WriteLine($"{stream.Length} bytes");
return 0;
