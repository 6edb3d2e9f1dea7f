"""Tables whose ids stay whole: the reasons beside them give way where a terminal is narrow."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions
from rich.text import Text

from rematch.report.text import one_line, plain_name

_GAP = "  "
_LEAST_REASON = 20
_MOST_REASON = 90


class ResultTable:
    """A table without lines, to be printed by rich.

    rich's own tables cut ids, which people copy. Here a line that does not fit runs over the
    edge, and the terminal folds it.

    Args:
        titles: of the columns, in order.
        numbers: titles of those that stand on the right.
        reason: whether the last column holds reasons, cut to what is left of the width.
    """

    def __init__(self, *titles: str, numbers: Collection[str] = (), reason: bool = False) -> None:
        self._titles = titles
        self._numbers = numbers
        self._reason = reason
        self._rows: list[tuple[str, ...]] = []

    def add_row(self, *cells: str) -> None:
        """Add a row, one cell per column; control characters are taken out."""
        if len(cells) != len(self._titles):
            raise ValueError(f"{len(cells)} cells for the columns {self._titles}")
        self._rows.append(tuple(map(plain_name, cells)))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        columns = list(zip(self._titles, *self._rows, strict=True))
        widths = [max(map(cell_len, column)) for column in columns]
        if self._reason:
            room = options.max_width - sum(widths[:-1]) - len(_GAP) * (len(widths) - 1)
            widths[-1] = max(_LEAST_REASON, min(room, widths[-1], _MOST_REASON))
        for number, row in enumerate((self._titles, *self._rows)):
            line = self._lay_out(row, widths)
            yield Text(line, style="" if number else "bold", no_wrap=True, overflow="ignore")

    def _lay_out(self, row: tuple[str, ...], widths: list[int]) -> str:
        cells = []
        for title, cell, width in zip(self._titles, row, widths, strict=True):
            if title in self._numbers:
                cells.append(" " * (width - cell_len(cell)) + cell)
            elif self._reason and title == self._titles[-1]:
                text = one_line(cell, width)
                fits = cell_len(text) <= width  # some letters are two cells wide
                cells.append(text if fits else set_cell_size(text, width - 1) + "…")
            else:
                cells.append(set_cell_size(cell, width))
        return _GAP.join(cells).rstrip()
