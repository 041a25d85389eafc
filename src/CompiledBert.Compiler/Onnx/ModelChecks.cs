using CompiledBert.Compiler.Onnx.Schema;
using Google.Protobuf.Collections;

namespace CompiledBert.Compiler.Onnx;

/// <summary>What a model says about itself: versions, and that its tensors are sound.</summary>
internal static class ModelChecks
{
    /// <summary>The oldest opset of the default domain that is understood.</summary>
    public const int OldestOpset = 7;

    /// <summary>The oldest for operators that have not changed since.</summary>
    private const int FirstOpset = 1;

    /// <summary>The newest.</summary>
    public const int NewestOpset = 24;

    private const int NewestIr = 13;

    /// <summary>Checks all that does not depend on what the model computes.</summary>
    public static void Check(OnnxFile file)
    {
        var model = file.Model;
        if (model.Graph is null)
        {
            throw DiagnosticTable.NoGraph.Error(file.Path, null);
        }

        if (model.IrVersion is < 1 or > NewestIr)
        {
            throw Invalid(file.Path, model.IrVersion < 1 ? "The IR version is missing" : $"IR version {model.IrVersion} is newer than supported ({NewestIr})");
        }

        foreach (var tensor in model.Graph.Initializer)
        {
            file.Tensors.Check(tensor);
        }
    }

    /// <summary>Versions by domain; ONNX's own domain is the empty one.</summary>
    public static IReadOnlyDictionary<string, long> Opsets(string file, RepeatedField<OperatorSetIdProto> imports, IReadOnlyDictionary<string, long> outer)
    {
        var opsets = new Dictionary<string, long>(outer, StringComparer.Ordinal);
        foreach (var import in imports)
        {
            opsets[import.Domain == "ai.onnx" ? "" : import.Domain] = import.Version;
        }

        if (!opsets.TryGetValue("", out var version))
        {
            throw Invalid(file, "No opset is imported for ONNX's own domain");
        }

        return version is >= FirstOpset and <= NewestOpset
            ? opsets
            : throw Invalid(file, version < FirstOpset ? $"Opset {version} does not exist" : $"Opset {version} is newer than supported");
    }

    /// <summary>Refuses an operator whose meaning was another before the oldest opset.</summary>
    public static CompileException TooOld(string file, string node, string op, long opset) =>
        DiagnosticTable.InvalidVersion.Error(file, node, $"{Diagnostic.Abbreviate(op)} of opset {opset} is older than supported", OldestOpset, NewestOpset);

    private static CompileException Invalid(string file, string wrong) => DiagnosticTable.InvalidVersion.Error(file, null, wrong, OldestOpset, NewestOpset);
}
