"""Events and the almanac that keeps them."""

from dataclasses import dataclass, field
from datetime import date, timedelta


@dataclass
class Event:
    """Something that happens on a day; `tags` keep the order in which they were given."""

    title: str
    day: date
    tags: list = field(default_factory=list)


class Almanac:
    """A collection of events. Those on a Saturday or Sunday are tagged "weekend"."""

    def __init__(self):
        self._events = []

    def add(self, title, day, tags=[]):
        """Enter an event and return it."""
        event = Event(title, day, tags)
        if day.weekday() >= 5:
            event.tags.append("weekend")
        self._events.append(event)
        return event

    def tag(self, title, tag):
        """Add a tag to all events of that title that lack it."""
        for event in self._events:
            if event.title == title and tag not in event.tags:
                event.tags.append(tag)

    def tagged(self, tag):
        """Titles of the events with this tag, earliest first."""
        found = [event for event in self._events if tag in event.tags]
        return [event.title for event in sorted(found, key=lambda event: event.day)]

    def upcoming(self, today, days=7):
        """Titles of the events from today on, for this many days."""
        end = today + timedelta(days=days)
        found = [event for event in self._events if today <= event.day < end]
        return [event.title for event in sorted(found, key=lambda event: event.day)]
