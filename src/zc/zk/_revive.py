"""Bringing kazoo's connection back when kazoo has given it up.

kazoo ends its connection loop for good when a server refuses the
credentials, and when an error comes up in it that it did not expect.  A
registered server would then be gone until someone restarts it.

A thread of its own looks on while there is no connection, and starts the
loop again after a growing delay.  It must not know what the connection is
for.
"""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.protocol.states import KazooState

from . import _connect


logger = logging.getLogger(__name__)

#: How long until the first look, in seconds, and between later ones.
LOOK_SECONDS = 1.0
#: The longest delay between two starts, in seconds.
LONGEST_DELAY = 30.0
#: How long `close` waits for the thread, in seconds.
CLOSE_SECONDS = 0.5


class Reviver:
    """Starts a client's connection loop again whenever it ended by itself.

    :param client: one that nobody else stops
    :param gave_up: called with the reason, each time that it had ended
    """

    def __init__(
        self, client: KazooClient, gave_up: Callable[[Exception], None]
    ) -> None:
        self._client = client
        self._gave_up = gave_up
        self._lock = threading.Lock()
        self._closed = False
        self._look = threading.Event()
        self._thread: threading.Thread | None = None

    def session_changed(self, state: str) -> None:
        """Take note of the connection's state: a kazoo listener."""
        if state == KazooState.CONNECTED:
            self._look.set()
            return
        with self._lock:
            if self._thread is None and not self._done():
                self._thread = threading.Thread(
                    target=self._run, name='zc.zk reviver', daemon=True)
                self._thread.start()

    def close(self) -> None:
        """End the thread; after this, the client may be stopped."""
        with self._lock:
            self._closed = True
            thread = self._thread
        self._look.set()
        if thread is not None:
            thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        delay = LOOK_SECONDS
        told = ''
        while True:
            self._look.wait(delay)
            self._look.clear()
            with self._lock:
                if self._done() or self._client.connected:
                    self._thread = None
                    return
            error = _connect.reason_for_end(self._client)
            if error is None:
                delay = LOOK_SECONDS
                continue
            if told != repr(error):
                told = repr(error)
                logger.error('the connection to ZooKeeper ended: %s; '
                             'trying again', error)
            self._gave_up(error)
            self._start()
            delay = min(2 * delay, LONGEST_DELAY)

    def _done(self) -> bool:
        # Who stops the client by hand wants no connection.
        return self._closed or _connect.was_stopped(self._client)

    def _start(self) -> None:
        try:
            self._client.start_async()
        except (KazooException, OSError) as e:
            logger.debug('starting again failed: %r', e)
        if self._closed:
            _connect.stop(self._client)     # `close` could not wait for this
