"""The callback thread of a client, in which user callbacks run.

It starts with the first call.  It must not know what a callback watches.
"""
from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any


logger = logging.getLogger(__name__)

#: How long `close` and `wait_for_end` wait, in seconds: a callback may block
#: for as long as it likes, or for who waits here.
CLOSE_SECONDS = 1.0


class Calls:
    """Runs functions in a thread of its own, one after the other.

    :param name: of the thread
    """

    def __init__(self, name: str) -> None:
        self._name = name
        # A simple queue: its put never blocks.
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = (
            queue.SimpleQueue())
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._turn = threading.Condition()
        self._running: Any = None       # whose callback runs

    @property
    def thread(self) -> threading.Thread | None:
        """The thread, or None before `put` was used."""
        return self._thread

    def when_settled(self, function: Callable[[], None]) -> None:
        """Call `function` when all that was put so far has run.

        It is called in the thread, or at once where there is none.
        """
        with self._lock:
            if self._thread is not None and not self._closed:
                self._queue.put(function)
                return
        function()

    def put(self, function: Callable[[], None]) -> None:
        """Have the thread call `function`."""
        if self._thread is None:
            with self._lock:
                if self._thread is None and not self._closed:
                    self._thread = threading.Thread(
                        target=self._run, name=self._name, daemon=True)
                    self._thread.start()
        self._queue.put(function)

    def begin(self, owner: Any, closed: Callable[[], bool]) -> bool:
        """Tell, in the thread, whether a callback of `owner` may start.

        :param closed: tells whether `owner` was closed
        """
        with self._turn:
            if self._closed or closed():
                return False
            self._running = owner
            return True

    def end(self) -> None:
        """Note, in the thread, that the callback has ended."""
        with self._turn:
            self._running = None
            self._turn.notify_all()

    def wait_for_end(self, owner: Any) -> None:
        """Wait until no callback of `owner` runs, which is closed by now.

        One that is about to start cannot be told from one that runs.
        """
        if threading.current_thread() is not self._thread:
            with self._turn:
                self._turn.wait_for(
                    lambda: self._running is not owner, CLOSE_SECONDS)

    def close(self) -> None:
        """Start no callback any more, and end the thread; from any thread.
        """
        with self._lock, self._turn:
            self._closed = True
        self._queue.put(None)
        thread = self._thread
        if thread not in (None, threading.current_thread()):
            thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        while True:
            function = self._queue.get()
            if function is None:
                return
            try:
                function()
            except BaseException:       # SystemExit too: others are to come
                logger.exception('callback failed')
            del function        # else it lives until the next call comes
