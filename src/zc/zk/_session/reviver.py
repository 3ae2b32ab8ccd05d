"""Bringing kazoo's connection back when kazoo has given it up.

See `loop.ConnectionLoop` for when kazoo does so.  A registered server would
then be gone until someone restarts it.

A thread of its own looks on while there is no connection, and starts the
loop again after a growing delay.  It must not know what the connection is
for.
"""
from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from kazoo.client import KazooClient
from kazoo.protocol.states import KazooState
from kazoo.retry import RetryFailedError

from .._worker.backoff import Backoff
from . import connect
from .loop import ConnectionLoop


logger = logging.getLogger(__name__)

#: How long between looks, in seconds.
LOOK_SECONDS = 1.0
#: The longest delay between two starts, in seconds.  A connection that
#: lasted as long is a new beginning: kazoo tells of one before the server
#: has looked at the credentials.
LONGEST_DELAY = 30.0
#: How long `close` waits for the thread, in seconds.
CLOSE_SECONDS = 0.5


class Reviver:
    """Starts a client's connection loop again whenever it ended by itself.

    :param client: one that nobody else stops
    :param loop: its connection loop
    :param gave_up: called with the reason, each time that it had ended
    """

    def __init__(
        self,
        client: KazooClient,
        loop: ConnectionLoop,
        gave_up: Callable[[Exception], None],
    ) -> None:
        self._client = client
        self._loop = loop
        self._gave_up = gave_up
        self._lock = threading.Lock()
        self._closed = False
        self._look = threading.Event()
        self._thread: threading.Thread | None = None
        self._connected_at = 0.0
        self._reset()

    def _reset(self) -> None:
        self._backoff = Backoff(2 * LOOK_SECONDS, LONGEST_DELAY, least=1.0)
        self._told = ''     # what was logged last

    def session_changed(self, state: str) -> None:
        """Take note of the connection's state: a kazoo listener."""
        with self._lock:
            if state == KazooState.CONNECTED:
                self._connected_at = time.monotonic()
                self._look.set()
            elif self._thread is None and not self._done():
                if time.monotonic() > self._connected_at + LONGEST_DELAY:
                    self._reset()
                self._look.clear()
                thread = threading.Thread(
                    target=self._run, name='zc.zk reviver', daemon=True)
                thread.start()
                self._thread = thread

    @property
    def thread(self) -> threading.Thread | None:
        """The thread, or None while there is none."""
        return self._thread

    def close(self) -> bool:
        """End the thread; tell whether it has ended.

        One that has not stops the client itself.
        """
        with self._lock:
            self._closed = True
            thread = self._thread
        self._look.set()
        if thread is not None:
            thread.join(CLOSE_SECONDS)
            return not thread.is_alive()
        return True

    def _run(self) -> None:
        while True:
            self._look.wait(LOOK_SECONDS)
            self._look.clear()
            end = self._loop.end
            with self._lock:
                if (self._done() or self._client.connected
                        or isinstance(end, RetryFailedError)):
                    self._thread = None
                    break
            if end is not None and time.monotonic() >= self._backoff.due:
                self._tell(end)
                self._start()
        if isinstance(end, RetryFailedError):
            self._tell(end)     # as the user's `connection_retry` wants it

    def _tell(self, end: Exception) -> None:
        if self._told != repr(end):
            self._told = repr(end)
            logger.error('the connection to ZooKeeper ended: %s', end)
        self._gave_up(end)

    def _start(self) -> None:
        self._backoff.failed(time.monotonic())
        try:
            self._client.start_async()
        except Exception as e:
            # As where no thread can be had at the moment: there is a next
            # time.
            logger.debug('starting again failed: %r', e)
        if self._closed:
            connect.stop(self._client)     # `close` could not wait for this

    def _done(self) -> bool:
        # Who stops the client by hand wants no connection.
        return self._closed or self._loop.was_stopped
