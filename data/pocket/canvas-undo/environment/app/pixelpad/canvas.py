"""The canvas and its history."""

BLANK = "."


class Canvas:
    """A grid of one-character pixels; every change can be undone and redone."""

    def __init__(self, width, height):
        if width < 1 or height < 1:
            raise ValueError("a canvas has one pixel at least")
        self._rows = [[BLANK] * width for _ in range(height)]
        self._past = []
        self._future = []

    @property
    def size(self):
        """(width, height)"""
        return len(self._rows[0]), len(self._rows)

    def __str__(self):
        return "\n".join("".join(row) for row in self._rows)

    def pixel(self, x, y):
        return self._rows[y][x]

    def paint(self, pixels, color):
        """Set the pixels [(x, y), ...] to a color, as one change; outside is ignored."""
        self._remember()
        width, height = self.size
        for x, y in pixels:
            if 0 <= x < width and 0 <= y < height:
                self._rows[y][x] = color

    def fill_row(self, y, color):
        """Fill one row."""
        self._remember()
        self._rows[y] = [color] * self.size[0]

    def clear(self):
        """Blank the whole canvas."""
        self._remember()
        width, height = self.size
        self._rows = [[BLANK] * width for _ in range(height)]

    def undo(self):
        """Take the last change back; says whether there was one."""
        return self._step(self._past, self._future)

    def redo(self):
        """Make the last undone change again; says whether there was one."""
        return self._step(self._future, self._past)

    def _step(self, source, target):
        if not source:
            return False
        target.append(self._rows)
        self._rows = source.pop()
        return True

    def _remember(self):
        """Keep the canvas as it is before a change; a new change ends what can be redone."""
        self._past.append(self._rows)
        self._future.clear()
