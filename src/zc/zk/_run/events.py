"""What the main thread waits for: events of threads and signals, messages.

`post` may be called in any thread and in signal handlers.
"""
from __future__ import annotations

import collections
import contextlib
import os
import selectors
import signal
from typing import Any

from .notify import Receiver


class Events:
    """Waits for whatever comes first."""

    def __init__(self) -> None:
        self._posted: collections.deque[Any] = collections.deque()
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._reader, selectors.EVENT_READ)

    def post(self, event: Any) -> None:
        """Have `event` returned by `wait`."""
        self._posted.append(event)
        # A pipe that is full wakes as well.
        with contextlib.suppress(BlockingIOError, OSError):
            os.write(self._writer, b'.')

    def wake_by_signals(self, wake: bool = True) -> None:
        """Have each signal end a `wait`, in whatever thread it arrives.

        Only the main thread runs handlers, and the system tells the thread
        that started a process of its end.

        :param wake: False: no more
        """
        signal.set_wakeup_fd(
            self._writer if wake else -1, warn_on_full_buffer=False)

    def add(self, receiver: Receiver, owner: Any) -> None:
        """Return (owner, line) pairs for what is received from now on."""
        self._selector.register(receiver, selectors.EVENT_READ, owner)

    def remove(self, receiver: Receiver) -> None:
        """Return nothing of it any more."""
        self._selector.unregister(receiver)

    def wait(self, timeout: float | None) -> list[Any]:
        """Return events, in order.

        :param timeout: the longest to wait, in seconds; None: for ever
        """
        found: list[Any] = []
        for key, _ in self._selector.select(timeout):
            if key.fileobj == self._reader:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._reader, 4096)
            elif isinstance(key.fileobj, Receiver):
                found += [(key.data, line)
                          for line in key.fileobj.received()]
        while self._posted:
            found.append(self._posted.popleft())
        return found

    def close(self) -> None:
        """Wait no more."""
        self._selector.close()
        writer, self._writer = self._writer, -1
        os.close(writer)
        os.close(self._reader)
