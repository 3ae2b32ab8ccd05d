"""What the watch engine has in memory, and what trackers may read of it.

Runs in whatever thread has the engine's lock.  It must not know how it got
there.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from typing import NoReturn

from kazoo.protocol.states import ZnodeStat

from .._session.wire import CHILDREN
from .._session.wire import DATA
from .._tree import paths as _paths
from .._tree.links import Found
from .family import Family


#: A node's children and their data, besides DATA and CHILDREN.
FAMILY = 'family'

Key = tuple[str, str]       # one of the three, and a path


def keys_of(path: str) -> list[Key]:
    """Return what changes when a node is created or deleted."""
    parent = _paths.split(path)[0]
    return [(DATA, path), (CHILDREN, path), (CHILDREN, parent)]


class Missing(Exception):
    """A tracker needs nodes that are not in memory."""

    def __init__(self, keys: list[Key]) -> None:
        super().__init__(keys)
        self.keys = keys


class CachedNode:
    """What one read of a node gave, and the trackers that use it."""

    __slots__ = ('armed', 'stat', 'users', 'value')

    def __init__(self) -> None:
        self.value: Any = None
        self.stat: ZnodeStat | None = None
        self.armed = False          # the server has our watch
        self.users: set[Any] = set()


class View:
    """What a tracker may read; it notes what was read."""

    def __init__(self, nodes: dict[Key, CachedNode]) -> None:
        self._nodes = nodes
        self.used: set[Key] = set()

    def lookup(self, paths: Sequence[str]) -> list[Found]:
        """Return the data of nodes, None for each that is not there."""
        if len(paths) == 1:     # nearly always
            return [self._get((DATA, paths[0])).value]
        keys = [(DATA, path) for path in paths]
        missing = [key for key in keys if key not in self._nodes]
        if missing:
            self.used.update(keys)
            raise Missing(missing)
        return [self._get(key).value for key in keys]

    def data(self, path: str) -> tuple[Found, ZnodeStat | None]:
        """Return the data and the stat of a node."""
        node = self._get((DATA, path))
        return node.value, node.stat

    def children(self, path: str) -> tuple[str, ...] | None | Exception:
        """Return the sorted names of a node's children."""
        value: tuple[str, ...] | None | Exception = self._get(
            (CHILDREN, path)).value
        return value

    def family(self, path: str) -> Family | None | Exception:
        """Return a node's children with their data.

        It is the same object after changes, with another version.
        """
        value: Family | None | Exception = self._get((FAMILY, path)).value
        return value

    def read_again(self, path: str) -> NoReturn:
        """Have the node read once more: what is in memory contradicts."""
        raise Missing([(DATA, path), *[
            key for key in ((CHILDREN, path), (FAMILY, path))
            if key in self.used]])

    def _get(self, key: Key) -> CachedNode:
        self.used.add(key)
        node = self._nodes.get(key)
        if node is None:
            raise Missing([key])
        return node
