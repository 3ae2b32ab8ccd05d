"""Checks one child again and again, in a thread of its own.

Tells each result; what follows from it is decided elsewhere.
"""
from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from .health import next_check


#: Seconds between checks until the first that passes, at first and at most:
#: a server is often ready in a moment.
FIRST = 0.05
LONGEST = 1.0


class Prober:
    """The thread that checks.

    :param look: performs the check; its argument tells whether the child
        was ready before; returns why it failed, or nothing
    :param told: called with each result
    :param interval: seconds between checks of a child that is ready; None:
        it is checked until it is ready only
    :param name: the thread's
    """

    def __init__(
        self,
        look: Callable[[bool], str],
        told: Callable[[str], None],
        interval: float | None,
        name: str = 'zczk run check',
    ) -> None:
        self._look = look
        self._told = told
        self._interval = interval
        self._stopped = threading.Event()
        self._thread = threading.Thread(
            target=self._run, daemon=True, name=name)
        self._thread.start()

    def stop(self) -> None:
        """Check no more; a check that is under way is not waited for."""
        self._stopped.set()

    def _run(self) -> None:
        delay = FIRST
        while not self._stopped.is_set():
            reason = self._look(False)
            self._told(reason)
            if not reason:
                break
            self._stopped.wait(delay)
            delay = min(delay * 1.5, LONGEST)
        if self._interval is None:
            return
        while not self._stopped.is_set():
            now = time.monotonic()
            due = next_check(now, self._interval, random.random())
            if not self._stopped.wait(due - now):
                self._told(self._look(True))
