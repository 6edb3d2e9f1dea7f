"""A cache that forgets what was not used for longest."""

from collections import OrderedDict

_MISSING = object()


class LruCache:
    """Keeps the `capacity` entries that were used last.

    Reading with `get` and writing with `put` are uses; looking with `in`, `peek` or
    `keys` is not. `hits` and `misses` count the reads.
    """

    def __init__(self, capacity):
        if capacity < 1:
            raise ValueError("a cache needs room for one entry")
        self.capacity = capacity
        self.hits = self.misses = 0
        self._entries = OrderedDict()

    def __len__(self):
        return len(self._entries)

    def __contains__(self, key):
        return key in self._entries

    def keys(self):
        """Keys from the least to the most recently used."""
        return list(self._entries)

    def peek(self, key, default=None):
        """The value of `key`, without using it."""
        return self._entries.get(key, default)

    def get(self, key, default=None):
        """The value of `key`, which is now the most recently used."""
        value = self._entries.get(key, _MISSING)
        if value is _MISSING:
            self.misses += 1
            return default
        self.hits += 1
        self._entries.move_to_end(key)
        return value

    def put(self, key, value):
        """Keep `value`; returns the key that had to go, or None."""
        self._entries[key] = value
        if len(self._entries) > self.capacity:
            evicted, _ = self._entries.popitem(last=False)
            return evicted
        return None

    def forget(self, key):
        """Drop an entry, if it is there."""
        self._entries.pop(key, None)
