"""A drawing pad of characters, with undo."""

from pixelpad.canvas import Canvas
from pixelpad.draw import box, line

__all__ = ["Canvas", "box", "line"]
