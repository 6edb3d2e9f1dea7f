"""Entries, and what can be wrong with them."""

from dataclasses import dataclass


class BookError(Exception):
    """An entry that the book does not take."""


class Overdrawn(BookError):
    """The paying account has less than the amount."""


@dataclass(frozen=True)
class Entry:
    """One transfer, in cents. `reverses` is the number of the entry that it takes back."""

    number: int
    payer: str
    payee: str
    amount: int
    reverses: int | None = None
