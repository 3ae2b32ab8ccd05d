"""Nodes of a live tree in their order, read ahead in bulk.

Runs in its caller's thread.  Nodes come before the nodes below them, by
name, while the ones that come next are read many at a time; what is kept
is the nodes read ahead and the names still to come, never the whole tree.
It must not know what the nodes are read for.
"""
from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from operator import length_hint
from typing import Any

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from .._session.reads import PendingRead
from .._session.requests import Bulk
from .._session.wire import CHILDREN
from .._session.wire import DATA
from .._tree.paths import named


#: The node below the root that is ZooKeeper's own, and no tree of anyone's.
RESERVED = 'zookeeper'
#: How many nodes, and how many bytes of data, are asked for at a time.
AHEAD_NODES = 1_000
AHEAD_BYTES = 1_000_000
#: How many nodes at first, until the size of data is known.
FIRST_NODES = 256
#: How many times as many may be under way: enough for the server to have
#: work while the caller is busy with what was read.
UNDER_WAY = 4
#: After how many nodes that wait, and bytes of data that were read, to look
#: for what waits in vain.
MOST_NODES = 20 * AHEAD_NODES
MOST_BYTES = 10 * AHEAD_BYTES
#: Up to here, asking all nodes for children too is quicker than asking
#: again those that have some.
BOTH_NODES = 500


class Reader:
    """Reads the nodes of a tree in order.

    One noun, though it is long: what is read ahead, what is given and what
    is left out are steps of the same walk.

    Iterating gives, for each node, its path, its data and stat (or None,
    if they are not read) and the sorted names of its children; what the
    caller takes off that list is left out.

    :param bulk: the connection
    :param path: of the top node
    :param fresh: whether to forget what was read ahead when the zxid shows
        that something happened since
    :param data: whether data and stat are wanted
    :param reserved: whether ``/zookeeper`` is wanted
    :ivar depth: how deep below the top node the node given last is
    :ivar missing_top: whether there was no node at `path`
    :ivar unreadable: gets the paths of nodes that may not be read, which
        are left out; None to raise an error
    """

    def __init__(
        self, bulk: Bulk, path: str, fresh: bool, data: bool,
        reserved: bool = True,
    ) -> None:
        self.depth = 0
        self.missing_top = False
        self.unreadable: list[str] | None = None
        self._bulk = bulk
        self._fresh = fresh
        self._data = data
        self._reserved = reserved
        # What was read ahead: data and stat of a node or, if these are not
        # wanted, the names of its children; None where there is none; or
        # the error that reading it gave
        self._ahead: dict[str, Any] = {}
        # Beside data and stat: the names of the children, if there are any
        self._names: dict[str, list[str]] = {}
        # What is being read after that
        self._pending: deque[_Chunk] = deque()
        self._levels = [_Level('', [path])]
        # What is to be read then, the next at the end: prefixes, and names
        # that go behind them; or what is under way, in the place of the
        # nodes below it
        self._todo: list[tuple[str, Iterator[str]] | _Chunk] = []
        self._zxid = 0
        self._most = FIRST_NODES
        self._size = 1          # the mean size of data, in bytes
        # When to look again for what waits in vain
        self._most_ahead = MOST_NODES
        self._bytes = 0         # read since the last look

    def __iter__(
        self
    ) -> Iterator[tuple[str, bytes | None, Any, list[str]]]:
        client, ahead, levels = self._bulk.client, self._ahead, self._levels
        fresh = self._fresh
        take, take_names = ahead.pop, self._names.pop
        self.missing_top = True
        while levels:
            level = levels[-1]
            prefix = level.prefix
            self.depth = len(levels) - 1
            for name in level.rest:
                path = prefix + name
                if (fresh and client.last_zxid != self._zxid
                        and (ahead or self._pending) and self._moved()):
                    self._forget()
                node = take(path, ahead)
                if node is ahead:       # not there
                    self._read_ahead(path)
                    node = take(path)
                kind = type(node)
                if kind is list:
                    data, stat, names = None, None, node
                elif kind is tuple:
                    data, stat = node
                    names = take_names(path, None) or []
                elif node is None:
                    continue
                elif self.unreadable is not None and isinstance(
                        node, NoAuthError):
                    self.unreadable.append(path)
                    continue
                else:
                    raise named(node, path)
                self.missing_top = False
                if path == '/' and not self._reserved and RESERVED in names:
                    names.remove(RESERVED)
                yield path, data, stat, names
                if names:
                    levels.append(_Level(_prefix(path), names))
                    break
            else:
                levels.pop()

    def _read_ahead(self, path: str) -> None:
        """Read a node and those that come after it.

        What is given next follows from `_levels` alone; `_todo` is a guess,
        which fails when the caller changes lists of names.
        """
        if len(self._ahead) > self._most_ahead or self._bytes > MOST_BYTES:
            self._prune()
        while path not in self._ahead:
            if not any(path in chunk.paths for chunk in self._pending):
                self._ask_from(path)
            chunk = self._pending.popleft()
            self._ask_more()    # The server has work while this waits.
            self._store(chunk)
        self._zxid = self._bulk.client.last_zxid
        self._ask_more()
        self._most = min(AHEAD_NODES, self._most * 4)

    def _ask_from(self, path: str) -> None:
        """Ask for a node and those that come after it."""
        chunk = self._next()
        if chunk is None or chunk.paths[0] != path:
            # Forgotten, or the caller changed a list of names.
            while self._pending:
                self._store(self._pending.popleft())
            self._todo = [('', self._unread()), ('', iter([path]))]
            chunk = self._next()
            assert chunk is not None
        self._ask(chunk)

    def _ask_more(self) -> None:
        """Ask for what comes then, unless it is likely to be forgotten."""
        while self._most >= FIRST_NODES and len(self._pending) < UNDER_WAY:
            chunk = self._next()
            if chunk is None:
                break
            self._ask(chunk)

    def _moved(self) -> bool:
        """Tell whether anything happened since the last reading ahead."""
        zxid = self._bulk.client.last_zxid
        if zxid == self._zxid:
            return False
        if any(chunk.read.zxid == zxid for chunk in self._pending):
            # All that came is the replies to our own requests.
            self._zxid = zxid
            return False
        return True

    def _forget(self) -> None:
        """Forget what was read ahead."""
        self._ahead.clear()
        self._names.clear()
        self._todo.clear()
        self._pending.clear()
        # Less next time: a caller who writes at each node would else have
        # all read again at each node.
        self._most = max(1, self._most // 8)

    def _prune(self) -> None:
        """Forget what is not to come: the caller took it off the lists."""
        coming = set(self._coming(self._left()))
        for path in [each for each in self._ahead if each not in coming]:
            del self._ahead[path]
            self._names.pop(path, None)
        self._most_ahead = max(MOST_NODES, 2 * len(self._ahead))
        self._bytes = 0

    def _next(self) -> _Chunk | None:
        """Return the nodes to be read next, as many as are allowed."""
        todo = self._todo
        most = max(1, min(self._most, AHEAD_BYTES // self._size))
        paths: list[str] = []
        place = 0
        for index in range(len(todo) - 1, -1, -1):
            each = todo[index]
            if isinstance(each, _Chunk):
                continue
            prefix, names = each
            paths += [prefix + name
                      for name in islice(names, most - len(paths))]
            if len(paths) == most:
                place = index + 1
                break
            del todo[index]
            place = index
        if not paths:
            return None
        chunk = _Chunk(paths)
        todo.insert(place, chunk)
        return chunk

    def _ask(self, chunk: _Chunk) -> None:
        paths = chunk.paths
        if not self._data:
            wanted = [(CHILDREN, path) for path in paths]
        else:
            wanted = [(DATA, path) for path in paths]
            if len(paths) <= BOTH_NODES:
                wanted += [(CHILDREN, path) for path in paths]
        chunk.read = self._bulk.read_async(wanted)
        self._pending.append(chunk)

    def _left(self) -> list[tuple[str, Iterator[str]]]:
        """Return what is still to come at each level, the next at the end.
        """
        return [(level.prefix, iter(level.left())) for level in self._levels]

    def _coming(self, todo: list[tuple[str, Iterator[str]]]) -> Iterator[str]:
        """Yield the paths that are known to come, in their order."""
        while todo:
            prefix, names = todo[-1]
            for name in names:
                path = prefix + name
                # Looked up now: what is read after this is given has its
                # own place in `_todo`.
                node = self._ahead.get(path)
                below = (node if type(node) is list
                         else self._names.get(path))
                yield path
                if below:
                    todo.append((_prefix(path), iter(below)))
                    break
            else:
                todo.pop()

    def _unread(self) -> Iterator[str]:
        """Return an iterator over those of them that are not read."""
        return (path for path in self._coming(self._left())
                if path not in self._ahead)

    def _store(self, chunk: _Chunk) -> None:
        """Wait for what was asked for, and keep it."""
        ahead = self._ahead
        paths = chunk.paths
        answers = chunk.read.get()
        if not self._data:
            parents, children = paths, answers
        else:
            children = answers[len(paths):]
            answers = answers[:len(paths)]
            found = [each for each in answers if type(each) is tuple]
            if len(found) < len(answers):
                answers = [each if type(each) is tuple else _absent(each)
                           for each in answers]
            size = sum([len(data) for data, _ in found])
            self._bytes += size
            self._size = max(size // len(paths), 1)
            if children:
                parents = paths
            else:
                parents = [
                    path for path, answer in zip(paths, answers, strict=True)
                    if type(answer) is tuple and answer[1].numChildren]
                children = self._bulk.children(parents)
        ahead.update(zip(paths, answers, strict=True))
        below: list[tuple[str, Iterator[str]]] = []
        for path, names in zip(parents, children, strict=True):
            if type(names) is not list:
                ahead[path] = _absent(names)
            elif names and type(ahead[path]) in (tuple, list):
                names.sort()
                if self._data:
                    self._names[path] = names
                # The very list that the caller gets: what is taken off in
                # time is not read.
                below.append((_prefix(path), iter(names)))
        below.reverse()
        place = self._todo.index(chunk)
        self._todo[place:place + 1] = below


class _Chunk:
    """Nodes that are asked for together."""

    __slots__ = ('paths', 'read')

    read: PendingRead

    def __init__(self, paths: list[str]) -> None:
        self.paths = paths


class _Level:
    """The children of one node that are still to come."""

    __slots__ = ('names', 'prefix', 'rest')

    def __init__(self, prefix: str, names: list[str]) -> None:
        self.prefix = prefix
        self.names = names
        self.rest = iter(names)     # shows what the caller takes off

    def left(self) -> list[str]:
        return self.names[len(self.names) - length_hint(self.rest):]


def _prefix(path: str) -> str:
    return path + '/' if path != '/' else path


def _absent(answer: Any) -> Any:
    return None if isinstance(answer, NoNodeError) else answer
