"""The table of what a run will ask and cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rematch.report.tables import ResultTable


class ForecastRow(Protocol):
    """One role's forecast; `dollars` is None where the price is unknown."""

    @property
    def role(self) -> str: ...  # noqa: D102
    @property
    def calls(self) -> int: ...  # noqa: D102
    @property
    def input_tokens(self) -> int: ...  # noqa: D102
    @property
    def output_tokens(self) -> int: ...  # noqa: D102
    @property
    def dollars(self) -> float | None: ...  # noqa: D102


def forecast_table(rows: Sequence[ForecastRow]) -> ResultTable:
    """Calls, tokens and dollars per role, and their sum."""
    numbers = ("calls at most", "tokens read", "written", "dollars")
    table = ResultTable("role", *numbers, numbers=numbers)
    for row in rows:
        told = (row.role, row.calls, row.input_tokens, row.output_tokens)
        table.add_row(*_lay_out(*told), _money(row.dollars))
    prices = [row.dollars for row in rows]
    known = [price for price in prices if price is not None]
    total = sum(known) if len(known) == len(prices) else None
    sums = (
        sum(row.calls for row in rows),
        sum(row.input_tokens for row in rows),
        sum(row.output_tokens for row in rows),
    )
    table.add_row(*_lay_out("all", *sums), _money(total))
    return table


def _lay_out(name: str, *numbers: int) -> list[str]:
    return [name, f"{numbers[0]:,}", *(f"~{number:,}" for number in numbers[1:])]


def _money(dollars: float | None) -> str:
    return "price unknown" if dollars is None else f"~${dollars:,.2f}"
