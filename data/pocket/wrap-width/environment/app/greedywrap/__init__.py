"""Line wrapping for terminal messages."""

from greedywrap.wrap import bullets, fill, paragraphs, wrap

__all__ = ["bullets", "fill", "paragraphs", "wrap"]
