"""Versions and the ranges that requirements allow."""

from semrange.ranges import Range, best, matches, parse_range
from semrange.version import Version

__all__ = ["Range", "Version", "best", "matches", "parse_range"]
