"""Shapes made of pixels."""


def line(canvas, x, y, length, color, *, down=False):
    """A straight line from (x, y) to the right or down."""
    steps = range(length)
    canvas.paint([(x, y + n) if down else (x + n, y) for n in steps], color)


def box(canvas, x, y, width, height, color):
    """The outline of a rectangle, as one change."""
    right, bottom = x + width - 1, y + height - 1
    pixels = [(n, edge) for n in range(x, right + 1) for edge in (y, bottom)]
    pixels += [(edge, n) for n in range(y, bottom + 1) for edge in (x, right)]
    canvas.paint(pixels, color)
