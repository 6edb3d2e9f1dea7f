"""Text messages over a byte stream."""

from wireframe.frames import LIMIT, FrameError, encode
from wireframe.reader import Reader

__all__ = ["LIMIT", "FrameError", "Reader", "encode"]
