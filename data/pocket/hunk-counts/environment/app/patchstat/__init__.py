"""A diffstat for unified diffs."""

from patchstat.parse import FileStat, parse
from patchstat.table import table

__all__ = ["FileStat", "parse", "table"]
