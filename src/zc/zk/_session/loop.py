"""kazoo's connection loop, which remembers why it ended, and knows
persistent recursive watches, which kazoo does not.

It runs in kazoo's connection thread.  It must not know what the connection
is for, nor whether someone starts it again.
"""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import ConnectionClosedError
from kazoo.protocol.connection import ConnectionHandler
from kazoo.protocol.serialization import Connect
from kazoo.protocol.serialization import Exists
from kazoo.protocol.serialization import GetData
from kazoo.protocol.serialization import Watch
from kazoo.protocol.states import EVENT_TYPE_MAP
from kazoo.protocol.states import Callback
from kazoo.protocol.states import EventType
from kazoo.protocol.states import KeeperState
from kazoo.protocol.states import WatchedEvent
from kazoo.retry import RetryFailedError

from . import insides


#: The reason when a server does not take the credentials.
REFUSED = 'authentication failed'

WatchFunction = Callable[[WatchedEvent], None]


class ConnectionLoop(ConnectionHandler):
    """A client's connection loop, which remembers why it ended.

    kazoo ends it for good when a server refuses the credentials, when an
    error comes up in it that kazoo did not expect, and when the tries that
    ``connection_retry`` allows are used up.

    It takes the place of the one that the client has made.

    A server up to version 3.8 keeps one kind of watch for each path of a
    session: a watch for the next change of a node's data would end a
    recursive one at the same path (ZOOKEEPER-4466).  So there, kazoo's
    requests ask for none.  The recursive one tells of the same events, and
    kazoo calls its own watch functions.

    :param client: one that is not started yet
    :ivar end: why, None while it runs and when the client was stopped
    :ivar granted: the session timeout that the server gave, in seconds;
        the one that is asked for until there is a session
    :ivar recursive: who is told of changes of a node and of all below it,
        by the paths of those nodes, the chroot included
    :ivar armed: the paths of which the server on this connection tells
    """

    def __init__(self, client: KazooClient) -> None:
        old = insides.connection_of(client)
        super().__init__(
            client, old.retry_sleeper, old.logger, old.sasl_options)
        self.end: Exception | None = None
        self.granted = insides.session_timeout_of(client)
        self._refused = False
        # Replaced, not changed: this thread may be just looking at them.
        self.recursive: dict[str, frozenset[WatchFunction]] = {}
        self.armed: set[str] = set()
        insides.replace_connection(client, self)
        insides.hear_session(client, self._session_changed)

    @property
    def refused(self) -> bool:
        """Whether a server refused the credentials."""
        return self._refused

    @property
    def was_stopped(self) -> bool:
        """Whether someone stopped the client on purpose."""
        return insides.was_stopped(self.client)

    def zk_loop(self) -> None:
        self.end = None
        self._refused = False
        end: Exception = RetryFailedError('kazoo stopped trying')
        try:
            super().zk_loop()
        except Exception as e:
            # kazoo has logged it.
            end = ConnectionClosedError(f'{type(e).__name__}: {e}')
        if self._refused:
            end = AuthFailedError(REFUSED)
        if not self.was_stopped:
            self.end = end

    def _invoke(
        self, timeout: float, request: Any, *args: Any, **keywords: Any
    ) -> Any:
        result = super()._invoke(timeout, request, *args, **keywords)
        if isinstance(request, Connect) and result[0].time_out > 0:
            self.granted = result[0].time_out / 1000
        return result

    def _connect(self, *args: Any, **keywords: Any) -> Any:
        self.armed.clear()
        return super()._connect(*args, **keywords)

    def _submit(
        self, request: Any, timeout: float, xid: int | None = None
    ) -> None:
        if (self.armed and isinstance(request, (Exists, GetData))
                and request.path in self.armed):
            request = request._replace(watcher=None)
        super()._submit(request, timeout, xid)

    def _read_watch_event(self, buffer: bytes, offset: int) -> None:
        super()._read_watch_event(buffer, offset)
        if self.recursive and not self.was_stopped:
            event = Watch.deserialize(buffer, offset)[0]
            self._tell(EVENT_TYPE_MAP.get(event.type), event.path)

    def _tell(self, type_: str | None, path: str) -> None:
        """Tell those who watch the node at `path`, or one above."""
        if type_ is None or type_ == EventType.CHILD:
            return      # it is always from a watch of another kind
        client = self.client
        event = None
        for above in _upwards(path):
            for function in self.recursive.get(above, ()):
                event = event or WatchedEvent(
                    type_, client.state, client.unchroot(path))
                client.handler.dispatch_callback(
                    Callback('watch', function, (event,)))

    def _session_changed(self, state: Any) -> None:
        self._refused = self._refused or state == KeeperState.AUTH_FAILED


def _upwards(path: str) -> Iterator[str]:
    """Yield a path and those above it."""
    yield path
    while path != '/':
        path = path.rpartition('/')[0] or '/'
        yield path
