"""Resolving the links of a page."""

from weblink.join import join, links
from weblink.url import Url

__all__ = ["Url", "join", "links"]
