"""Secrets: a provider may quote a key in its errors, and nothing of ours may repeat it."""

from __future__ import annotations

import os

_SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD")
_SHORTEST = 8


def hide_secrets(text: str) -> str:
    """The text with the environment's keys replaced by the names of their variables."""
    secrets = [
        (value, name)
        for name, value in os.environ.items()
        if len(value) >= _SHORTEST and any(word in name.upper() for word in _SECRET_NAMES)
    ]
    for value, name in sorted(secrets, key=lambda secret: -len(secret[0])):
        text = text.replace(value, f"[{name}]")
    return text
