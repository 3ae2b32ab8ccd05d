"""How it is learned that something changed in a branch.

One persistent recursive watch where the server has it.  Else the zxid of a
small request, now and then, tells whether anything changed at all.  Runs in
its caller's thread, except for what hears events, which runs in kazoo's
callback thread.  It must not know what is read then.
"""
from __future__ import annotations

import threading

from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import UnimplementedError
from kazoo.protocol.states import EventType
from kazoo.protocol.states import WatchedEvent

from .._session.loop import WatchFunction
from .._session.recursive import REFUSALS
from .._session.recursive import add_recursive
from .._session.recursive import can_recurse
from .._session.recursive import remove_recursive
from .._session.requests import Bulk


class BranchWatch:
    """Hears of changes below a path.

    :param function: called with each event, in kazoo's callback thread
    :param recursive: whether to use a recursive watch where there is one
    :ivar recursive: whether there is one, as far as is known
    """

    def __init__(
        self, bulk: Bulk, path: str, function: WatchFunction, recursive: bool
    ) -> None:
        self._bulk = bulk
        self._path = path
        self._function = function
        self.recursive = recursive and can_recurse(bulk)

    def set(self) -> None:
        """Leave the recursive watch in the server.

        :raises KazooException: when the connection failed
        """
        try:
            add_recursive(self._bulk, self._path, self._function)
        except REFUSALS as e:
            self.recursive = False
            if isinstance(e, UnimplementedError):
                # Such a server drops the connection as well.
                try:
                    self.zxid()
                except ConnectionLoss:
                    pass

    def zxid(self) -> int:
        """Return that of the last change of any node, as the server tells.
        """
        self._bulk.wait(self._bulk.client.exists_async('/'))
        return self._bulk.last_zxid

    def remove(self) -> None:
        """Take the watch away."""
        if self.recursive:
            remove_recursive(self._bulk, self._path, self._function,
                             self._bulk.client.connected)


class Dirty:
    """The paths of nodes that may have changed; any thread may add one.

    :param most: how many are kept; more stand for all nodes
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._paths: dict[str, None] = {}
        self._all = True

    def note(self, event: WatchedEvent) -> bool:
        """Note an event; tell whether nothing was noted before."""
        if event.type in (EventType.NONE, EventType.CHILD):
            return False
        with self._lock:
            first = not self._paths
            self._paths[event.path] = None
            if len(self._paths) > self._most:
                self._paths = {event.path: None}
                self._all = True
            return first

    def note_all(self) -> None:
        """Note that any node may have changed."""
        with self._lock:
            self._all = True

    def take(self) -> list[str] | None:
        """Return what was noted and forget it; None for all nodes."""
        with self._lock:
            all_, self._all = self._all, False
            noted, self._paths = self._paths, {}
        return None if all_ else list(noted)
