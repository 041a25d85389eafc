using CompiledBert.Compiler.Tokenizers;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace CompiledBert.Text.Tests;

/// <summary>Heads over a model whose outputs are plain to see.</summary>
public class HeadTests
{
    private const string Words = """
        {"version":"1.0","added_tokens":[],"normalizer":null,"pre_tokenizer":{"type":"WhitespaceSplit"},
         "post_processor":{"type":"BertProcessing","sep":["[SEP]",1],"cls":["[CLS]",0]},
         "model":{"type":"WordLevel","unk_token":"[UNK]","vocab":{"[CLS]":0,"[SEP]":1,"[UNK]":2,"a":3,"b":4,"c":5,"d":6}}}
        """;

    private static HeadOptions Options(int width, Pooling pooling = Pooling.None, string[]? labels = null, int most = 8, bool normalizes = false) => new()
    {
        Tokenizer = Tokenizers.Compile(Words), MaxTokens = most, Width = width, WeightsHash = "w", Pooling = pooling,
        Labels = labels ?? [], Normalizes = normalizes,
    };

    /// <summary>Each token's row is id, id, …; a text's row that of its second token.</summary>
    private sealed class Rows(int width, bool perToken, Func<int, int, float>? value = null) : ITokenModel
    {
        public int Calls { get; private set; }

        public void RunTokens(
            ReadOnlySpan<int> lengths, ReadOnlySpan<int> ids, ReadOnlySpan<int> typeIds,
            Span<float> output, Span<float> second, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Calls++;
            var (at, row) = (0, 0);
            foreach (var length in lengths)
            {
                for (var token = 0; token < (perToken ? length : 1); token++, row++)
                {
                    for (var i = 0; i < width; i++)
                    {
                        var id = ids[at + (perToken ? token : 1)];
                        output[(row * width) + i] = value?.Invoke(id, i) ?? id;
                    }
                }

                at += length;
            }

            output[..second.Length].CopyTo(second);
        }
    }

    [Theory]
    [InlineData(Pooling.Mean, 2f)]
    [InlineData(Pooling.MeanSqrt, 4f)]
    [InlineData(Pooling.Max, 4f)]
    [InlineData(Pooling.Cls, 0f)]
    [InlineData(Pooling.Last, 1f)]
    public void Vectors_of_tokens_become_one(Pooling pooling, float expected)
    {
        var vector = new float[33];
        new Embedder(new Rows(33, perToken: true), Options(33, pooling)).Embed("a b", vector);
        Assert.All(vector, v => Assert.Equal(expected, v, 5));
    }

    [Fact]
    public void Layers_stand_between_pooling_and_length()
    {
        // The rows of [CLS] a [SEP] are 0, 3 and 1: their mean is 4/3 in each of 33 elements.
        DenseLayer Layer(int inputs, int outputs, DenseActivation activation, float weight, float bias) => new(
            inputs, outputs, activation, hasBias: true, [.. Enumerable.Repeat(weight, inputs * outputs), .. Enumerable.Repeat(bias, outputs)]);
        Embedder With(bool normalizes, params DenseLayer[] layers) => new(new Rows(33, perToken: true), new HeadOptions
        {
            Tokenizer = Tokenizers.Compile(Words), MaxTokens = 8, Width = 33, WeightsHash = "w", Pooling = Pooling.Mean,
            Dense = layers, Normalizes = normalizes,
        });

        Assert.All(With(false, Layer(33, 7, DenseActivation.None, 0.5f, 1)).Embed("a", null, default), v => Assert.Equal(23, v, 4));
        var two = With(false, Layer(33, 50, DenseActivation.Tanh, 0.01f, -0.44f), Layer(50, 3, DenseActivation.Relu, -1, 2));
        Assert.Equal(3, two.Dimensions);
        Assert.All(two.Embed("a", null, default), v => Assert.Equal(2, v, 4));
        Assert.Equal([two.Embed("a", null, default), two.Embed("b c", null, default)], two.EmbedAll(["a", "b c"], null, null, default));
        Assert.All(With(true, Layer(33, 4, DenseActivation.Sigmoid, 0, 0)).Embed("a", null, default), v => Assert.Equal(0.5f, v, 5));
        Assert.NotEqual(With(true).Fingerprint, With(true, Layer(33, 33, DenseActivation.None, 1, 0)).Fingerprint);
    }

    [Fact]
    public void Many_texts_keep_their_order_and_their_bits()
    {
        var embedder = new Embedder(new Rows(7, perToken: true), Options(7, Pooling.Mean, normalizes: true));
        var texts = Enumerable.Range(0, 3000).Select(i => string.Join(' ', Enumerable.Repeat("a b c", i % 3).Append("d"))).ToArray();
        var reported = new List<int>();
        var vectors = embedder.EmbedAll(texts, null, new Progress(reported), default);
        Assert.Equal(texts.Select(t => embedder.Embed(t, null, default)), vectors);
        Assert.Equal(3000, reported[^1]);
        Assert.Throws<OperationCanceledException>(() => embedder.EmbedAll(texts, null, null, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void The_greatest_logit_is_the_label()
    {
        var classifier = new Classifier(new Rows(2, perToken: false, (id, i) => id == 3 + i ? 2 : 0), Options(2, labels: ["x", "y"]));
        Assert.Equal("x", classifier.Classify("a", default).Label);
        var answer = classifier.Classify("b", default);
        Assert.Equal("y", answer.Label);
        Assert.Equal(0.8808f, answer.Probability, 4);
        Assert.Equal([0f, 2f], answer.Logits);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Labels_that_are_independent_have_a_sigmoid_each(int width)
    {
        string[] labels = ["x", "y", "z"];
        var options = new HeadOptions
        {
            Tokenizer = Tokenizers.Compile(Words),
            MaxTokens = 8,
            Width = width,
            WeightsHash = "w",
            Labels = labels[..width],
            LabelsAreIndependent = true,
        };
        var answer = new Classifier(new Rows(width, perToken: false, (_, i) => 2 - (2 * i)), options).Classify("a", default);
        float[] expected = [0.8808f, 0.5f, 0.1192f];
        Assert.Equal(expected[..width], answer.Scores.Select(s => MathF.Round(s.Probability, 4)));
        Assert.Equal([2f, 0f, -2f], answer.Logits.Concat([0f, -2f]).Take(3));
    }

    [Fact]
    public void What_is_left_out_shows()
    {
        var embedder = new Embedder(new Rows(7, perToken: true), Options(7, Pooling.Mean, most: 4));
        Assert.False(embedder.Embed("a b", new float[7]));
        Assert.True(embedder.Embed("a b c", new float[7]));
        string[] labels = ["O", "B-X", "I-X", "B-Y"];
        var tagger = new Tagger(new Rows(4, perToken: true), Options(4, labels: labels, most: 4));
        Assert.True(tagger.Tag("a b c", default).IsTruncated);
        Assert.False(tagger.TagWords(["a", "b"], default).IsTruncated);
        Assert.True(new Answerer(new Rows(1, perToken: true), Options(1, most: 8)).Answer("a b c a b c a b", "d", default)!.IsTruncated);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(7)]
    [InlineData(33)]
    public void A_long_text_is_tagged_in_windows_as_if_it_were_short(int most)
    {
        string[] labels = ["O", "B-X", "I-X", "B-Y"];
        var model = new Rows(4, perToken: true, (id, i) => id - 3 == i ? 9 : 0);
        var text = string.Join(' ', Enumerable.Range(0, 100).Select(i => "abcd"[i * 7 % 11 % 4]));
        var whole = new Tagger(model, Options(4, labels: labels, most: 200)).Tag(text, default);
        var tagger = new Tagger(model, Options(4, labels: labels, most: most)) { TooLong = TooLong.Window };
        Assert.Equal(whole, tagger.Tag(text, default));
        Assert.False(tagger.Tag(text, default).IsTruncated);
        Assert.Equal(100, tagger.TagWords(text.Split(' '), default).Count(t => t.Probability > 0));
    }

    [Theory]
    [InlineData(Pooling.None)]
    [InlineData(Pooling.Mean)]
    [InlineData(Pooling.Cls)]
    public void A_long_text_is_embedded_in_parts_weighted_by_their_tokens(Pooling pooling)
    {
        // Rows are the ids; of five tokens of a text at most 7 - 2 fit, so that 12 are three parts of 4: [CLS] … [SEP].
        Embedder Embedder(int most, string prefix = "") => new(new Rows(3, perToken: pooling != Pooling.None), new HeadOptions
        {
            Tokenizer = Tokenizers.Compile(Words), MaxTokens = most, Width = 3, WeightsHash = "w", Pooling = pooling, Prefix = prefix,
        }) { TooLong = TooLong.Window };
        var text = "a a a a b b b b d d d d";
        var expected = pooling switch
        {
            Pooling.Mean => ((3 * 4) + 1 + (4 * 4) + 1 + (6 * 4) + 1) / 6f / 3,
            Pooling.Cls => 0,
            _ => (3 + 4 + 6) / 3f,
        };
        var vector = new float[3];
        Assert.False(Embedder(7).Embed(text, vector));
        Assert.All(vector, v => Assert.Equal(expected, v, 4));

        // A prefix stands before each part: two parts of 4 and the rest are now four of 3.
        var prefixed = Embedder(7, "c c ").Embed(text, null, default)[0];
        Assert.Equal(
            pooling switch { Pooling.Mean => ((10 * 4) + 4 + (3 * (3 + 4 + 6)) + 0f + 0 + ((3 + 4 + 6) * 1)) / 7f / 4, Pooling.Cls => 0, _ => 5 }, prefixed, 3);

        // Many texts at once have the same bits, and report each text once.
        var texts = Enumerable.Range(0, 300).Select(i => string.Join(' ', Enumerable.Range(0, 1 + (i * 7 % 60)).Select(w => "abcd"[(i + w) % 4]))).ToArray();
        var (embedder, reported) = (Embedder(7), new List<int>());
        var vectors = embedder.EmbedAll(texts, null, new Progress(reported), out var tokens, out var areTruncated, default);
        Assert.Equal(texts.Select(t => embedder.Embed(t, null, default)), vectors);
        Assert.Equal((300, true), (reported[^1], reported.Zip(reported.Skip(1)).All(p => p.First <= p.Second)));
        Assert.DoesNotContain(true, areTruncated);
        Assert.True(tokens > texts.Sum(t => (t.Length + 1) / 2));
        embedder.TooLong = TooLong.Truncate;
        embedder.EmbedAll(texts, null, null, out _, out areTruncated, default);
        Assert.Equal(texts.Select(t => t.Length > 9), areTruncated);
    }

    [Fact]
    public void A_long_text_is_classified_by_its_parts_and_a_long_pair_is_not()
    {
        var classifier = new Classifier(
            new Rows(2, perToken: false, (id, i) => id == 3 + i ? 2 : 0), Options(2, labels: ["x", "y"], most: 5)) { TooLong = TooLong.Window };
        var answer = classifier.Classify("a a a b b b b b b", default);
        Assert.Equal(("y", false), (answer.Label, answer.IsTruncated));
        Assert.Equal(
            [2 / 3f, 4 / 3f],
            answer.Logits.Select(l => MathF.Round(l, 5)).Select(l => l is > 0.6f and < 0.7f ? 2 / 3f : l is > 1.3f and < 1.4f ? 4 / 3f : l));
        Assert.Equal(classifier.Classify("a", default).Logits, classifier.Classify("a a a", default).Logits);
        Assert.Throws<TextTooLongException>(() => classifier.Classify("a a a", "b b b", default));
        classifier.TooLong = TooLong.Truncate;
        Assert.True(classifier.Classify("a a a", "b b b", default).IsTruncated);
    }

    [Fact]
    public void Masked_places_are_filled()
    {
        var options = new HeadOptions { Tokenizer = Tokenizers.Compile(Words), MaxTokens = 8, Width = 7, WeightsHash = "w", MaskId = 6 };
        var filler = new MaskFiller(new Rows(7, perToken: true, (id, i) => i == id - 2 ? 9 : i == 3 ? 5 : 0), options);
        Assert.Equal("d", filler.MaskToken);
        var places = filler.FillMask("a d b d", 2, out var isTruncated, default);
        Assert.Equal([["b", "a"], ["b", "a"]], places.Select(p => p.Select(t => t.Token)));
        Assert.True(places[0][0].Probability > 0.9f);
        Assert.False(isTruncated);
        Assert.Empty(filler.FillMask("a", 2, out _, default));
        filler.FillMask("a b c a b c a b d", 2, out isTruncated, default);
        Assert.True(isTruncated);
    }

    [Fact]
    public void Words_become_entities()
    {
        string[] labels = ["O", "B-X", "I-X", "B-Y"];
        var tagger = new Tagger(new Rows(4, perToken: true, (id, i) => id - 3 == i ? 9 : 0), Options(4, labels: labels, most: 32));
        var entities = tagger.Tag("a b c a d b c c", default);
        Assert.Equal(["b c", "d", "b c c"], entities.Select(e => e.Text));
        Assert.Equal(["X", "Y", "X"], entities.Select(e => e.Type));
        Assert.Equal(new TextRange(2, 5), entities[0].Range);
    }

    [Fact]
    public void Words_beyond_are_left_out_or_tagged_in_groups_or_refused()
    {
        string[] labels = ["O", "B-X", "I-X", "B-Y"];
        var tagger = new Tagger(new Rows(4, perToken: true, (id, i) => id - 3 == i ? 9 : 0), Options(4, labels: labels, most: 5));
        string[] words = ["b", "c", "d", "b", "c", "d", "b"];
        Assert.Equal(["B-X", "I-X", "B-Y", "O", "O", "O", "O"], tagger.TagWords(words, default).Select(t => t.Label));
        tagger.TooLong = TooLong.Window;
        Assert.Equal(["B-X", "I-X", "B-Y", "B-X", "I-X", "B-Y", "B-X"], tagger.TagWords(words, default).Select(t => t.Label));
        tagger.TooLong = TooLong.Throw;
        Assert.Throws<TextTooLongException>(() => tagger.TagWords(words, default));
    }

    [Fact]
    public void An_answer_is_found_in_whatever_window_it_lies()
    {
        var answerer = new Answerer(new Rows(1, perToken: true, (id, _) => id == 6 ? 9 : 0), Options(1, most: 8));
        var passage = string.Join(' ', Enumerable.Repeat("a", 20)) + " d " + string.Join(' ', Enumerable.Repeat("b", 9));
        var answer = answerer.Answer("c", passage, default)!;
        Assert.Equal("d", answer.Text);
        Assert.Equal(new TextRange(40, 41), answer.Range);
        Assert.Null(answerer.Answer("c", "", default));
    }

    [Fact]
    public void What_says_that_there_is_no_answer_lowers_the_probability_of_the_best_one()
    {
        // The first token, [CLS], has the id 0; d has the id 6.
        float Of(float none) =>
            new Answerer(new Rows(1, perToken: true, (id, _) => id switch { 0 => none, 6 => 9, _ => -99 }), Options(1))
                .Answer("c", "a d", default)!.Probability;
        Assert.Equal(1, Of(-99), 4);
        Assert.Equal(0.25, Of(9), 4);
        Assert.Equal(0, Of(30), 4);
    }

    [Fact]
    public void A_score_is_the_sigmoid_of_its_logit()
    {
        var scorer = new Scorer(new Rows(1, perToken: false, (id, _) => id - 3), Options(1));
        Assert.Equal(0.5f, scorer.Score("a", "b", out _, default));
        Assert.Equal(1f, scorer.ScoreLogit("b", "a", out var isTruncated, default));
        Assert.False(isTruncated);
        scorer.ScoreLogit("a a a a", "b b b b", out isTruncated, default);
        Assert.True(isTruncated);
        Assert.Throws<ArgumentOutOfRangeException>(() => scorer.TooLong = TooLong.Window);
    }

    [Theory]
    [InlineData("BIOES", "O B-X I-X E-X S-X S-Y", "3 4 5 | 3 5 | 6 | 6 | 7", "X X X X Y")]
    [InlineData("BILOU", "O B-X I-X L-X U-X U-Y", "3 4 5 | 3 5 | 6 | 6 | 7", "X X X X Y")]
    [InlineData("no scheme", "O S-P E-MAIL U-K E-X S-Y", "3 | 4 | 5 | 6 | 7", "S-P E-MAIL U-K E-X S-Y")]
    public void Tags_that_end_entities_are_read(string scheme, string labels, string entities, string types)
    {
        // A label a word: the word's id less 2 is the label's index.
        const string Vocabulary = """
            {"version":"1.0","model":{"type":"WordLevel","unk_token":"[UNK]","vocab":{"[UNK]":0,"[CLS]":1,"2":2,"3":3,"4":4,"5":5,"6":6,"7":7}},"pre_tokenizer":{"type":"WhitespaceSplit"}}
            """;
        string[] names = labels.Split(' ');
        var options = new HeadOptions { Tokenizer = Tokenizers.Compile(Vocabulary), MaxTokens = 64, Width = names.Length, WeightsHash = "w", Labels = names };
        var found = new Tagger(new Rows(names.Length, perToken: true, (id, i) => id - 2 == i ? 9 : 0), options)
            .Tag(entities.Replace(" | ", " ", StringComparison.Ordinal), default);
        Assert.True(entities.Split(" | ").SequenceEqual(found.Select(e => e.Text)), scheme);
        Assert.Equal(types.Split(' '), found.Select(e => e.Type));
    }

    [Fact]
    public void Results_print_as_people_read_them()
    {
        var scores = new[] { new LabelScore("bad", 0.271f), new LabelScore("good", 0.729f) };
        Assert.Equal("good 72.9 % (bad 27.1 %)", new Classification("good", 0.729f, scores, [0, 1], false).ToString());
        var many = Enumerable.Range(0, 9).Select(i => new LabelScore("l" + i, i == 4 ? 0.2f : 0.1f)).ToArray();
        Assert.Equal("l4 20.0 % (l0 10.0 %, l1 10.0 %, l2 10.0 %, l3 10.0 %, …), truncated", new Classification("l4", 0.2f, many, [], true).ToString());
        Assert.Equal("Paris LOC 98.7 %", new Entity("Paris", "LOC", 0.987f, new TextRange(0, 5)).ToString());
        Assert.Equal("Paris B-LOC 98.7 %", new WordTag("Paris", "B-LOC", 0.987f).ToString());
        Assert.Equal("##s 5.0 %", new TokenScore("##s", 7, 0.05f).ToString());
        Assert.Equal("in 1889 87.1 %", new Answer("in 1889", 0.871f, new TextRange(0, 7), false).ToString());
        string[] labels = ["O", "B-X", "I-X", "B-Y"];
        Assert.Equal(
            "b X 99.9 %, d Y 99.9 %",
            new Tagger(new Rows(4, perToken: true, (id, i) => id - 3 == i ? 8 : 0), Options(4, labels: labels)).Tag("b a d", default).ToString());
    }

    [Fact]
    public void A_question_that_is_too_long_is_told_its_room()
    {
        var answerer = new Answerer(new Rows(1, perToken: true), Options(1, most: 9)) { TooLong = TooLong.Throw };
        var error = Assert.Throws<TextTooLongException>(() => answerer.Answer("a b c a b c", "d d d d", default));
        Assert.StartsWith(
            "The question has 6 tokens. The model takes 9 of question and passage together, of which a question may have 3.",
            error.Message, StringComparison.Ordinal);
        var classifier = new Classifier(new Rows(2, perToken: false), Options(2, labels: ["x", "y"], most: 4)) { TooLong = TooLong.Throw };
        Assert.Contains("Window", Assert.Throws<TextTooLongException>(() => classifier.Classify("a b c", default)).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "Window", Assert.Throws<TextTooLongException>(() => classifier.Classify("a b c", "a b c", default)).Message, StringComparison.Ordinal);
    }

    private static HeadOptions Given(int width, bool areIndependent = false, int maskId = -1, int most = 8) => new()
    {
        Tokenizer = Tokenizers.Compile(Words), MaxTokens = most, Width = width, WeightsHash = "w",
        Labels = [.. "xyz"[..Math.Min(3, width)].Select(c => c.ToString())],
        LabelsAreIndependent = areIndependent, GivesProbabilities = true, MaskId = maskId,
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Probabilities_that_a_model_gives_are_kept_and_have_logits(bool areIndependent)
    {
        float[] given = areIndependent ? [0.998f, 0.25f, 0] : [0.7f, 0.3f, 0];
        var classifier = new Classifier(new Rows(3, perToken: false, (_, i) => given[i]), Given(3, areIndependent, most: 5));
        var answer = classifier.Classify("a", default);
        Assert.Equal(given, answer.Scores.Select(s => s.Probability));
        Assert.All(answer.Logits, l => Assert.True(float.IsFinite(l)));
        Assert.Equal(areIndependent ? MathF.Log(0.25f / 0.75f) : MathF.Log(0.3f), answer.Logits[1], 5);

        // In parts, whose logits are averaged: all parts say the same.
        classifier.TooLong = TooLong.Window;
        var parts = classifier.Classify("a a a b b b c c c", default);
        Assert.All(given.Zip(parts.Scores), p => Assert.Equal(p.First, p.Second.Probability, 5));
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(0.25f)]
    [InlineData(1f)]
    public void A_score_that_a_model_gives_is_kept_and_has_a_finite_logit(float given)
    {
        var scorer = new Scorer(new Rows(1, perToken: false, (_, _) => given), Given(1));
        Assert.Equal(given, scorer.Score("a", "b", out _, default));
        var logit = scorer.ScoreLogit("a", "b", out _, default);
        Assert.Equal(given, 1 / (1 + MathF.Exp(-logit)), 5);
        Assert.True(float.IsFinite(logit));
    }

    [Fact]
    public void Probabilities_of_tokens_are_kept_and_those_of_answers_shared_out_among_the_passage()
    {
        var tagger = new Tagger(new Rows(3, perToken: true, (id, i) => i == 1 ? 0.75f : 0.125f), Given(3));
        Assert.Equal(0.75f, tagger.TagWords(["a"], default)[0].Probability);
        var filler = new MaskFiller(new Rows(7, perToken: true, (_, i) => i == 3 ? 0.5f : 0.125f), Given(7, maskId: 6));
        Assert.Equal(0.5f, filler.FillMask("d", 1, out _, default)[0][0].Probability);

        // [CLS] c [SEP] a d [SEP]: 0, 5, 1, 3, 6, 1. The question's share is no part of it.
        float Of(int id) => id switch { 0 => 0.125f, 5 => 0.5f, 6 => 0.375f, _ => 0 };
        var answer = new Answerer(new Rows(1, perToken: true, (id, _) => Of(id)), Given(1)).Answer("c", "a d", default)!;
        Assert.Equal(("d", 0.75f * 0.75f), (answer.Text, answer.Probability));
        Assert.Equal(0, new Answerer(new Rows(1, perToken: true, (id, _) => id == 5 ? 1 : 0), Given(1)).Answer("c", "a d", default)!.Probability);
    }

    [Fact]
    public async Task A_model_is_an_embedding_generator()
    {
        using var model = new Model(new Embedder(new Rows(7, perToken: true), Options(7, Pooling.Mean)));
        using var services = new ServiceCollection().AddEmbeddingModel(() => model).BuildServiceProvider();
        var generator = services.GetRequiredService<IEmbeddingGenerator<string, Embedding<float>>>();
        var embeddings = await generator.GenerateAsync(["a b", "c"]);
        Assert.Equal([model.Embedder.Embed("a b", null, default), model.Embedder.Embed("c", null, default)], embeddings.Select(e => e.Vector.ToArray()));
        Assert.Equal(7, embeddings.Usage!.InputTokenCount);
        var metadata = (EmbeddingGeneratorMetadata)generator.GetService(typeof(EmbeddingGeneratorMetadata))!;
        Assert.Equal(7, metadata.DefaultModelDimensions);
        Assert.Null(metadata.ProviderUri);
        await Assert.ThrowsAsync<ArgumentException>(() => generator.GenerateAsync(["a"], new EmbeddingGenerationOptions { Dimensions = 3 }));
    }

    private sealed class Model(Embedder embedder) : IEmbeddingModel
    {
        public Embedder Embedder => embedder;

        public void Dispose()
        {
        }
    }

    private sealed class Progress(List<int> reported) : IProgress<int>
    {
        public void Report(int value) => reported.Add(value);
    }
}
