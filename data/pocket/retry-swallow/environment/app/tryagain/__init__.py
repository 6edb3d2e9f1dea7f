"""Retries with growing pauses."""

from tryagain.call import call, retrying
from tryagain.policy import Policy

__all__ = ["Policy", "call", "retrying"]
