using CompiledBert.Cli.Sessions;
using CompiledBert.Compiler;
using CompiledBert.Text;

namespace CompiledBert.Parity;

/// <summary>One model, calls with texts from everywhere at once: answers as alone, memory that stays, cancellation and disposal while calls run.</summary>
public sealed class TextStressTests : IDisposable
{
    private const int Threads = 64;
    private const int CallsOfThread = 1000;

    private readonly string _folder = Directory.CreateTempSubdirectory("cbert-stress-").FullName;

    public TextStressTests()
    {
        // Every letter is a token, so that lengths are those of the texts; ids stay below those of the small vocabularies.
        var letters = string.Join(',', Enumerable.Range(0, 26).Select(i => $"\"{(char)('a' + i)}\":{20 + (2 * i)},\"##{(char)('a' + i)}\":{21 + (2 * i)}"));
        File.WriteAllText(Path.Combine(_folder, "tokenizer.json"), $$"""
            {"version":"1.0","added_tokens":[{"id":10,"content":"[UNK]","special":true,"normalized":false}],
             "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":true},
             "pre_tokenizer":{"type":"BertPreTokenizer"},"post_processor":{"type":"BertProcessing","sep":["[SEP]",12],"cls":["[CLS]",11]},
             "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##","max_input_chars_per_word":100,"vocab":{"[UNK]":10,"[CLS]":11,"[SEP]":12,{{letters}} } } }
            """);

        // The one of the four models whose positions depend on the ids: the graph does not say how long its texts may be.
        File.WriteAllText(Path.Combine(_folder, "config.json"), """{"model_type":"camembert","max_position_embeddings":42,"pad_token_id":1}""");
    }

    private delegate Classification Classify(ReadOnlySpan<char> text, CancellationToken cancellationToken);

    private delegate Classification ClassifyPair(ReadOnlySpan<char> first, ReadOnlySpan<char> second, CancellationToken cancellationToken);

    private delegate Tags<Entity> Tag(string text, CancellationToken cancellationToken);

    private delegate Tags<WordTag> TagWords(IReadOnlyList<string> words, CancellationToken cancellationToken);

    private delegate Answer? FindAnswer(string question, string passage, CancellationToken cancellationToken);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("embed")]
    [InlineData("classify")]
    [InlineData("tag")]
    [InlineData("answer")]
    public async Task Calls_from_many_threads_give_what_they_give_alone_and_take_no_more_memory(string head)
    {
        using var session = Load(head);
        session.Model.Threads = 2;
        var calls = Calls(session.Model, head);
        var expected = Texts.Select(text => calls.Select(call => call(text)).ToArray()).ToArray();
        var kept = new List<long>();
        for (var round = 0; round < 2; round++)
        {
            await AtOnce(Threads, thread =>
            {
                for (var i = 0; i < CallsOfThread; i++)
                {
                    var (text, call) = (((thread * 31) + i) % Texts.Length, ((thread * 7) + i) % calls.Length);
                    Assert.Equal(expected[text][call], calls[call](Texts[text]));
                }
            });
            kept.Add(GC.GetTotalMemory(forceFullCollection: true));
        }

        Assert.True(kept[^1] < kept[0] + (1 << 20), $"bytes after each round: {string.Join(", ", kept)}");
    }

    [Fact]
    public async Task Many_texts_that_are_cancelled_on_the_way_end_and_leave_the_model_as_it_was()
    {
        using var session = Load("embed");
        session.Model.Threads = 2;
        var embedder = ((IEmbeddingModel)session.Model).Embedder;
        var texts = Enumerable.Range(0, 4000).Select(i => Texts[i % Texts.Length]).ToArray();
        var expected = embedder.EmbedAll(texts, null, null, default);
        await AtOnce(8, thread =>
        {
            for (var i = 0; i < 4; i++)
            {
                // Each call is cancelled after another number of texts, from within.
                using var source = new CancellationTokenSource();
                var (reports, after) = (0, (thread + i) % 5);
                var progress = new Progress(_ =>
                {
                    if (reports++ == after)
                    {
                        source.Cancel();
                    }
                });
                Assert.ThrowsAny<OperationCanceledException>(() => embedder.EmbedAll(texts, null, progress, source.Token));
                Assert.Equal(after + 1, reports);
            }
        });
        Assert.Equal(expected, embedder.EmbedAll(texts, null, null, default));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_at_any_moment_ends()
    {
        using var session = Load("embed");
        var embedder = ((IEmbeddingModel)session.Model).Embedder;
        var expected = embedder.Embed(Texts[^1], null, default);
        await AtOnce(8, thread =>
        {
            for (var i = 0; i < 100; i++)
            {
                using var source = new CancellationTokenSource();
                var cancel = Task.Run(() =>
                {
                    Thread.SpinWait(((thread * 100) + i) * 10);
                    source.Cancel();
                });
                try
                {
                    Assert.Equal(expected, embedder.Embed(Texts[^1], null, source.Token));
                }
                catch (OperationCanceledException)
                {
                }

                cancel.Wait();
            }
        });
        Assert.Equal(expected, embedder.Embed(Texts[^1], null, default));
    }

    [Theory]
    [InlineData("embed")]
    [InlineData("classify")]
    [InlineData("tag")]
    [InlineData("answer")]
    public async Task A_model_disposed_while_texts_are_under_way_answers_or_refuses(string head)
    {
        for (var round = 0; round < 2; round++)
        {
            using var session = Load(head);
            session.Model.Threads = 2;
            var calls = Calls(session.Model, head);
            var expected = Texts.Select(text => calls.Select(call => call(text)).ToArray()).ToArray();
            var spins = 10_000 + (round * 100_000);
            await AtOnce(8, thread =>
            {
                if (thread == 7)
                {
                    Thread.SpinWait(spins);
                    session.Model.Dispose();
                    return;
                }

                try
                {
                    for (var i = 0; ; i++)
                    {
                        var (text, call) = (i % Texts.Length, (thread + i) % calls.Length);
                        Assert.Equal(expected[text][call], calls[call](Texts[text]));
                    }
                }
                catch (ObjectDisposedException)
                {
                }
            });
        }
    }

    private static string[] Texts { get; } = [.. Enumerable.Range(0, 24).Select(i =>
        string.Join(' ', Enumerable.Range(0, 1 + (i * 5 % 24)).Select(word =>
            "abcdefghijklmnopqrstuvwxyz".Substring((i + word) * 7 % 22, 1 + ((i + word) % 3)))))];

    private static Task AtOnce(int threads, Action<int> action) =>
        Task.WhenAll(Enumerable.Range(0, threads).Select(thread => Task.Factory.StartNew(() => action(thread), TaskCreationOptions.LongRunning)));

    /// <summary>The calls of a model, their answers as numbers.</summary>
    private static Func<string, float[]>[] Calls(CompiledModel model, string head)
    {
        T Method<T>(string name)
            where T : Delegate => model.GetType()
                .GetMethod(name, [.. typeof(T).GetMethod("Invoke")!.GetParameters().Select(p => p.ParameterType)])!
                .CreateDelegate<T>(model);

        switch (head)
        {
            case "embed":
                var embedder = ((IEmbeddingModel)model).Embedder;
                return
                [
                    text => embedder.Embed(text, null, default),
                    text =>
                    {
                        var vector = new float[embedder.Dimensions + 1];
                        vector[^1] = embedder.Embed(text, vector.AsSpan(0, embedder.Dimensions)) ? 1 : 0;
                        return vector;
                    },
                    text => [.. embedder.EmbedAll(text.Split(' '), null, null, default).SelectMany(v => v)],
                    text => [embedder.Tokenizer.CountTokens(text)],
                ];
            case "classify":
                var (classify, pair) = (Method<Classify>("Classify"), Method<ClassifyPair>("ClassifyPair"));
                return [text => [.. classify(text, default).Logits], text => [.. pair(text, "abc", default).Scores.Select(s => s.Probability)]];
            case "tag":
                var (tag, words) = (Method<Tag>("Tag"), Method<TagWords>("TagWords"));
                return
                [
                    text => [.. tag(text, default).SelectMany(e => new[] { e.Probability, e.Range.Start, e.Range.End })],
                    text => [.. words(text.Split(' '), default).Select(t => t.Probability)],
                ];
            default:
                var answer = Method<FindAnswer>("Answer");
                return [text => answer("what", text, default) is { } a ? [a.Probability, a.Range.Start, a.Range.End] : []];
        }
    }

    private ModelSession Load(string head)
    {
        var model = head switch
        {
            "embed" => "bert-legacy-op14-eager",
            "classify" => "roberta-legacy-op14-seqcls-eager",
            "tag" => "camembert-legacy-op11-tokcls",
            _ => "distilbert-legacy-op11-qa",
        };
        var options = new CompileOptions
        {
            ModelPath = Path.Combine(RepositoryFiles.Zoo, model, "model.onnx"),
            Text = true,
            Head = head,
            TokenizerFolder = _folder,
            Pooling = head == "embed" ? "mean" : null,
        };
        using var plain = CompilePipeline.Compile(options with { Head = "raw", Pooling = null });
        var labels = head is "classify" or "tag" ? plain.Plan.Outputs[0].Shape[^1].Value : 0;
        return ModelSession.Compile(options with { Labels = [.. Enumerable.Range(0, (int)labels).Select(i =>
            head == "tag" && i > 0 ? $"B-{i}" : i == 0 ? "O" : $"{i}")] });
    }

    private sealed class Progress(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
