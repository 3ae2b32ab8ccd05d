"""What a ZooKeeper object finds in the tree: values that stay up to date.

Runs in its caller's thread.  It must not know registrations.
"""
from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from typing import TYPE_CHECKING
from typing import TypeVar

from kazoo.exceptions import KazooException

from .._live.children import Children
from .._live.engine import Engine
from .._live.live import Live
from .._live.properties import Properties
from .._session.connection import Connection
from .._session.nodes import Nodes
from .._session.requests import is_connection_error
from .rules import OWN
from .rules import TWO_CHOICES
from .rules import Rules


if TYPE_CHECKING:
    from .providers import Providers


L = TypeVar('L', bound=Live)


class Discovery:
    """Makes the live objects of one connection.

    :param connection: the connection
    :param nodes: reads and writes single nodes
    :param engine: keeps values fresh
    """

    def __init__(
        self, connection: Connection, nodes: Nodes, engine: Engine
    ) -> None:
        self._connection = connection
        self._nodes = nodes
        self._engine = engine
        self._lock = threading.Lock()
        self._providers: weakref.WeakSet[Providers] = weakref.WeakSet()

    def children(self, path: str) -> Children:
        """Return the names of a node's children, kept up to date.

        :param path: may lead through symbolic links
        :raises NoNodeError: when it leads to no node
        """
        return self.all_children([path])[0]

    def properties(self, path: str, watch: bool = True) -> Properties:
        """Return a node's properties, kept up to date.

        :param path: may lead through symbolic links
        :param watch: whether to follow changes
        :raises NoNodeError: when it leads to no node
        :raises DataError: when the node's data are not text
        """
        if watch:
            return self.all_properties([path])[0]
        found = Properties(self._nodes, self._engine, path, watch)
        found._read()
        return found

    def all_children(self, paths: Iterable[str]) -> list[Children]:
        """Return `children` of many paths, made in few requests."""
        return self._track([
            Children(self._nodes, self._engine, path) for path in paths])

    def all_properties(self, paths: Iterable[str]) -> list[Properties]:
        """Return `properties` of many paths, made in few requests."""
        return self._track([
            Properties(self._nodes, self._engine, path) for path in paths])

    def providers(
        self,
        path: str,
        choose: str = TWO_CHOICES,
        zone: str | None = None,
        subset: int | None = None,
        hold: float = Rules().hold,
        eject: bool | float = True,
        snapshot: str | None = None,
        format: str = OWN,
    ) -> Providers:
        """Return the servers of a service, kept up to date, to choose from.

        :param path: of the node below which the servers register; may lead
            through symbolic links
        :param choose: ``'two choices'`` (the less loaded of two),
            ``'round robin'`` or ``'random'``
        :param zone: the value of the property ``zone`` of the servers to
            prefer
        :param subset: how many of the servers to use at most
        :param hold: how long to keep servers that vanish in a mass without
            a word, in seconds; 0: not at all
        :param eject: whether to leave out servers that keep failing; a
            number: for how long at first, in seconds
        :param snapshot: a directory to save the list in, for a start while
            ZooKeeper does not answer
        :param format: what the servers' nodes are written in: ``'zc.zk'``,
            or ``'curator'`` for servers that Apache Curator registers
        :raises NoNodeError: when `path` leads to no node, and there is a
            connection
        :raises ValueError: when an option makes no sense
        """
        # Not every program chooses servers; importing this takes a sixth of
        # the time that importing all else does.
        from .providers import Options
        from .providers import Providers

        found = Providers(self._nodes, self._engine, path, Options(
            choose, zone, subset, hold, eject, snapshot, format))
        with self._lock:
            self._providers.add(found)
        connection = self._connection
        if not connection.client.connected and (
                found._load() or connection.patient):
            self._engine.track_later(found._tracker)
            return found
        try:
            return self._track([found])[0]
        except KazooException as e:
            if not is_connection_error(e) or not found._load():
                found.close()
                raise
            self._engine.track_later(found._tracker)
            return found

    def followed(self) -> list[Providers]:
        """Return the providers that were made and not closed."""
        with self._lock:
            providers = list(self._providers)
        return [each for each in providers if not each.closed]

    def _track(self, objects: list[L]) -> list[L]:
        self._engine.track([each._tracker for each in objects])
        with self._connection.chroot:
            for each in objects:
                each._check()
        return objects
