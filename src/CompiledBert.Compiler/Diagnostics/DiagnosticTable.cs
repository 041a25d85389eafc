using System.Globalization;

namespace CompiledBert.Compiler;

/// <summary>Every code and message of the compiler in one table. A code is never used again for something else.</summary>
/// <remarks>
/// CBERT00xx the request, 01xx the file as a container, 02xx the model's structure, 03xx operators, 04xx what the compiler cannot do, 05xx external
/// data, 06xx files that describe the model, 07xx budgets and baselines, 08xx search and training.
/// </remarks>
public static class DiagnosticTable
{
    /// <summary>Something in the compiler failed that should not.</summary>
    public static readonly Rule InternalError = new("CBERT0001", Severity.Error,
        "The compiler failed: {0}. This is a defect of CompiledBert; please report it with the model.");

    /// <summary>No file at the path.</summary>
    public static readonly Rule FileNotFound = new("CBERT0002", Severity.Error, "The model file does not exist. Check the Include of the BertModel item.");

    /// <summary>Metadata with a value that is not known.</summary>
    public static readonly Rule InvalidMetadata = new("CBERT0003", Severity.Error, "{0}=\"{1}\" is not valid. Valid: {2}.");

    /// <summary>An output that the model does not have was asked for.</summary>
    public static readonly Rule UnknownOutput = new("CBERT0004", Severity.Error, "Outputs names '{0}', which the model does not have. Its outputs: {1}.");

    /// <summary>A folder where a file is needed.</summary>
    public static readonly Rule ModelIsFolder = new("CBERT0005", Severity.Error, "This is a folder, not a model file. Name the .onnx file in it.");

    /// <summary>Two models that would become the same class.</summary>
    public static readonly Rule DuplicateClass = new("CBERT0006", Severity.Error,
        "This model and '{0}' would both become the class {1}. Give one of them another Name or Namespace.");

    /// <summary>The compiler process ended before its answer was complete.</summary>
    public static readonly Rule CompilerCrashed = new("CBERT0007", Severity.Error,
        "The compiler process ended with exit code {0} before it was done{1}. "
            + "Out of memory is the usual cause; otherwise please report it with the model.");

    /// <summary>The compiler process could not be started.</summary>
    public static readonly Rule CompilerNotStarted = new("CBERT0008", Severity.Error,
        "The compiler could not be started with '{0}': {1}. "
            + "Install the .NET 10 runtime or later, or set the property CompiledBertDotNetHost to its dotnet program.");

    /// <summary>A file that changed while it was read.</summary>
    public static readonly Rule FileChanged = new("CBERT0009", Severity.Error, "The file changed while it was being compiled. Build again.");

    /// <summary>A file that cannot be read or written.</summary>
    public static readonly Rule FileInaccessible = new("CBERT0010", Severity.Error, "The file cannot be read or written: {0}");

    /// <summary>More weights than an assembly can hold.</summary>
    public static readonly Rule WeightsTooLarge = new("CBERT0011", Severity.Error,
        "The weights take {0} MB, and an assembly holds at most {1} MB. "
            + "Set Weights=\"file\" on the BertModel item: they then lie beside the app.");

    /// <summary>A target that is neither a core nor a device.</summary>
    public static readonly Rule UnknownTarget = new("CBERT0012", Severity.Error,
        "Targets names '{0}', which is no core or device that is known. {1}'compiledbert targets' lists them all.");

    /// <summary>A folder to write that has other files in it.</summary>
    public static readonly Rule FolderTaken = new("CBERT0013", Severity.Error,
        "The folder is not one that an earlier run wrote: {0}. Nothing is overwritten; name another folder, or move what is there.");

    /// <summary>A project that items cannot be added to.</summary>
    public static readonly Rule ProjectUnchangeable = new("CBERT0014", Severity.Error, "The project cannot be changed: {0}.");

    /// <summary>A file that is already there, with other contents.</summary>
    public static readonly Rule FileTaken = new("CBERT0015", Severity.Error,
        "There is another file here already, not that of '{0}'. Nothing is overwritten; move it, or refer to the model where it is with --link.");

    /// <summary>A calibration file that cannot be used.</summary>
    public static readonly Rule InvalidCalibration = new("CBERT0016", Severity.Error,
        "The calibration file '{0}' cannot be used. {1} "
            + "Each of its lines has the token ids of one text: a JSON array of them, or an object with one as input_ids.");

    /// <summary>A plan that the source generator cannot read or write as C#. The generator says it, with the same code and text.</summary>
    public static readonly Rule MalformedPlan = new("CBERT0017", Severity.Error,
        "The plan cannot be used: {0}. Build again from the model; if that does not help, please report it with the model.");

    /// <summary>Metadata whose name is not known and is nearly one that is.</summary>
    public static readonly Rule UnknownMetadata = new("CBERT0018", Severity.Warning, "The metadata {0} is not known and changes nothing. Did you mean {1}?");

    /// <summary>A folder of the files that describe a model that is not there.</summary>
    public static readonly Rule TokenizerFolderMissing = new("CBERT0019", Severity.Error,
        "Tokenizer names the folder '{0}', which is not there: there is neither {1}. "
            + "Name it relative to the project, or to the model's folder.");

    /// <summary>The file is something else, known by its first bytes.</summary>
    public static readonly Rule NotOnnx = new("CBERT0101", Severity.Error, "This is not an ONNX model but {0}. {1}");

    /// <summary>The bytes are not a protobuf message of ONNX.</summary>
    public static readonly Rule Malformed = new("CBERT0102", Severity.Error,
        "The file is damaged or not an ONNX model: {0} (byte {1}). Download or export it again.");

    /// <summary>The file cannot be read.</summary>
    public static readonly Rule Unreadable = new("CBERT0103", Severity.Error,
        "The file cannot be read: {0}. Check that it is a regular file and that you may read it.");

    /// <summary>The message is nested or repeated beyond any model.</summary>
    public static readonly Rule TooComplex = new("CBERT0104", Severity.Error, "The model is {0}, more than the limit of {1}. Export it again, simplified.");

    /// <summary>The model holds no graph.</summary>
    public static readonly Rule NoGraph = new("CBERT0201", Severity.Error, "The file holds no graph. Download or export the model again.");

    /// <summary>An IR version or opset that is missing, invalid or too new.</summary>
    public static readonly Rule InvalidVersion = new("CBERT0202", Severity.Error, "{0}. Export the model again with a default-domain opset of {1} to {2}.");

    /// <summary>Two definitions of one name.</summary>
    public static readonly Rule DuplicateName = new("CBERT0203", Severity.Error,
        "Value '{0}' is defined twice: by {1} and by {2}. The file is not valid ONNX; export it again.");

    /// <summary>Nodes depend on one another in a circle.</summary>
    public static readonly Rule Cycle = new("CBERT0204", Severity.Error, "The graph has a cycle: {0}. The file is not valid ONNX; export it again.");

    /// <summary>A name that nothing defines.</summary>
    public static readonly Rule UndefinedValue = new("CBERT0205", Severity.Error,
        "{0} '{1}' is not produced by anything: no node, initializer or input has this name. "
            + "The file is incomplete; export it again.");

    /// <summary>The graph has no outputs.</summary>
    public static readonly Rule NoOutputs = new("CBERT0206", Severity.Error,
        "The model has no outputs, so there is nothing to compile. Export it again with its outputs named.");

    /// <summary>A tensor whose type, dimensions and data disagree.</summary>
    public static readonly Rule InvalidTensor = new("CBERT0207", Severity.Error, "Tensor '{0}': {1}. Download or export the model again.");

    /// <summary>A model-local function that cannot be expanded.</summary>
    public static readonly Rule InvalidFunction = new("CBERT0208", Severity.Error, "Function {0} {1}. Export the model with its functions inlined.");

    /// <summary>An attribute that is missing, of the wrong type or out of its range.</summary>
    public static readonly Rule InvalidAttribute = new("CBERT0209", Severity.Error, "{0}: attribute '{1}' {2}. The file is not valid ONNX; export it again.");

    /// <summary>The number of inputs or outputs does not fit the operator.</summary>
    public static readonly Rule InvalidArity = new("CBERT0210", Severity.Error, "{0} {1}. The file is not valid ONNX; export it again.");

    /// <summary>Element types that do not fit the operator.</summary>
    public static readonly Rule TypeMismatch = new("CBERT0211", Severity.Error, "{0}: {1}. The file is not valid ONNX; export it again.");

    /// <summary>Shapes that do not fit the operator.</summary>
    public static readonly Rule ShapeMismatch = new("CBERT0212", Severity.Error, "{0}: {1}. The model contradicts itself; export it again.");

    /// <summary>An input or output of the model that compiled code cannot have.</summary>
    public static readonly Rule UnsupportedSignature = new("CBERT0213", Severity.Error,
        "{0} '{1}' {2}. Export the model with tensors of numbers as inputs and outputs.");

    /// <summary>An operator that is not supported.</summary>
    public static readonly Rule UnsupportedOperator = new("CBERT0301", Severity.Error, "Operator {0} (opset {1}) is not supported. {2}");

    /// <summary>An operator of a domain that is not known, or that the model does not import.</summary>
    public static readonly Rule UnsupportedDomain = new("CBERT0302", Severity.Error,
        "Operator {0} is of domain '{1}', {2}. Export the model with operators of ONNX only.");

    /// <summary>A form of an operator that is not supported.</summary>
    public static readonly Rule UnsupportedForm = new("CBERT0303", Severity.Error, "Operator {0} with {1} is not supported. Export the model without it.");

    /// <summary>Control flow decided while the model runs.</summary>
    public static readonly Rule RuntimeControlFlow = new("CBERT0304", Severity.Error,
        "Operator {0} chooses at run time what to compute, which compiled code cannot do. "
            + "Export the model without {0} (for merged decoders: the parts before merging).");

    /// <summary>An element type that is not supported.</summary>
    public static readonly Rule UnsupportedType = new("CBERT0305", Severity.Error,
        "Tensor '{0}' has element type {1}, which is not supported. Export the model with float or integer tensors.");

    /// <summary>A shape that depends on the data.</summary>
    public static readonly Rule DataDependentShape = new("CBERT0401", Severity.Error,
        "The shape of '{0}' depends on the data ({1}), which compiled code cannot follow. "
            + "Export the model with this computation outside, or with fixed shapes.");

    /// <summary>A value that no computer would hold.</summary>
    public static readonly Rule TooLarge = new("CBERT0402", Severity.Error,
        "'{0}' of shape {1} would take {2} bytes, more than the limit of {3}. Export the model with smaller shapes.");

    /// <summary>A length that the file leaves open and the graph does not.</summary>
    public static readonly Rule LengthFixed = new("CBERT0403", Severity.Warning,
        "Axis {0} of the input '{1}' is open in the file's signature, but this node works for a length of {2} only, so the class takes no other. "
            + "If that is not meant, export the model with other lengths than {2} in its example, or with dynamic shapes.");

    /// <summary>An external data location that leaves the model's folder or names no regular file.</summary>
    public static readonly Rule ExternalDataPath = new("CBERT0501", Severity.Error,
        "Tensor '{0}' has its data in '{1}': {2}. "
            + "External data must lie in a file inside the model's folder; save the model again with a relative location.");

    /// <summary>External data that is missing or whose offset and length do not fit.</summary>
    public static readonly Rule ExternalData = new("CBERT0502", Severity.Error,
        "Tensor '{0}' has its data in '{1}': {2}. Put the whole file beside the model, or download both again.");

    /// <summary>A file that is not JSON.</summary>
    public static readonly Rule InvalidJson = new("CBERT0601", Severity.Error, "The file is damaged or not JSON: {0} Download it again.");

    /// <summary>A file that describes the model and does not have the form that it should.</summary>
    public static readonly Rule InvalidDescription = new("CBERT0602", Severity.Error, "{0} {1}. Download the file again, or save the tokenizer again.");

    /// <summary>A tokenizer that does what is not supported.</summary>
    public static readonly Rule UnsupportedTokenizer = new("CBERT0603", Severity.Error,
        "The tokenizer's {0} is {1}, which is not supported. Set Head=\"raw\" on the BertModel item to compile the model without text.");

    /// <summary>Files beside the model that ask for what is not supported, or do not fit the model.</summary>
    public static readonly Rule UnsupportedText = new("CBERT0604", Severity.Error,
        "Texts: {0}. Set Head=\"raw\" on the BertModel item to compile the model without text, or say what is right by {1}.");

    /// <summary>Ids that the model has no row for.</summary>
    public static readonly Rule IdsBeyondTable = new("CBERT0605", Severity.Error,
        "The tokenizer's ids go up to {0}, and the model's table of tokens has {1} rows. "
            + "Put the tokenizer that belongs to the model beside it, or name its folder by Tokenizer.");

    /// <summary>A module behind the network whose weights cannot be had.</summary>
    public static readonly Rule ModuleWeights = new("CBERT0606", Severity.Error,
        "The module {0} {1}. Put its config.json and model.safetensors beside the model, "
            + "as sentence-transformers 2.4 or later saves them (save_pretrained), or set Head=\"raw\".");

    /// <summary>Types that the model has no row for.</summary>
    public static readonly Rule TypesBeyondTable = new("CBERT0607", Severity.Error,
        "The tokenizer's types go up to {0}, and the model's table of types has {1} rows. "
            + "Put the tokenizer that belongs to the model beside it, or name its folder by Tokenizer.");

    /// <summary>Inputs that texts cannot be made into.</summary>
    public static readonly Rule UnsuitedInputs = new("CBERT0608", Severity.Error,
        "Texts: {0}. Export the model {1}, or set Head=\"raw\" on the BertModel item to compile it without text.");

    /// <summary>A call that takes longer than it may.</summary>
    public static readonly Rule LatencyBudget = new("CBERT0701", Severity.Error,
        "LatencyBudget: a call of {0} takes {1} ms on {2}, {3} % more than the {4} ms it may (an estimate). The largest steps: {5}.");

    /// <summary>Weights that take more than they may.</summary>
    public static readonly Rule SizeBudget = new("CBERT0702", Severity.Error,
        "SizeBudget: the weights take {0} bytes, {1} % more than the {2} they may. The largest steps: {3}. "
            + "Precision=\"int8\" makes weights a quarter of the size.");

    /// <summary>A call that needs more memory than it may.</summary>
    public static readonly Rule MemoryBudget = new("CBERT0703", Severity.Error,
        "MemoryBudget: the arena of a call of {0} takes {1} bytes, {2} % more than the {3} it may. The largest steps: {4}.");

    /// <summary>A model that has become slower or larger than its baseline.</summary>
    public static readonly Rule WorseThanBaseline = new("CBERT0704", Severity.Error,
        "Baseline '{0}': {1}. If that is meant, put the new report in its place: {2}.");

    /// <summary>A baseline that is no report, or one of other targets.</summary>
    public static readonly Rule InvalidBaseline = new("CBERT0705", Severity.Error,
        "The report '{0}' cannot be used. {1} "
            + "A build writes one to obj/…/compiledbert/*.report.json, 'compiledbert report MODEL --json' prints one.");

    /// <summary>A budget that cannot be held against a model.</summary>
    public static readonly Rule BudgetDoesNotFit = new("CBERT0706", Severity.Error, "{0}=\"{1}\" cannot be checked: {2}.");

    /// <summary>A budget that steps of unknown cost leave open.</summary>
    public static readonly Rule BudgetUndecided = new("CBERT0707", Severity.Warning,
        "LatencyBudget: on {0} the steps whose cost is known keep the budget, but the cost of {1} steps is not known: {2}.");

    /// <summary>A file that is no profile.</summary>
    public static readonly Rule InvalidProfile = new("CBERT0708", Severity.Error, "The profile '{0}' cannot be used. {1} 'compiledbert tune' writes one.");

    /// <summary>A file that says what to choose from, and does not.</summary>
    public static readonly Rule InvalidSearchSpace = new("CBERT0801", Severity.Error, "The search space cannot be used: {0}.");

    /// <summary>Limits that no candidate keeps.</summary>
    public static readonly Rule NothingFits = new("CBERT0802", Severity.Error,
        "None of {0} candidates keeps the limits. The nearest, {1}, takes {2}. Raise the limit, or allow smaller shapes in the search space.");

    /// <summary>A model that weights cannot be taken from.</summary>
    public static readonly Rule NotABert = new("CBERT0803", Severity.Error,
        "Weights cannot be taken from this model: {0}. "
            + "Take an encoder of the BERT kind with norms behind its blocks and a table of positions, in fp32 or fp16, "
            + "exported with its hidden state or its logits as the first output.");

    /// <summary>A line of a training file that is no text with a label.</summary>
    public static readonly Rule TrainingData = new("CBERT0804", Severity.Error,
        "Line {0} is not a text and a label: {1}. "
            + "Every line has a text, one tab and a label; the first may be a heading with 'label' in the second column.");

    /// <summary>Labels that do not fit.</summary>
    public static readonly Rule TrainingLabels = new("CBERT0805", Severity.Error, "The labels do not fit: {0}.");

    /// <summary>The package that trains, or its native library, is not there.</summary>
    public static readonly Rule TrainingMissing = new("CBERT0806", Severity.Error, "Training needs {0}. {1}");

    /// <summary>A run's folder that does not fit what is asked.</summary>
    public static readonly Rule RunFolder = new("CBERT0807", Severity.Error, "The folder cannot take this run: {0}.");

    /// <summary>A line of a training file that is no word with a tag.</summary>
    public static readonly Rule TaggedData = new("CBERT0808", Severity.Error,
        "Line {0} is not a word and a tag: {1}. "
            + "Every line has a word and, behind a tab or blanks, its tag, in as many columns as the others; an empty line ends a sentence.");

    /// <summary>A diagnostic's code, severity and text with places for its facts.</summary>
    /// <param name="Code">The code.</param>
    /// <param name="Severity">How grave it is.</param>
    /// <param name="Format">Text with <c>{0}</c>, <c>{1}</c> … for the facts.</param>
    public sealed record Rule(string Code, Severity Severity, string Format)
    {
        /// <summary>The diagnostic for these facts.</summary>
        public Diagnostic At(string? file, string? node, params object?[] facts) =>
            new(Code, Severity, string.Format(CultureInfo.InvariantCulture, Format, facts), file, node);

        /// <summary>The exception for these facts.</summary>
        public CompileException Error(string? file, string? node, params object?[] facts) => new(At(file, node, facts));
    }
}
