"""Tab-separated files that keep every character."""

from tabfile.escapes import escape, unescape
from tabfile.table import dumps, loads, records

__all__ = ["dumps", "escape", "loads", "records", "unescape"]
