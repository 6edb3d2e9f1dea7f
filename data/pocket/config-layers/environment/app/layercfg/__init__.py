"""Configuration in layers: defaults, system, user, command line."""

from layercfg.layers import Layers
from layercfg.merge import merge

__all__ = ["Layers", "merge"]
