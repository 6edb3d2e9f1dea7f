"""The command line: parse, call, print. Heavy imports stay inside the commands."""

from rematch.cli.main import main

__all__ = ["main"]
