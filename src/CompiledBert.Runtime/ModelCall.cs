using System.ComponentModel;

namespace CompiledBert;

/// <summary>One running call of a model: its memory, its threads, its cancellation. Made by <see cref="CompiledModel.Begin"/>, used by emitted code.</summary>
/// <remarks>While it lives the weights stay where they are, whatever thread disposes the model. Dispose it exactly once, with <c>using</c>.</remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly unsafe ref struct ModelCall : IDisposable
{
    private readonly CompiledModel _model;
    private readonly Arena _arena;
    private readonly Team? _team;
    private readonly CancellationToken _cancellationToken;

    internal ModelCall(CompiledModel model, Arena arena, Team? team, int tasks, long arenaBytes, CancellationToken cancellationToken)
    {
        _model = model;
        _arena = arena;
        _team = team;
        _cancellationToken = cancellationToken;
        Tasks = tasks;
        Arena = arena.Pointer;
        Scratch = arena.Pointer + arenaBytes;
    }

    /// <summary>The arena, aligned to 64 bytes. It holds anything at first.</summary>
    public byte* Arena { get; }

    /// <summary>Scratch memory of <see cref="Tasks"/> tasks, aligned to 64 bytes, one after the other at the stride that was asked for.</summary>
    public byte* Scratch { get; }

    /// <summary>Into how many tasks a step may be cut: the threads of this call.</summary>
    public int Tasks { get; }

    /// <summary>Runs one step, cut into <see cref="Tasks"/> tasks.</summary>
    /// <param name="step">The step: <c>step(frame, task, tasks)</c> does share <c>task</c> of <c>tasks</c>.</param>
    /// <param name="frame">Its first argument.</param>
    /// <exception cref="OperationCanceledException">Cancellation was asked for; the step was not begun.</exception>
    public void Run(delegate*<void*, int, int, void> step, void* frame) => Run(step, frame, Tasks);

    /// <summary>Runs one step, cut into so many tasks: 1 for a step too small to be worth the hand-over of a microsecond or two.</summary>
    /// <param name="step">The step: <c>step(frame, task, tasks)</c> does share <c>task</c> of <c>tasks</c>.</param>
    /// <param name="frame">Its first argument.</param>
    /// <param name="tasks">How many tasks; more than <see cref="Tasks"/> only if the step uses no scratch memory.</param>
    /// <exception cref="OperationCanceledException">Cancellation was asked for; the step was not begun.</exception>
    public void Run(delegate*<void*, int, int, void> step, void* frame, int tasks)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        if (tasks > 1 && _team is not null)
        {
            _team.Run(step, frame, tasks);
            return;
        }

        for (var task = 0; task < tasks; task++)
        {
            step(frame, task, tasks);
        }
    }

    /// <summary>Ends the call: workers sleep, the memory goes back to the model.</summary>
    public void Dispose()
    {
        _team?.End();
        _model.End(_arena);
    }
}
