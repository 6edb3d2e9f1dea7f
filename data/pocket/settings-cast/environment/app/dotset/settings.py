"""Reads settings and turns them into Python values."""

import json

from dotset.errors import BadValue, MissingSetting

_REQUIRED = object()
_WORDS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def _boolean(text):
    if text.lower() not in _WORDS:
        raise ValueError(text)
    return _WORDS[text.lower()]


KINDS = {"text": str, "integer": int, "number": float, "boolean": _boolean, "json": json.loads}


class Settings:
    """The settings of one file."""

    def __init__(self, values):
        self._values = dict(values)

    @classmethod
    def parse(cls, text):
        """Read KEY=value lines; blank lines and # comments are skipped."""
        values = {}
        for line in text.splitlines():
            key, equals, value = line.partition("=")
            if equals and not key.lstrip().startswith("#"):
                values[key.strip()] = value.strip()
        return cls(values)

    def get(self, key, kind="text", default=_REQUIRED):
        """The value of `key` as one of KINDS.

        Raises:
            MissingSetting: the key is not there and has no default.
            BadValue: the value can't be read as that kind; a default does not hide it.
            KeyError: there is no such kind, a mistake of the program and not of the file.
        """
        if key not in self._values:
            if default is _REQUIRED:
                raise MissingSetting(f"{key} is not set")
            return default
        value = self._values[key]
        try:
            return KINDS[kind](value)
        except KeyError as error:
            raise BadValue(key, value, kind) from error

    def section(self, prefix):
        """The settings that begin with `prefix`, without it."""
        size = len(prefix)
        return Settings({k[size:]: v for k, v in self._values.items() if k.startswith(prefix)})
