"""A list of headers that is asked by name."""


class Headers:
    """Headers in their order; a name may come more than once.

    Names are the same whatever their case: "Content-Type" is "content-type". They are
    kept in the case in which they were given.
    """

    def __init__(self, items=()):
        self._items = list(items)

    def __iter__(self):
        return iter(self._items)

    def __len__(self):
        return len(self._items)

    def __eq__(self, other):
        return isinstance(other, Headers) and self._items == other._items

    def __repr__(self):
        return f"Headers({self._items})"

    def add(self, name, value):
        """Append a header, also where the name is there already."""
        self._items.append((name, value))

    def set(self, name, value):
        """Make this the only header of that name, at the end."""
        del self[name]
        self.add(name, value)

    def get(self, name, default=None):
        """The first value of that name."""
        for found, value in self._items:
            if found.lower() == name.lower():
                return value
        return default

    def get_all(self, name):
        """All values of that name, in order."""
        return [value for found, value in self._items if found == name]

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __contains__(self, name):
        return any(found == name for found, _ in self._items)

    def __delitem__(self, name):
        """Remove all headers of that name; none is fine."""
        self._items = [item for item in self._items if item[0] != name]
