"""Figures: a ratio, its bar, and the raw numbers beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One measured ratio.

    Attributes:
        label: what over what.
        value: measured.
        bar: the most that is good; the least, where `at_least`.
        at_least: see `bar`.
        beside: what it was made from, and floors.
    """

    label: str
    value: float
    bar: float
    at_least: bool = False
    beside: tuple[str, ...] = ()

    @property
    def is_short(self) -> bool:
        """Whether the bar is missed."""
        return self.value < self.bar if self.at_least else self.value > self.bar

    def show(self) -> str:
        """A line for the ratio, and one for each raw number."""
        relation = ">=" if self.at_least else "<="
        verdict = "SHORT" if self.is_short else "ok"
        line = f"{self.label:<72}{self.value:8.3f}   bar {relation} {self.bar:g}   {verdict}"
        return "\n".join([line, *(f"    {text}" for text in self.beside)])
