"""A small calendar of events with tags."""

from almanac.events import Almanac, Event

__all__ = ["Almanac", "Event"]
