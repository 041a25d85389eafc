using System.Collections;

namespace CompiledBert.Text;

/// <summary>What was found in a text, in order.</summary>
/// <typeparam name="T">An <see cref="Entity"/>, or a word with its label.</typeparam>
public sealed class Tags<T> : IReadOnlyList<T>
{
    private readonly List<T> _items;

    internal Tags(List<T> items, bool isTruncated) => (_items, IsTruncated) = (items, isTruncated);

    /// <summary>Whether the text had too many tokens and its end was not looked at.</summary>
    public bool IsTruncated { get; }

    /// <summary>How many there are.</summary>
    public int Count => _items.Count;

    /// <summary>One of them.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public T this[int index] => _items[index];

    /// <summary>Goes through them in order.</summary>
    public IEnumerator<T> GetEnumerator() => _items.GetEnumerator();

    /// <summary>For people: all of them with commas between, such as <c>Marie Curie PER 99.1 %, Paris LOC 98.7 %</c>.</summary>
    public override string ToString() => string.Join(", ", _items) + (IsTruncated ? ", truncated" : "");

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
