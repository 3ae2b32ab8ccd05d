"""The last events, each with a number: what a page that slept catches up by.

Pure: the time is an argument.  Events hold names, never values.
"""
from __future__ import annotations

import datetime
import urllib.parse
from collections import deque
from typing import Any
from typing import NamedTuple

from .._tree import paths


#: How many events are kept.
KEPT = 10_000


class NumberedEvent(NamedTuple):
    """Something that happened to a node.

    :ivar id: its number; the next one's is larger
    :ivar time: in seconds since 1970
    :ivar what: ``came``, ``went`` or ``changed``
    :ivar text: names what changed
    """

    id: int
    time: float
    what: str
    path: str
    text: str

    def as_json(self) -> dict[str, Any]:
        """Return it as a document; `view` is where the page shows it."""
        return {'id': self.id, 'time': moment(self.time), 'what': self.what,
                'path': self.path, 'text': self.text,
                'view': 'tree' + urllib.parse.quote(self.path)}


class Ring:
    """The last events.

    :param first: the number of the first event.  A program that is started
        again must begin above what it gave before, or a page would take
        new events for old ones.
    :param kept: how many events there are at most
    """

    def __init__(self, first: int, kept: int = KEPT) -> None:
        self._events: deque[NumberedEvent] = deque(maxlen=kept)
        self._first = first
        #: The number of the newest event
        self.newest = first - 1

    def add(
        self, time: float, what: str, path: str, text: str
    ) -> NumberedEvent:
        """Keep an event, and return it."""
        self.newest += 1
        event = NumberedEvent(self.newest, time, what, path, text)
        self._events.append(event)
        return event

    def since(self, id: int) -> list[NumberedEvent] | None:
        """Return the events after one, oldest first.

        :param id: the number of the last event that is known
        :returns: None when some of them are not kept, or never were here
        """
        oldest = self._events[0].id if self._events else self.newest + 1
        if not oldest - 1 <= id <= self.newest:
            return None
        missed = self.newest - id
        if not missed:
            return []
        found = list(self._events)
        return found[-missed:]

    def before(
        self, id: int | None, path: str, limit: int
    ) -> tuple[list[NumberedEvent], int | None]:
        """Return events, newest first.

        :param id: only those before this one
        :param path: only those at this node or below it
        :param limit: how many at most
        :returns: them, and the number to go on with, or None at the end
        """
        found: list[NumberedEvent] = []
        for event in reversed(self._events):
            if id is not None and event.id >= id:
                continue
            if not paths.is_under(event.path, path):
                continue
            if len(found) == limit:
                return found, found[-1].id
            found.append(event)
        return found, None


def moment(seconds: float) -> str:
    """Return a time as ISO 8601 has it, in UTC.

    :param seconds: since 1970
    """
    return datetime.datetime.fromtimestamp(
        seconds, datetime.timezone.utc).isoformat(
            timespec='milliseconds').replace('+00:00', 'Z')
