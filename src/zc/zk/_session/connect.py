"""Getting a connected kazoo client, or a clear error in time.

Runs in the thread that makes a ``ZooKeeper``.  It must not know what the
connection is for.
"""
from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

import kazoo.client
from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import KazooException

from ..errors import FailedConnect
from . import insides
from . import servers
from .defaults import CONNECTION_STRING_VARIABLE
from .defaults import DEFAULT_CONNECTION_STRING
from .handler import SHORTEST_PATIENCE
from .handler import PollHandler
from .logfilter import hide_credentials
from .loop import REFUSED
from .loop import ConnectionLoop


logger = logging.getLogger(__name__)

#: The longest delay between tries to reconnect, in seconds.
LONGEST_RECONNECT_DELAY = 3.0
#: With ``wait``: how long until the next line in the log, in seconds.
REMIND_SECONDS = 60.0
#: How long `stop` waits for kazoo, in seconds.
STOP_SECONDS = 1.5


def connection_string_from(given: str | None) -> str:
    """Return the connection string to use."""
    return (given or os.environ.get(CONNECTION_STRING_VARIABLE)
            or DEFAULT_CONNECTION_STRING)


def make_client(
    connection_string: str, session_timeout: float, **keywords: Any
) -> kazoo.client.KazooClient:
    """Return a client that is not started yet.

    :param connection_string: comma-separated HOST:PORT, and perhaps a chroot
    :param session_timeout: in seconds
    :param keywords: as for ``kazoo.client.KazooClient``
    :raises FailedConnect: when the connection string is not of that form
    """
    servers.check(connection_string)
    keywords.setdefault('handler', PollHandler(
        max(SHORTEST_PATIENCE, session_timeout / 3)))
    # kazoo's own delays grow to an hour: a server that was away for a night
    # would not be found in the morning.
    keywords.setdefault('connection_retry', {
        'max_tries': -1, 'delay': 0.1, 'max_delay': LONGEST_RECONNECT_DELAY})
    client = kazoo.client.KazooClient(
        connection_string, session_timeout, **keywords)
    client.logger.addFilter(hide_credentials)
    return client


def start(
    client: kazoo.client.KazooClient,
    connection_string: str,
    wait: bool,
    timeout: float,
    given_up: Callable[[], bool] = lambda: False,
) -> ConnectionLoop:
    """Start `client` and wait until it is connected.

    :param wait: whether to try for ever
    :param timeout: the longest to try otherwise, in seconds; 0: do not
        wait, while kazoo tries on
    :param given_up: asked now and then: whether nobody waits any more
    :returns: what knows why its connection loop ended, once it does
    :raises FailedConnect: when no session could be had in time, the server
        refused the credentials, or kazoo stopped trying
    """
    connection_string = servers.shown(connection_string)
    loop = ConnectionLoop(client)
    changed = threading.Condition()

    def listener(state: str) -> None:
        with changed:
            changed.notify_all()

    client.add_listener(listener)
    try:
        try:
            client.start_async()
        except client.handler.timeout_exception as e:
            raise FailedConnect(connection_string, str(e)) from e
        if not (timeout or wait):
            return loop
        addresses = _addresses(client) if getattr(
            client.handler, 'impatient', False) is True else None
        if addresses is not None and not addresses:
            raise FailedConnect(
                connection_string, _no_session(client, 'no session'))
        deadline = time.monotonic() + timeout
        reminder = time.monotonic()
        with changed:
            while not client.connected:
                if given_up():
                    raise FailedConnect(connection_string, 'given up')
                if loop.refused:
                    raise FailedConnect(connection_string, REFUSED)
                if loop.end is not None:
                    raise FailedConnect(
                        connection_string,
                        _no_session(client, str(loop.end)))
                if addresses and addresses <= client.handler.refused:
                    raise FailedConnect(
                        connection_string, _no_session(client, 'no session'))
                left = deadline - time.monotonic()
                if wait:
                    if time.monotonic() >= reminder:
                        _remind(connection_string, reminder < deadline)
                        reminder = time.monotonic() + REMIND_SECONDS
                    left = 1.0
                if left <= 0:
                    raise FailedConnect(connection_string, _no_session(
                        client, f'no session within {timeout:g} seconds'))
                # Some state changes come without a call of the listener.
                changed.wait(min(left, 0.05))
        _prove(client, loop, connection_string, timeout)
    except BaseException:
        stop(client)
        raise
    finally:
        client.remove_listener(listener)
    return loop


def _no_session(client: kazoo.client.KazooClient, reason: str) -> str:
    error = getattr(client.handler, 'last_error', None)
    if error is None:
        unknown = _unknown_hosts(client)
        return f'{reason} (cannot resolve {unknown})' if unknown else reason
    return f"{reason} ({getattr(error, 'strerror', None) or error})"


def _addresses(client: kazoo.client.KazooClient) -> set[tuple[str, int]]:
    """Return the addresses of all servers whose host names are known."""
    found: set[tuple[str, int]] = set()
    for host, port in client.hosts:
        with contextlib.suppress(OSError, UnicodeError):
            found |= {(str(place[0]), int(place[1]))
                      for _, _, _, _, place in socket.getaddrinfo(
                          host, port, type=socket.SOCK_STREAM)}
    return found


def _unknown_hosts(client: kazoo.client.KazooClient) -> str:
    """Return the names of the servers' hosts if none of them is known."""
    if _addresses(client):
        return ''
    return ', '.join(repr(host) for host, _ in client.hosts)


def _remind(connection_string: str, first: bool) -> None:
    logger.log(logging.INFO if first else logging.CRITICAL,
               'waiting for ZooKeeper at %r', connection_string)


def _prove(
    client: kazoo.client.KazooClient,
    loop: ConnectionLoop,
    connection_string: str,
    timeout: float,
) -> None:
    """Make one request: with a wrong password, only that fails."""
    if not (insides.uses_sasl(client) or client.auth_data):
        return
    try:
        client.exists_async('/').get(timeout=timeout)
    except (AuthFailedError, ConnectionClosedError) as e:
        raise FailedConnect(connection_string, REFUSED) from e
    except (KazooException, client.handler.timeout_exception) as e:
        if loop.refused:
            raise FailedConnect(connection_string, REFUSED) from e
        logger.debug('first request failed: %r', e)


def stop(client: kazoo.client.KazooClient) -> None:
    """End the session and the client's threads.

    kazoo waits for the server's answer, which a hung server never gives:
    then its threads are left behind to end by themselves.
    """
    def stop_and_close() -> None:
        try:
            client.stop()
            client.close()
        except Exception:
            logger.debug('closing the connection failed', exc_info=True)

    thread = threading.Thread(
        target=stop_and_close, name='zc.zk close', daemon=True)
    thread.start()
    thread.join(STOP_SECONDS)
