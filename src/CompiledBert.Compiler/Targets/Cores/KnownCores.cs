namespace CompiledBert.Compiler.Targets;

/// <summary>The cores, a file each. Figures are for one core alone.</summary>
public static partial class KnownCores;
