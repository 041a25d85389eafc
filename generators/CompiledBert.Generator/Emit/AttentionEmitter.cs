using System.Globalization;
using CompiledBert.Compiler;
using CompiledBert.Generator.Emit.Loops;

namespace CompiledBert.Generator.Emit;

/// <summary>Writes attention: softmax(score(Q·Kᵀ))·V, a sequence and head at a time, its keys and values packed once, for tiles of queries.</summary>
/// <remarks>
/// All queries of all heads are one range that tasks share evenly; a task whose share begins within a head packs that head again. A tile's scores stay in
/// the first-level cache from the product over softmax to the product with V. Scores of the panel's columns beyond the last key are −∞.
/// Where nothing comes between softmax and V, rows are divided by their sums at the very end.
/// </remarks>
internal sealed class AttentionEmitter : IStepEmitter
{
    /// <inheritdoc/>
    public void Emit(StepContext context, CodeWriter writer, VectorTarget target)
    {
        var step = (AttentionStep)context.Step;
        var shared = new SharedProgram(context, []);
        var body = new Body(context, step, target, shared);
        shared.Write($"Attention{Text(step.Heads)}x{Text(step.HeadSize)}", writer, body.Write);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed class Body
    {
        private readonly StepContext _context;
        private readonly AttentionStep _step;
        private readonly VectorTarget _target;
        private readonly SharedProgram _shared;
        private readonly string _q;
        private readonly string _k;
        private readonly string _v;
        private readonly string _y;
        private readonly IReadOnlyList<Statement> _score;
        private readonly IReadOnlyList<Statement> _probability;
        private readonly string _scoreResult;
        private readonly string _probabilityResult;
        private readonly string[] _scratch;
        private readonly long _valuePanels;

        public Body(StepContext context, AttentionStep step, VectorTarget target, SharedProgram shared)
        {
            _context = context;
            _step = step;
            _target = target;
            _shared = shared;
            (_q, _k, _v, _y) = (shared.Pointer(step.Q.Buffer), shared.Pointer(step.K.Buffer), shared.Pointer(step.V.Buffer), shared.Pointer(step.Y.Buffer));
            _score = shared.Rename(step.Score);
            _scoreResult = shared.Value(step.ScoreResult);
            _probability = shared.Rename(step.Probability);
            _probabilityResult = shared.Value(step.ProbabilityResult);
            _valuePanels = (step.ValueSize + 15) / 16;
            var padded = $"(({step.Keys}) + 15L & ~15L)";
            _scratch =
            [
                context.RequestScratch($"{Text(4 * step.HeadSize)} * {padded}"),
                context.RequestScratch($"{Text(64 * _valuePanels)} * ({step.Keys})"),
                context.RequestScratch($"{Text(4 * target.MaxTileRows)} * {padded}"),
                context.RequestScratch(Text(64 * _valuePanels * target.MaxTileRows)),
            ];
        }

        public void Write(CodeWriter writer)
        {
            writer.Line($"long queries = {_step.Queries}, keys = {_step.Keys}, padded = keys + 15 & ~15L;");
            writer.Line($"byte* scratch = {StepContext.TaskScratch};");
            writer.Line($"float* packedKeys = (float*)(scratch + {_scratch[0]}), packedValues = (float*)(scratch + {_scratch[1]});");
            writer.Line($"float* scores = (float*)(scratch + {_scratch[2]}), mixed = (float*)(scratch + {_scratch[3]});");
            writer.Line($"float* scales = stackalloc float[{Text(_target.MaxTileRows)}];");
            writer.Line($"long all = ({_step.Batch}) * {Text(_step.Heads)} * queries, last = all * (task + 1) / tasks, packed = -1;");
            using (writer.Block("for (long at = all * task / tasks; at < last; )"))
            {
                writer.Line("long q0 = at % queries, q1 = Math.Min(queries, q0 + last - at);");
                writer.Line($"long b = at / queries / {Text(_step.Heads)}, h = at / queries % {Text(_step.Heads)}, g = h / {Text(_step.HeadsPerKeyHead)};");
                writer.Line("at += q1 - q0;");
                WritePacking(writer);
                var most = ProductKernels.TileRows(_target);
                writer.Line($"long tiles = (q1 - q0 + {most} - 1) / {most};");
                using (writer.Block("for (long t = 0; t < tiles; t++)"))
                {
                    WriteTile(writer);
                }
            }
        }

        private void WritePacking(CodeWriter writer)
        {
            var pack = ProductKernels.NeedPack(_context.Kernels);
            var keyHeads = Text((_step.Heads + _step.HeadsPerKeyHead - 1) / _step.HeadsPerKeyHead);
            using (writer.Block($"if (packed != b * {keyHeads} + g)"))
            {
                writer.Line($"packed = b * {keyHeads} + g;");
                writer.Line($"{pack}({Row(_k, _step.K, "g", null)}, 1, {_step.K.TokenStride}, {Text(_step.HeadSize)}, keys, packedKeys);");
                writer.Line($"{pack}({Row(_v, _step.V, "g", null)}, {_step.V.TokenStride}, 1, keys, {Text(_step.ValueSize)}, packedValues);");
            }
        }

        private void WriteTile(CodeWriter writer)
        {
            var product = ProductKernels.NeedProduct(_context.Kernels, _target);
            writer.Line("long m0 = q0 + (q1 - q0) * t / tiles, m1 = q0 + (q1 - q0) * (t + 1) / tiles;");
            writer.Line($"{product}(m1 - m0, {Row(_q, _step.Q, "h", "m0")}, {_step.Q.TokenStride}, packedKeys, {Text(_step.HeadSize)}, keys, scores, padded);");
            using (writer.Block("for (long q = m0; q < m1; q++)"))
            {
                writer.Line("float* row = scores + (q - m0) * padded;");
                WriteProgram(writer, _score, "s", _scoreResult);
                writer.Line("for (long k = keys; k < padded; k++) row[k] = float.NegativeInfinity;");
                writer.Line($"float scale = 1 / {ProductKernels.NeedSoftmax(_context.Kernels)}(row, padded);");
                if (_probability.Count == 0)
                {
                    writer.Line("scales[q - m0] = scale;");
                }
                else
                {
                    writer.Line("for (long k = 0; k < padded; k += VF.Count) (V.Load(row + k) * V.Create(scale)).Store(row + k);");
                    WriteProgram(writer, _probability, "p", _probabilityResult);
                }
            }

            var columns = Text(16 * _valuePanels);
            writer.Line($"{product}(m1 - m0, scores, padded, packedValues, keys, {Text(_step.ValueSize)}, mixed, {columns});");
            using (writer.Block("for (long q = m0; q < m1; q++)"))
            {
                writer.Line($"float* from = mixed + (q - m0) * {columns}, to = {Row(_y, _step.Y, "h", "q")};");
                var scale = _probability.Count == 0 ? " * V.Create(scales[q - m0])" : "";
                var vectors = _step.ValueSize / _target.Lanes * _target.Lanes;
                if (vectors > 0)
                {
                    writer.Line($"for (long i = 0; i < {Text(vectors)}; i += VF.Count) (V.Load(from + i){scale}).Store(to + i);");
                }

                if (vectors < _step.ValueSize)
                {
                    writer.Line($"for (long i = {Text(vectors)}; i < {Text(_step.ValueSize)}; i++) to[i] = from[i]{(scale.Length == 0 ? "" : " * scales[q - m0]")};");
                }
            }
        }

        private void WriteProgram(CodeWriter writer, IReadOnlyList<Statement> program, string predefined, string result)
        {
            if (program.Count == 0)
            {
                return;
            }

            var scope = _shared.Scope();
            foreach (var variable in new[] { "b", "h", "q" })
            {
                scope.Variables[variable] = variable;
            }

            scope.Pointers["scores"] = "((byte*)row)";
            var element = new Access("scores", Dim.Zero, [new AccessTerm("k", Dim.One)]);
            var loop = new Loop("k", _step.Keys, LoopKind.Lanes, [new Load(predefined, DataType.Float32, element), .. program, new Store(element, result)]);
            LoopEmitter.WriteRange(writer, _target, _context.Kernels, scope, loop, "0", "keys");
        }

        /// <summary>Pointer to a token's vector.</summary>
        private static string Row(string pointer, HeadOperand operand, string head, string? token) =>
            $"(float*){pointer} + ({operand.Offset}) + b * ({operand.BatchStride}) + {head} * ({operand.HeadStride})" + (token is null ? "" : $" + {token} * ({operand.TokenStride})");
    }
}
