namespace CompiledBert.Text;

/// <summary>Joins words to entities.</summary>
internal sealed class EntityList(string text)
{
    private readonly List<Entity> _entities = [];
    private string? _type;
    private TextRange _range;
    private float _sum;
    private int _words;

    /// <summary>The next word.</summary>
    public void Add(TagPlace place, float probability, TextRange range)
    {
        if (place.Type is not null && place.Type == _type && !place.Begins)
        {
            (_range, _sum, _words) = (new TextRange(_range.Start, range.End), _sum + probability, _words + 1);
        }
        else
        {
            Close();
            (_type, _range, _sum, _words) = (place.Type, range, probability, 1);
        }

        if (place.Ends)
        {
            Close();
        }
    }

    /// <summary>All of them.</summary>
    public List<Entity> Finish()
    {
        Close();
        return _entities;
    }

    private void Close()
    {
        if (_type is not null)
        {
            _entities.Add(new Entity(_range.In(text).ToString(), _type, _sum / _words, _range));
            _type = null;
        }
    }
}
