"""Everything of kazoo's that is private and that this package relies on.

No other module touches an attribute of kazoo that begins with an underscore;
`loop` has a subclass that replaces some of its connection's methods.  The
tests in ``tests/session/test_kazoo.py`` name each, and fail when a new
release of kazoo changes it.  Runs in its caller's thread, which may be one of
kazoo's.
"""
from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from kazoo.client import KazooClient
from kazoo.protocol.connection import ConnectionHandler
from kazoo.protocol.serialization import Close


def call(client: KazooClient, request: Any, result: Any) -> None:
    """Queue a request, which has ``type``, ``serialize`` and
    ``deserialize``; its reply goes to `result`.

    Any thread may call it; kazoo's connection thread serializes.
    """
    client._call(request, result)


def requests_in_flight(client: KazooClient) -> int:
    """Return how many requests wait to be sent, or for their replies."""
    return len(client._queue) + len(client._pending)


def data_watchers(client: KazooClient) -> Any:
    """Return the sets of watchers of nodes' data and of missing nodes.

    :returns: a dictionary by path, the chroot included; kazoo replaces it
        when the connection is lost
    """
    return client._data_watchers


def child_watchers(client: KazooClient) -> Any:
    """Return the sets of watchers of nodes' children, likewise."""
    return client._child_watchers


def session_timeout_of(client: KazooClient) -> float:
    """Return the session timeout that a client asks for, in seconds."""
    return float(client._session_timeout) / 1000


def uses_sasl(client: KazooClient) -> bool:
    """Tell whether a client authenticates with SASL."""
    return bool(client._connection.sasl_options)


def was_stopped(client: KazooClient) -> bool:
    """Tell whether someone stopped a client on purpose."""
    stopped: bool = client._stopped.is_set()
    return stopped


def is_callback_thread(client: KazooClient) -> bool:
    """Tell whether this runs where kazoo calls watch functions.

    A handler that is not made of threads has none.
    """
    workers = getattr(client.handler, '_workers', ())
    return threading.current_thread() in workers


def end_session(client: KazooClient) -> None:
    """Do what kazoo's ``stop`` does, except for waiting."""
    client._stopped.set()
    client._queue.append((Close(), None))
    client._connection._write_sock.send(b'\0')


def wait_stopped(client: KazooClient, timeout: float) -> None:
    """Wait until the connection loop has ended, or `timeout` seconds."""
    client._connection.connection_stopped.wait(timeout)


def connection_of(client: KazooClient) -> ConnectionHandler:
    """Return what runs a client's connection loop."""
    return client._connection


def replace_connection(
    client: KazooClient, connection: ConnectionHandler
) -> None:
    """Have a client that is not started run another connection loop."""
    client._connection = connection


def hear_session(client: KazooClient, hear: Any) -> None:
    """Call `hear` with each ``KeeperState`` before the client learns it.

    The client's class is not ours: a program may pass its own, and tests
    put theirs in the place of kazoo's.  So this replaces the method of one
    client.
    """
    callback = client._session_callback

    def session_callback(state: Any) -> None:
        hear(state)
        callback(state)

    client._session_callback = session_callback


def after_calls(client: KazooClient, function: Callable[[], None]) -> None:
    """Call a function whenever a client has queued a request, in the thread
    that made the request.

    kazoo swallows every error, KeyboardInterrupt too, while it queues one.
    """
    call = client._call

    def heard(request: Any, result: Any) -> Any:
        answer = call(request, result)
        function()
        return answer

    client._call = heard


class HeardCalls:
    """Stands before kazoo's client among the bases of a class.

    Its method `calling` is called with each request and its pending result,
    in the thread that makes the request.
    """

    def calling(self, request: Any, result: Any) -> None:
        """Take note of a request that is about to be queued."""

    def _call(self, request: Any, async_object: Any) -> Any:
        self.calling(request, async_object)
        return super()._call(request, async_object)    # type: ignore[misc]
