"""Getting a connected kazoo client, or a clear error in time.

Runs in the thread that makes a ``ZooKeeper``.  It must not know what the
connection is for.
"""
from __future__ import annotations

import contextlib
import logging
import math
import os
import select
import socket
import threading
import time
from typing import Any

import kazoo.client
from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import KazooException
from kazoo.handlers.threading import SequentialThreadingHandler
from kazoo.protocol.serialization import SASL
from kazoo.protocol.serialization import Auth
from kazoo.protocol.serialization import Connect
from kazoo.protocol.states import KeeperState
from kazoo.retry import RetryFailedError

from ..errors import FailedConnect
from . import servers


logger = logging.getLogger(__name__)

#: Where the servers are when nothing says otherwise.
DEFAULT_CONNECTION_STRING = '127.0.0.1:2181'
#: The environment variable that says otherwise.
CONNECTION_STRING_VARIABLE = 'ZC_ZK_CONNECTION_STRING'
#: The session timeout, in seconds, when none is given.
SESSION_TIMEOUT = 10.0
#: How long to try to connect, in seconds, unless ``wait`` is given.
CONNECT_TIMEOUT = 15.0
#: The longest delay between tries to reconnect, in seconds.
LONGEST_RECONNECT_DELAY = 3.0
#: The shortest time that a server has for its first words on a new
#: connection, in seconds; it is a third of the session timeout if that is
#: longer, as with three servers.
SHORTEST_PATIENCE = 2.0
#: With ``wait``: how long until the next line in the log, in seconds.
REMIND_SECONDS = 60.0
#: The reason when a server does not take the credentials.
REFUSED = 'authentication failed'
#: How long `stop` waits for kazoo, in seconds.
STOP_SECONDS = 1.5


def hide_credentials(record: logging.LogRecord) -> bool:
    """Take credentials out of what kazoo logs of its requests: a filter."""
    if isinstance(record.args, tuple):
        secret = 'passwd' in str(record.msg)
        record.args = tuple([_hidden(each, secret) for each in record.args])
    return True


def _hidden(value: Any, secret: bool) -> Any:
    if isinstance(value, Auth):
        return value._replace(auth='...')
    if isinstance(value, SASL):
        return value._replace(challenge='...')
    if isinstance(value, Connect):      # who has it can take the session over
        return value._replace(passwd='...')
    return '...' if secret and isinstance(value, bytes) else value


class PollHandler(SequentialThreadingHandler):
    """kazoo's threading handler with a cheaper ``select``.

    kazoo makes an epoll object for each call, which takes nearly half of
    its time on pipelined requests.

    A server that is just starting may accept a connection and never say
    anything on it.  With one server, kazoo would wait for it until the
    session is over; here there is time for more tries.

    :param patience: the longest to wait for a server's first words on a new
        connection, in seconds
    :param impatient: whether `start` gives up as soon as each server has
        refused a connection
    :ivar last_error: why the last connection could not be made, or None
    :ivar refused: the addresses that refused a connection
    """

    last_error: Exception | None = None

    def __init__(
        self, patience: float = math.inf, impatient: bool = False
    ) -> None:
        super().__init__()
        self.impatient = impatient
        self.refused: set[tuple[str, int]] = set()
        self._patience = patience
        self._silent: Any = None    # a connection without words so far

    def create_connection(self, *args: Any, **keywords: Any) -> Any:
        try:
            connection = super().create_connection(*args, **keywords)
        except Exception as e:
            # kazoo logs it, and tells nobody.
            self.last_error = e
            if isinstance(e, ConnectionRefusedError):
                address = keywords['address'] if not args else args[0]
                self.refused.add(address[:2])
            raise
        self.last_error = None
        self._silent = connection
        return connection

    def select(
        self,
        rlist: Any,
        wlist: Any,
        xlist: Any,
        timeout: float | None = None,
    ) -> tuple[list[Any], list[Any], list[Any]]:
        first_words = self._silent is not None and rlist == [self._silent]
        if first_words and timeout is not None:
            timeout = min(timeout, self._patience)
        poller = select.poll()
        wanted: dict[int, tuple[Any, int]] = {}
        for objects, mask in ((rlist, select.POLLIN), (wlist, select.POLLOUT)):
            for each in objects:
                fd = each if isinstance(each, int) else each.fileno()
                if fd < 0:
                    raise ValueError(f'closed socket: {each!r}')
                wanted[fd] = each, wanted.get(fd, (each, 0))[1] | mask
        for fd, (_, mask) in wanted.items():
            poller.register(fd, mask)
        # What TLS has decrypted already is in no socket's buffer.
        readable = [each for each in rlist
                    if hasattr(each, 'pending') and each.pending()]
        writable = []
        if readable:
            timeout = 0.0
        for fd, events in poller.poll(
                None if timeout is None else max(0.0, timeout) * 1000):
            each, mask = wanted[fd]
            # An error or a hang-up shows when the socket is used.
            failed = events & ~(select.POLLIN | select.POLLOUT)
            if mask & select.POLLIN and (events & select.POLLIN or failed):
                if each not in readable:
                    readable.append(each)
            if mask & select.POLLOUT and (events & select.POLLOUT or failed):
                writable.append(each)
        if first_words and readable:
            self._silent = None
        return readable, writable, []


class Loop:
    """A client's connection loop, which remembers why it ended.

    kazoo ends it for good when a server refuses the credentials, when an
    error comes up in it that kazoo did not expect, and when the tries that
    ``connection_retry`` allows are used up.

    :param client: one that is not started yet
    :ivar end: why, None while it runs and when the client was stopped
    :ivar granted: the session timeout that the server gave, in seconds;
        the one that is asked for until there is a session
    """

    def __init__(self, client: kazoo.client.KazooClient) -> None:
        self.end: Exception | None = None
        self.granted = session_timeout_of(client)
        self._client = client
        self._refused = False
        self._invoke = client._connection._invoke
        client._connection._invoke = self._invoked
        self._zk_loop = client._connection.zk_loop
        self._session_callback = client._session_callback
        client._connection.zk_loop = self._run
        client._session_callback = self._session_changed

    @property
    def refused(self) -> bool:
        """Whether a server refused the credentials."""
        return self._refused

    @property
    def was_stopped(self) -> bool:
        """Whether someone stopped the client on purpose."""
        stopped: bool = self._client._stopped.is_set()
        return stopped

    def _run(self) -> None:
        self.end = None
        self._refused = False
        end: Exception = RetryFailedError('kazoo stopped trying')
        try:
            self._zk_loop()
        except Exception as e:
            # kazoo has logged it.
            end = ConnectionClosedError(f'{type(e).__name__}: {e}')
        if self._refused:
            end = AuthFailedError(REFUSED)
        if not self.was_stopped:
            self.end = end

    def _invoked(
        self, timeout: float, request: Any, *args: Any, **keywords: Any
    ) -> Any:
        result = self._invoke(timeout, request, *args, **keywords)
        if isinstance(request, Connect) and result[0].time_out > 0:
            self.granted = result[0].time_out / 1000
        return result

    def _session_changed(self, state: Any) -> None:
        self._refused = self._refused or state == KeeperState.AUTH_FAILED
        self._session_callback(state)


def session_timeout_of(client: kazoo.client.KazooClient) -> float:
    """Return the session timeout that a client asks for, in seconds."""
    return float(client._session_timeout) / 1000


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
) -> Loop:
    """Start `client` and wait until it is connected.

    :param wait: whether to try for ever
    :param timeout: the longest to try otherwise, in seconds
    :returns: what knows why its connection loop ended, once it does
    :raises FailedConnect: when no session could be had in time, the server
        refused the credentials, or kazoo stopped trying
    """
    connection_string = servers.shown(connection_string)
    loop = Loop(client)
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
        addresses = _addresses(client) if getattr(
            client.handler, 'impatient', False) is True else None
        if addresses is not None and not addresses:
            raise FailedConnect(
                connection_string, _no_session(client, 'no session'))
        deadline = time.monotonic() + timeout
        reminder = time.monotonic()
        with changed:
            while not client.connected:
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
    loop: Loop,
    connection_string: str,
    timeout: float,
) -> None:
    """Make one request: with a wrong password, only that fails."""
    if not (client._connection.sasl_options or client.auth_data):
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
