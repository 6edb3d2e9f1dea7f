"""Formats: trajectory files of other tools, read into records."""
