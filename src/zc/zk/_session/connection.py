"""A connection: one kazoo client, and what is known of its state.

The client is made here, or was passed in and stays its maker's.  State
changes come in kazoo's threads, which must not wait.  It must not know what
the connection is for.
"""
from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any
from typing import cast

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.protocol.states import Callback
from kazoo.protocol.states import KazooState

from .._worker.moments import Moments
from . import connect
from . import exit
from . import insides
from .chroot import Chroot
from .defaults import SESSION_TIMEOUT
from .loop import ConnectionLoop
from .requests import Bulk
from .reviver import Reviver
from .servers import servers_of


class Connection:
    """One kazoo client, started.

    :param client: a connection string, a kazoo client that is used as it is
        and left open, or None for the default
    :param session_timeout: in seconds, None for the default
    :param wait: whether to wait for a connection without a limit
    :param connect_timeout: how long to try otherwise, in seconds; 0: not to
        wait
    :param jute_maxbuffer: the largest request that the servers take, in bytes
    :param keywords: for kazoo's client
    :param given_up: asked while connecting: whether nobody waits any more
    :raises FailedConnect: when there is no session in time
    :ivar bulk: requests over it
    :ivar chroot: tells of a chroot that does not exist
    :ivar name: host and port of each server
    :ivar session_timeout: in seconds, as it was asked for
    :ivar patient: whether a connection may come later
    :ivar reconnections: how often it came back
    """

    def __init__(
        self,
        client: str | KazooClient | None,
        session_timeout: float | None,
        wait: bool,
        connect_timeout: float,
        jute_maxbuffer: int,
        keywords: Mapping[str, Any],
        given_up: Callable[[], bool] = lambda: False,
    ) -> None:
        self._loop: ConnectionLoop | None = None
        if client is None or isinstance(client, str):
            servers = connect.connection_string_from(client)
            if session_timeout is None:
                session_timeout = SESSION_TIMEOUT
            client = connect.make_client(servers, session_timeout, **keywords)
            self._loop = connect.start(
                client, servers, wait, connect_timeout, given_up)
            exit.end_at_exit(client)
        elif keywords:
            raise TypeError('keywords cannot be passed with a client: '
                            + ', '.join(sorted(keywords)))
        self.client = cast(Any, client)
        self.session_timeout = insides.session_timeout_of(client)
        self.name = servers_of(self.client)
        self.bulk = Bulk(
            self.client, max(4 * self.session_timeout, 30.0), jute_maxbuffer)
        self.chroot = Chroot(self.bulk)
        self.patient = self._loop is not None and not (
            connect_timeout or wait)
        if self._loop is not None and self.client.connected:
            self.chroot.warn()
        self.reconnections = 0
        self._lock = threading.Lock()
        self._was_connected = False
        self._connected = False
        self._listener: Callable[[str], Any] | None = None
        self.reviver: Reviver | None = None

    @property
    def own(self) -> bool:
        """Whether the client was made here, not passed in."""
        return self._loop is not None

    def granted(self) -> float:
        """Return the session timeout that the server gave, in seconds.

        For a client that was passed in, return the one that it asked for.
        """
        if self._loop is None:
            return self.session_timeout
        return self._loop.granted

    def follow(
        self,
        listener: Callable[[str], Any],
        gave_up: Callable[[Exception], None],
    ) -> None:
        """Tell of the state from now on.

        :param listener: called with each state, and with the present one;
            hands them to `session_changed` too
        :param gave_up: called with the reason when kazoo has stopped trying
        """
        if self._loop is not None:
            self.reviver = Reviver(self.client, self._loop, gave_up)
        self._listener = listener
        self.client.add_listener(listener)
        # It may have changed before the listener was there, and may change
        # while it is told.
        told = None
        while told != self.client.state:
            told = self.client.state
            listener(told)

    def before_exit(self, method: Callable[[float], None]) -> None:
        """Have a method called before the process ends a session that is
        ours.

        :param method: takes how long it may wait, in seconds; it is not
            kept alive by this
        """
        if self._loop is not None:
            exit.before_exit(self.client, method)

    def session_changed(self, state: str) -> None:
        """Take note of the state."""
        with self._lock:
            connected = state == KazooState.CONNECTED
            if connected and self._was_connected and not self._connected:
                self.reconnections += 1
            self._connected = connected
            self._was_connected = self._was_connected or connected
        if self.reviver is not None:
            self.reviver.session_changed(state)

    def requests_in_flight(self) -> int:
        """Return how many requests have no reply yet."""
        return insides.requests_in_flight(self.client)

    def settle(self, deadline: float) -> bool:
        """Wait until all events that ZooKeeper has sent have been passed on.

        ZooKeeper sends a client its events before the reply to any later
        request.

        :param deadline: of ``time.monotonic()``
        :returns: whether they have in time; without a connection, those that
            have come
        """
        client = self.client
        if client.connected:
            # Without a connection, there are no events either.
            with contextlib.suppress(KazooException):
                self.bulk.until(deadline).wait(client.sync_async('/'))
        return not client.handler.running or Moments().wait(
            lambda done: client.handler.dispatch_callback(
                Callback('watch', done, ())),
            deadline - time.monotonic())

    def unfollow(self) -> bool:
        """Tell of the state no more, and stop a client that is ours.

        :returns: whether it was ours
        """
        if self._listener is not None:
            self.client.remove_listener(self._listener)
        if self.reviver is None:
            return False
        if self.reviver.close():
            connect.stop(self.client)
        return True
