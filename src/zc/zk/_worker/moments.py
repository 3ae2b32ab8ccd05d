"""Waiting for a moment that another thread tells of, while it can come.

It must not know what the moment is.
"""
from __future__ import annotations

import threading
from collections.abc import Callable


class Moments:
    """Threads that wait, each for a moment of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._awaited: set[threading.Event] = set()

    def wait(
        self, ask: Callable[[Callable[[], None]], None], seconds: float
    ) -> bool:
        """Wait in the caller's thread.

        :param ask: is given what tells, from any thread, that the moment
            has come
        :param seconds: the longest to wait
        :returns: whether it came; not when `give_up` was called first
        """
        moment = threading.Event()
        with self._lock:
            self._awaited.add(moment)
        try:
            ask(moment.set)
            moment.wait(seconds)
            with self._lock:
                return moment.is_set() and moment in self._awaited
        finally:
            with self._lock:
                self._awaited.discard(moment)

    def give_up(self) -> None:
        """Let all who wait go on: it would not come soon."""
        with self._lock:
            awaited, self._awaited = self._awaited, set()
        for moment in awaited:
            moment.set()
