"""Remembers what a function returned."""

import functools

from keepsake.lru import LruCache


def memoize(capacity=128):
    """Decorate a function of hashable arguments; its cache is the attribute `cache`."""

    def decorate(func):
        cache = LruCache(capacity)

        @functools.wraps(func)
        def remembered(*args):
            if args in cache:
                return cache.get(args)
            value = func(*args)
            cache.put(args, value)
            return value

        remembered.cache = cache
        return remembered

    return decorate
