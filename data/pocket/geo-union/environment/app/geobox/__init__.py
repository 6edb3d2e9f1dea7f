"""Rectangles on the map."""

from geobox.box import Box
from geobox.tiles import split

__all__ = ["Box", "split"]
