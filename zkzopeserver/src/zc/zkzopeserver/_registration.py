"""The server's nodes in ZooKeeper: how they come, and how they go.

`enter` runs in the thread that registers, `leave` in one of its own, and
`close` in the one that serves.  Knows no engine and no socket.
"""
from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import ConnectionClosedError
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import KazooState

import zc.zk
import zc.zk.checks
import zc.zk.monitor
import zc.zk.tls
from zc.zk.backoff import Backoff

from ._options.table import Options


logger = logging.getLogger('zc.zkzopeserver')

# kazoo writes some lines for each of its attempts to connect; our lines say
# the same, one for each change.  A level of one's own is kept.
kazoo_logger = logging.getLogger('kazoo.client.zkzopeserver')

# Seconds between attempts to register while `wait` is on: short at first,
# since ZooKeeper is often only a moment late, and never long.
FIRST_DELAY = 0.2
LAST_DELAY = 10.0

# Seconds that one attempt may take while `wait` is on: soon enough for a
# line in the log, and long enough for a slow ZooKeeper.
ATTEMPT = 5.0


class Presence:
    """What ZooKeeper knows of this server.

    :param options: the server's options
    :param addresses: the (host, port) pairs to register
    :param takeover: whether a node of the same name must be stale, since
        this process holds the address
    :param properties: more properties for the nodes
    :param connect: makes the ZooKeeper object, from its keywords
    """

    def __init__(
        self,
        options: Options,
        addresses: list[tuple[str, int]],
        takeover: bool,
        properties: dict[str, Any],
        connect: Callable[..., Any] | None = None,
    ) -> None:
        self._options = options
        self._addresses = addresses
        self._takeover = takeover
        self._properties = {**(options.properties or {}), **properties}
        self._connect = connect or zc.zk.ZooKeeper
        self._lock = threading.Lock()
        # Held while a registration is under way.
        self._entering = threading.Lock()
        self._entered: set[tuple[str, int]] = set()
        self._gone = threading.Event()
        self._zk: Any = None
        self._closing: threading.Thread | None = None
        self._complaint = ''
        self._marks = zc.zk.checks.Marks(
            options.path, options.even_the_last, logger)

    def enter(self) -> None:
        """Register, and keep trying when the option `wait` says so.

        Returns when the nodes are there, or `leave` was called meanwhile.

        :raises OptionError: when it failed, and trying again is of no use
            or not wanted
        """
        # They vary, since a whole site may be waiting like this.
        delays = Backoff(FIRST_DELAY, LAST_DELAY)
        while not self._gone.is_set():
            try:
                self._enter()
            except Exception as e:
                option, reason, hopeless = self._explain(e)
                if self._gone.is_set():
                    return
                if hopeless or not self._options.wait:
                    raise self._options.error(option, reason) from e
                if reason != self._complaint:
                    self._complaint = reason
                    logger.warning(
                        'not registered, trying on: %s: %s', option, reason)
                self._gone.wait(delays.next())
            else:
                return

    def _enter(self) -> None:
        zk = self._zk or self._connected()
        with self._entering:
            for address in self._addresses:
                if self._gone.is_set():
                    return
                # One that an earlier attempt has registered is kept.
                if address not in self._entered:
                    zk.register_with(
                        self._options.path, address, self._properties,
                        takeover=self._takeover)
                    self._entered.add(address)
        logger.info('registered as %s', ', '.join(sorted(zk.registrations)))

    def _connected(self) -> Any:
        """Return a `zc.zk.ZooKeeper` object, which `close` will close."""
        options = self._options
        if not kazoo_logger.level:
            kazoo_logger.setLevel(logging.ERROR)
        zk = self._connect(options.zookeeper, **_keywords(options))
        with self._lock:
            self._zk = zk
        zk.client.add_listener(self._tell)
        granted = zk.recv_timeout()
        logger.info('ZooKeeper granted a session timeout of %g s%s', granted,
                    '' if granted == zk.session_timeout else
                    f', not {zk.session_timeout:g} s')
        if options.monitor_server is not None:
            zc.zk.monitor.observe(zk)
        if self._gone.is_set():
            self.begin_close()
        return zk

    def _tell(self, state: str) -> None:
        """Log a change of the connection's state: a kazoo listener."""
        if self._gone.is_set():
            return
        if state == KazooState.CONNECTED:
            logger.info('connected to ZooKeeper again')
        else:
            logger.warning('connection to ZooKeeper %s', state.lower())

    def _explain(self, error: Exception) -> tuple[str, str, bool]:
        """Return the option at fault, why, and whether time cannot mend it.
        """
        options = self._options
        if isinstance(error, zc.zk.FailedConnect):
            if error.reason == 'authentication failed':
                return 'zookeeper_auth', str(error), True
            malformed = isinstance(error.__cause__, ValueError)
            return 'zookeeper', str(error), malformed
        if isinstance(error, NoNodeError):
            return 'path', f'there is no node {options.path}', False
        if isinstance(error, NodeExistsError):
            return ('advertise' if options.advertise else 'path',
                    'another server is registered with the same address '
                    f'({error})', False)
        if isinstance(error, NoAuthError):
            known = bool(options.zookeeper_auth.auth)
            return ('zookeeper_auth' if known else 'path',
                    f'no permission to create a node in {options.path}',
                    False)
        if isinstance(error, ConnectionClosedError) and (
                options.zookeeper_auth.auth or options.zookeeper_auth.sasl):
            return ('zookeeper_auth', 'ZooKeeper closed the connection; are '
                    'the credentials right?', True)
        if isinstance(error, AuthFailedError):
            return 'zookeeper_auth', 'ZooKeeper refused the credentials', True
        if isinstance(error, zc.zk.Error):
            return 'path', str(error), True
        text = f'{type(error).__name__} {error}'.strip()
        return 'zookeeper', text, False

    def mark(self, up: bool) -> None:
        """Have the nodes say whether the server is up.

        This waits for ZooKeeper, and raises what its requests raise.
        """
        zk = self._zk
        if zk is None or self._gone.is_set():
            return
        if up:
            self._marks.up(zk)
        else:
            self._marks.down(zk)

    def leave(self) -> bool:
        """Take the nodes away, and let no others come.

        Without a connection this waits for one, until `close` is called.

        :returns: whether the nodes are gone
        """
        self._gone.set()
        with self._lock:
            zk = self._zk
        if zk is None:
            return True
        paths = ', '.join(sorted(zk.registrations))
        zk.leave()
        # A registration that is under way is being taken back.
        with self._entering:
            pass
        gone: bool = zk.leave(None)
        if not gone:
            logger.warning('could not take %s away; ZooKeeper will when the '
                           'session times out', paths)
        elif paths:
            logger.info('took %s away', paths)
        return gone

    def begin_close(self) -> None:
        """Begin to end the session, and do not wait for it."""
        self._gone.set()
        with self._lock:
            zk, self._zk = self._zk, None
            if zk is not None:
                self._closing = threading.Thread(
                    target=_close, args=(zk,), daemon=True,
                    name='zc.zkzopeserver close')
                self._closing.start()

    def close(self, timeout: float) -> None:
        """End the session.

        :param timeout: how long to wait for that, in seconds
        """
        self.begin_close()
        if self._closing is not None:
            self._closing.join(timeout)
            if self._closing.is_alive():
                logger.warning('could not end the ZooKeeper session in time')


def _close(zk: Any) -> None:
    try:
        zk.close()
    except Exception:
        logger.warning('could not end the ZooKeeper session', exc_info=True)


def _keywords(options: Options) -> dict[str, Any]:
    """Return the keywords of `zc.zk.ZooKeeper` that the options stand for.
    """
    found: dict[str, Any] = {'logger': kazoo_logger}
    if options.wait:
        found['connect_timeout'] = ATTEMPT
    if options.session_timeout is not None:
        found['session_timeout'] = options.session_timeout / 1000.0
    if options.zookeeper_auth.auth:
        found['auth_data'] = list(options.zookeeper_auth.auth)
    if options.zookeeper_auth.sasl:
        found['sasl_options'] = options.zookeeper_auth.sasl
    found.update(zc.zk.tls.keywords(
        options.zookeeper_tls_ca, options.zookeeper_tls_cert,
        options.zookeeper_tls_key, options.zookeeper_tls_any_host))
    return found
