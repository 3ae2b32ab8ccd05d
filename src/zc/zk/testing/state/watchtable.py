"""Which sessions watch which paths, and who is told of a change.

Pure, run by the server's thread.  Must not know znodes; a session is a
number to it.  There are two tables, of data watches and child watches, as in
ZooKeeper's WatchManager: addWatch puts its watches in both.
"""
from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterator

from ..protocol.codes import EventType
from ..protocol.connection import WatchEvent


class Mode(enum.Enum):
    """How long a watch is, and how wide."""

    ONCE = 0
    PERSISTENT = 1
    RECURSIVE = 2


class WatchTable:
    """Watches of one kind, by path and by session."""

    def __init__(self) -> None:
        self._by_path: defaultdict[str, dict[int, Mode]] = defaultdict(dict)
        self._by_session: defaultdict[int, set[str]] = defaultdict(set)
        self._recursive = 0

    def __len__(self) -> int:
        return sum(map(len, self._by_path.values()))

    def has(self, path: str) -> bool:
        """Say whether anyone watches just that path."""
        return path in self._by_path

    def add(self, path: str, session: int, mode: Mode = Mode.ONCE) -> None:
        """Watch; the newest mode of the same session and path holds."""
        watchers = self._by_path[path]
        before = watchers.get(session)
        self._recursive += (
            (mode is Mode.RECURSIVE) - (before is Mode.RECURSIVE))
        watchers[session] = mode
        self._by_session[session].add(path)

    def remove(self, path: str, session: int) -> bool:
        """Watch no more; say whether there was a watch."""
        watchers = self._by_path.get(path, {})
        if session not in watchers:
            return False
        self._recursive -= watchers.pop(session) is Mode.RECURSIVE
        if not watchers:
            del self._by_path[path]
        paths = self._by_session[session]
        paths.discard(path)
        if not paths:
            del self._by_session[session]
        return True

    def remove_session(self, session: int) -> None:
        """Drop all watches of a session."""
        for path in list(self._by_session.get(session, ())):
            self.remove(path, session)

    def trigger(self, path: str, type: EventType) -> list[int]:
        """Return who is told of a change; those who watch once are done."""
        told = []
        for session, mode in list(self._by_path.get(path, {}).items()):
            if mode is not Mode.RECURSIVE:
                told.append(session)
                if mode is Mode.ONCE:
                    self.remove(path, session)
            elif type is not EventType.CHILDREN_CHANGED:
                told.append(session)
        if self._recursive and type is not EventType.CHILDREN_CHANGED:
            for above in _above(path):
                for session, mode in self._by_path.get(above, {}).items():
                    if mode is Mode.RECURSIVE and session not in told:
                        told.append(session)
        return told


class Watches:
    """Both tables, and what a change makes of them."""

    def __init__(self) -> None:
        self.data = WatchTable()
        self.children = WatchTable()

    def __len__(self) -> int:
        return len(self.data) + len(self.children)

    def add_both(self, path: str, session: int, mode: Mode) -> None:
        """Watch data and children."""
        self.data.add(path, session, mode)
        self.children.add(path, session, mode)

    def remove_session(self, session: int) -> None:
        """Drop all watches of a session."""
        self.data.remove_session(session)
        self.children.remove_session(session)

    def changed(
        self, path: str, type: EventType
    ) -> Iterator[tuple[int, WatchEvent]]:
        """Yield who is told what of a node made, deleted or given data."""
        event = WatchEvent(type, path)
        told = self.data.trigger(path, type)
        for session in told:
            yield session, event
        if type is EventType.DATA_CHANGED:
            return
        if type is EventType.DELETED:
            for session in self.children.trigger(path, type):
                if session not in told:
                    yield session, event
        parent = path.rpartition('/')[0] or '/'
        event = WatchEvent(EventType.CHILDREN_CHANGED, parent)
        for session in self.children.trigger(parent, event.type):
            yield session, event


def _above(path: str) -> Iterator[str]:
    while path != '/':
        path = path.rpartition('/')[0] or '/'
        yield path
