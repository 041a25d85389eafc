using EmbeddingService;

// One model serves every request: it has no lock, and each call works in memory of its own.
using var model = Embeddings.Load();
EmbeddingEndpoints.Create(args, text => model.Embed(text)).Run();
