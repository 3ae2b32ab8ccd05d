"""A value that is computed from nodes: what the watch engine keeps fresh.

It is computed in whatever thread has the engine's lock.  It must not know who
computes it, nor when.
"""
from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .._session.wire import DATA
from .view import Key
from .view import View


class Tracker:
    """A value computed from nodes; subclasses say how.

    :param path: of the node that it is about
    :cvar kind: DATA or CHILDREN: what of it is most likely read first
    :cvar shown: whether users see its value
    :ivar snapshot: the newest value that could be computed, or None
    :ivar error: why there is no newer value, or None
    :ivar version: how often snapshot or error changed
    :ivar used: what was read for it
    """

    __slots__ = ('dropped', 'error', 'path', 'snapshot', 'used', 'version')

    kind = DATA
    shown = False

    def __init__(self, path: str) -> None:
        self.path = path
        self.snapshot: Any = None
        self.error: Exception | None = None
        self.version = 0
        self.used: Collection[Key] = ()
        self.dropped = False

    def compute(self, view: View) -> Any:
        """Return the value, from what `view` gives to read."""
        raise NotImplementedError

    def changed(self) -> None:
        """Called when the value changed; must not wait for anything."""
        raise NotImplementedError
