"""Patterns for paths."""

from pathglob.match import match, translate
from pathglob.select import select

__all__ = ["match", "select", "translate"]
