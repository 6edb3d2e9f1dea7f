"""A small book of accounts."""

from pocketbook.book import Book
from pocketbook.model import BookError, Entry, Overdrawn

__all__ = ["Book", "BookError", "Entry", "Overdrawn"]
