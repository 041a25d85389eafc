using System.Linq.Expressions;
using System.Numerics.Tensors;
using CompiledBert.Text;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.VectorData;

namespace Notes;

/// <summary>
/// Notes in a file, as a collection of Microsoft.Extensions.VectorData: an app that outgrows it takes a database's collection in its place. All notes are in
/// memory and each search reads them all, which is exact, and fast up to some hundred thousand.
/// </summary>
internal sealed class NoteCollection(string path, IEmbeddingGenerator<string, Embedding<float>> generator) : VectorStoreCollection<string, Note>
{
    private NoteFile _file = new("", []);

    public override string Name => Path.GetFileNameWithoutExtension(path);

    /// <summary>Notes that had to be embedded anew, since another model had made their vectors.</summary>
    public int EmbeddedAnew { get; private set; }

    /// <summary>Stands for all that decides vectors: weights, tokenizer, pooling, prompts.</summary>
    private string Fingerprint =>
        generator.GetService<IEmbeddingModel>()?.Embedder.Fingerprint
            ?? throw new NotSupportedException("The generator has no fingerprint.");

    public override Task<bool> CollectionExistsAsync(CancellationToken cancellationToken = default) => Task.FromResult(File.Exists(path));

    public override async Task EnsureCollectionExistsAsync(CancellationToken cancellationToken = default)
    {
        _file = NoteFile.Read(path) ?? new NoteFile(Fingerprint, []);
        if (_file.Fingerprint == Fingerprint)
        {
            return;
        }

        // Vectors of another model mean nothing beside this one's, but the texts are there.
        var notes = _file.Notes.Select(n => new Note { Key = n.Key, Text = n.Value.Text }).ToArray();
        _file = new NoteFile(Fingerprint, []);
        await UpsertAsync(notes, cancellationToken);
        EmbeddedAnew = notes.Length;
    }

    public override Task EnsureCollectionDeletedAsync(CancellationToken cancellationToken = default)
    {
        File.Delete(path);
        _file = new NoteFile(Fingerprint, []);
        return Task.CompletedTask;
    }

    public override Task<Note?> GetAsync(string key, RecordRetrievalOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(_file.Notes.TryGetValue(key, out var note) ? new Note { Key = key, Text = note.Text } : null);

    public override IAsyncEnumerable<Note> GetAsync(
        Expression<Func<Note, bool>> filter, int top, FilteredRecordRetrievalOptions<Note>? options = null, CancellationToken cancellationToken = default) =>
        options?.OrderBy is not null
            ? throw new NotSupportedException("Notes come in the order of their keys.")
            : Matching(filter).Select(n => n.Note).Skip(options?.Skip ?? 0).Take(top).ToAsyncEnumerable();

    public override Task UpsertAsync(Note record, CancellationToken cancellationToken = default) => UpsertAsync([record], cancellationToken);

    public override async Task UpsertAsync(IEnumerable<Note> records, CancellationToken cancellationToken = default)
    {
        var notes = records.ToArray();
        var embeddings = await generator.GenerateAsync(notes.Select(n => n.Embedding), cancellationToken: cancellationToken);
        foreach (var (note, embedding) in notes.Zip(embeddings))
        {
            _file.Notes[note.Key] = new StoredNote(note.Text, embedding.Vector.ToArray());
        }

        _file.Write(path);
    }

    public override Task DeleteAsync(string key, CancellationToken cancellationToken = default)
    {
        _file.Notes.Remove(key);
        _file.Write(path);
        return Task.CompletedTask;
    }

    public override async IAsyncEnumerable<VectorSearchResult<Note>> SearchAsync<TInput>(
        TInput searchValue, int top, VectorSearchOptions<Note>? options = null,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var query = searchValue switch
        {
            string text => await generator.GenerateVectorAsync(text, cancellationToken: cancellationToken),
            float[] vector => vector,
            ReadOnlyMemory<float> vector => vector,
            Embedding<float> embedding => embedding.Vector,
            _ => throw new NotSupportedException($"Nothing is found by a {typeof(TInput)}: give a text or a vector."),
        };
        var hits = Matching(options?.Filter)
            .Select(n => new VectorSearchResult<Note>(n.Note, TensorPrimitives.CosineSimilarity<float>(query.Span, n.Vector)))
            .Where(hit => options?.ScoreThreshold is not { } least || hit.Score >= least)
            .OrderByDescending(hit => hit.Score)
            .Skip(options?.Skip ?? 0)
            .Take(top);
        foreach (var hit in hits)
        {
            yield return hit;
        }
    }

    public override object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is not null ? null
        : serviceType == typeof(VectorStoreCollectionMetadata) ? new VectorStoreCollectionMetadata { VectorStoreSystemName = "file", CollectionName = Name }
        : serviceType.IsInstanceOfType(this) ? this
        : generator.GetService(serviceType);

    private IEnumerable<(Note Note, float[] Vector)> Matching(Expression<Func<Note, bool>>? filter)
    {
        // Interpreted, since nothing can be compiled in a native app.
        var matches = filter?.Compile(preferInterpretation: true) ?? (_ => true);
        return _file.Notes.Select(n => (Note: new Note { Key = n.Key, Text = n.Value.Text }, n.Value.Vector)).Where(n => matches(n.Note));
    }
}
