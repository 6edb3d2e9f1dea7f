"""Rematch turns N attempts of a coding agent into one better answer."""

__version__ = "0.1.0"
