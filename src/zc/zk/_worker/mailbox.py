"""A thread that does what it is told by messages.

Whoever has something for it to do puts a message and goes on.  The thread
takes all that have come at once, so that it can do them together.  It must
not know what the messages mean.
"""
from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any
from typing import Generic
from typing import TypeVar

from . import queues


logger = logging.getLogger(__name__)

M = TypeVar('M')


class _Settled:
    """Asks to be told when all messages before it have been dealt with."""

    __slots__ = ('function',)

    def __init__(self, function: Callable[[], None]) -> None:
        self.function = function


class Mailbox(Generic[M]):
    """Messages for a thread, and the thread, which starts when asked to.

    :param name: of the thread
    :param handle: called in the thread with the messages that came; with
        none when a due time has come, or only a settle point
    :param rest: called in the thread when it has nothing to do; returns the
        due time, of ``time.monotonic()``, or None
    """

    def __init__(
        self,
        name: str,
        handle: Callable[[list[M]], None],
        rest: Callable[[], float | None],
    ) -> None:
        self._name = name
        self._handle = handle
        self._rest = rest
        # A simple queue: its put may be called from a weak reference's
        # callback, in any thread, at any moment.
        self._queue: queue.SimpleQueue[M | _Settled | None] = (
            queue.SimpleQueue())
        # What was taken from it already; only for the thread.
        self._ahead: list[M | _Settled | None] = []
        self._lock = threading.Lock()
        self._closed = False
        self._ended = False
        self.thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread, unless it was started or closed."""
        if self.thread is None:
            with self._lock:
                if self.thread is None and not self._closed:
                    thread = threading.Thread(
                        target=self._run, daemon=True, name=self._name)
                    self.thread = thread
                    try:
                        thread.start()
                    except BaseException:   # as where there can be no more
                        self.thread = None
                        raise

    def put(self, message: M) -> None:
        """Have the thread handle a message.  Never blocks."""
        self._queue.put(message)

    def waiting(self) -> int:
        """Return how many messages have not been taken yet."""
        return self._queue.qsize() + len(self._ahead)

    def more(self) -> list[M]:
        """Return the messages that came while messages are handled.

        They are handled next all the same.  Only the thread may call it.
        """
        with contextlib.suppress(queue.Empty):
            while True:
                self._ahead.append(self._queue.get_nowait())
        return [each for each in self._ahead
                if each is not None and not isinstance(each, _Settled)]

    def when_settled(self, function: Callable[[], None]) -> None:
        """Call `function` when all that was put so far has been handled.

        It is called in the thread, or at once where there is none.
        """
        with self._lock:
            if self.thread is not None and not self._ended:
                self._queue.put(_Settled(function))
                return
        function()

    def on_thread(self) -> bool:
        """Tell whether the caller runs in the thread."""
        return threading.current_thread() is self.thread

    def close(self) -> None:
        """Have the thread end after what it is at, and start no more."""
        with self._lock:
            self._closed = True
        self._queue.put(None)

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, unless this is the thread."""
        if self.thread is not None and not self.on_thread():
            self.thread.join(seconds)

    def _run(self) -> None:
        while not self._closed:
            messages, settled = self._take(self._next_due())
            if not self._closed:
                self._guarded(self._handle, messages)
            for function in settled:
                self._guarded(function)
        with self._lock:
            self._ended = True
        # Nobody shall wait for what does not come.
        self.more()
        for each in self._ahead:
            if isinstance(each, _Settled):
                self._guarded(each.function)

    def _take(
        self, due: float | None
    ) -> tuple[list[M], list[Callable[[], None]]]:
        """Wait for messages, and return all that are there."""
        timeout = None if due is None else max(0.0, due - time.monotonic())
        found, self._ahead = self._ahead, []
        with contextlib.suppress(queue.Empty):
            if not found:
                found.append(queues.get(self._queue, timeout))
            while True:
                found.append(self._queue.get_nowait())
        messages: list[M] = []
        settled: list[Callable[[], None]] = []
        for each in found:
            if isinstance(each, _Settled):
                settled.append(each.function)
            elif each is not None:
                messages.append(each)
        return messages, settled

    def _next_due(self) -> float | None:
        try:
            return self._rest()
        except Exception:
            logger.exception('%s', self._name)
            return None

    def _guarded(self, function: Callable[..., Any], *args: Any) -> None:
        try:
            function(*args)
        except Exception:
            logger.exception('%s', self._name)
