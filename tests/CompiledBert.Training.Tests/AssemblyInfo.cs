// A training has its process to itself, as the tool gives it one: libtorch keeps its random numbers and threads for the whole process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
