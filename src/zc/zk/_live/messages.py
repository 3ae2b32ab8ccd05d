"""What the watch engine's thread is told.

It must not know what follows from that.
"""
from __future__ import annotations

from typing import NamedTuple

from .tracker import Tracker


class Event(NamedTuple):
    """A watch fired."""

    type: str
    path: str


class Drop(NamedTuple):
    """Nobody wants a tracker any more."""

    tracker: Tracker


class CaughtUp(NamedTuple):
    """All events that were missed in an outage have come."""

    outage: int


class Look(NamedTuple):
    """Something changed that is looked at in any case."""


class Later(NamedTuple):
    """A new tracker is to be computed as soon as that is possible."""

    tracker: Tracker


class Touch(NamedTuple):
    """A tracker counts as changed, for a reason that no node has."""

    tracker: Tracker


Message = Event | Drop | CaughtUp | Look | Later | Touch
