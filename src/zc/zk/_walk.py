"""Nodes of a live tree one after the other, read ahead in bulk.

Runs in its caller's thread.  Nodes come before the nodes below them, by
name, while the ones that come next are read many at a time; what is kept
is the nodes read ahead and the names still to come, never the whole tree.
"""
from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from operator import length_hint
from typing import Any
from typing import NamedTuple

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from . import _paths
from ._bulk import Bulk
from ._encoding import decode
from ._pending import PendingRead
from ._treeformat import node_text
from ._wire import CHILDREN
from ._wire import DATA


#: How many nodes, and how many bytes of data, are read ahead at most;
#: as many again may be under way.
AHEAD_NODES = 2_000
AHEAD_BYTES = 2_000_000
#: How many at first, until the size of data is known.
FIRST_NODES = 256
#: After how many nodes that wait, and bytes of data that were read, to look
#: for what waits in vain.
MOST_NODES = 20 * AHEAD_NODES
MOST_BYTES = 10 * AHEAD_BYTES
#: Up to here, asking all nodes for children too is quicker than asking
#: again those that have some.
BOTH_NODES = 500


class PathAndChildren(NamedTuple):
    """A path and the names of the node's children, to be changed at will.

    Prints as the path.
    """

    path: str
    children: list[str]

    def __str__(self) -> str:
        return self.path


def walk(
    bulk: Bulk, path: str, ephemeral: bool, children: bool
) -> Iterator[Any]:
    """Iterate over a node and all below it, each before its children.

    What the caller changes meanwhile shows, below where it is: nodes read
    ahead are read again when a reply to anyone has shown a newer zxid.

    :param bulk: the connection
    :param ephemeral: whether to include ephemeral nodes
    :param children: whether to give a PathAndChildren for each node; what
        is taken off its list is left out
    :returns: an iterator of paths or of PathAndChildren
    :raises NoAuthError: when a node, which it names, may not be read
    """
    reader = Reader(bulk, path, fresh=True, data=not ephemeral)
    if ephemeral and not children:
        for found in reader:
            yield found[0]
        return
    for path, _, stat, names in reader:
        if not ephemeral and stat.ephemeralOwner:
            continue
        yield PathAndChildren(path, names) if children else path


def export_lines(
    bulk: Bulk, path: str, ephemeral: bool, name: str | None
) -> Iterator[str]:
    """Yield the text that describes a node and all below it, by nodes.

    Each piece is the lines of one node, without the last line end.

    The reserved node ``/zookeeper`` is left out, and so are the properties
    of the root.  Memory does not grow with the length of the text.

    :param bulk: the connection
    :param ephemeral: whether to include ephemeral nodes
    :param name: for the top node, instead of its own
    :raises NoNodeError: when there is no node at `path`
    :raises NoAuthError: when a node, which it names, may not be read
    :raises DataError: when data are not UTF-8
    :raises ValueNotStorable: when text cannot express a node's data
    """
    reader = Reader(bulk, path, fresh=False, data=True)
    top = path
    outer = 0       # how many levels do not show in the text
    indents = ['']
    for path, data, stat, names in reader:
        depth = reader.depth - outer
        if path == top:
            if path == '/':
                if 'zookeeper' in names:
                    names.remove('zookeeper')
                if name is None:
                    outer = 1
                else:
                    yield node_text(name, {}, '', path)
                continue
            own = name if name is not None else _paths.split(path)[1]
        else:
            own = path[path.rindex('/') + 1:]
        if stat.ephemeralOwner and not ephemeral:
            continue
        while depth >= len(indents):
            indents.append(indents[-1] + '  ')
        yield node_text(own, decode(data, path), indents[depth], path)
    if reader.missing_top:
        raise NoNodeError(top)


def export_json(
    bulk: Bulk, path: str, ephemeral: bool
) -> Iterator[str]:
    """Yield a JSON object, as one line, for a node and all below it.

    :param bulk: the connection
    :param ephemeral: whether to include ephemeral nodes
    :raises Error: as `export_lines` does
    :raises KazooException: as `export_lines` does
    """
    reader = Reader(bulk, path, fresh=False, data=True)
    for here, data, stat, names in reader:
        if here == '/' and 'zookeeper' in names:
            names.remove('zookeeper')
        if ephemeral or not stat.ephemeralOwner:
            yield json.dumps({
                'path': here, 'properties': decode(data, here),
                'ephemeral': bool(stat.ephemeralOwner)})
    if reader.missing_top:
        raise NoNodeError(path)


class Reader:
    """Reads the nodes of a tree in order.

    Iterating gives, for each node, its path, its data and stat (or None,
    if they are not read) and the sorted names of its children; what the
    caller takes off that list is left out.

    :param bulk: the connection
    :param path: of the top node
    :param fresh: whether to forget what was read ahead when the zxid shows
        that something happened since
    :param data: whether data and stat are wanted
    :ivar depth: how deep below the top node the node given last is
    :ivar missing_top: whether there was no node at `path`
    :ivar unreadable: gets the paths of nodes that may not be read, which
        are left out; None to raise an error
    """

    def __init__(
        self, bulk: Bulk, path: str, fresh: bool, data: bool
    ) -> None:
        self.depth = 0
        self.missing_top = False
        self.unreadable: list[str] | None = None
        self._bulk = bulk
        self._fresh = fresh
        self._data = data
        # What was read ahead: data and stat of a node or, if these are not
        # wanted, the names of its children; None where there is none; or
        # the error that reading it gave
        self._ahead: dict[str, Any] = {}
        # Beside data and stat: the names of the children, if there are any
        self._names: dict[str, list[str]] = {}
        # What is being read after that
        self._pending: tuple[list[str], PendingRead] | None = None
        self._levels = [_Level('', [path])]
        # What is to be read then, the next at the end: prefixes, and names
        # that go behind them
        self._todo: list[tuple[str, Iterator[str]]] = []
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
                    raise type(node)(path)
                self.missing_top = False
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
        if self._pending is not None:
            self._store(*self._pending)
            self._pending = None
        if path not in self._ahead:
            paths = self._next()
            if paths[:1] != [path]:
                # Forgotten, or the caller changed a list of names.
                self._todo = [('', self._unread()), ('', iter([path]))]
                paths = self._next()
            self._store(paths, self._ask(paths))
        self._zxid = self._bulk.client.last_zxid
        if self._most >= FIRST_NODES:
            # What comes then is read while the caller looks at these.
            paths = self._next()
            if paths:
                self._pending = paths, self._ask(paths)
        self._most = min(AHEAD_NODES, self._most * 4)

    def _moved(self) -> bool:
        """Tell whether anything happened since the last reading ahead."""
        zxid = self._bulk.client.last_zxid
        if zxid == self._zxid:
            return False
        if self._pending is not None and self._pending[1].zxid == zxid:
            # All that came is the reply to our own request.
            self._zxid = zxid
            return False
        return True

    def _forget(self) -> None:
        """Forget what was read ahead."""
        self._ahead.clear()
        self._names.clear()
        self._todo.clear()
        self._pending = None
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

    def _next(self) -> list[str]:
        """Return the paths to be read next, as many as are allowed."""
        most = max(1, min(self._most, AHEAD_BYTES // self._size))
        paths: list[str] = []
        while self._todo and len(paths) < most:
            prefix, names = self._todo[-1]
            paths += [prefix + name
                      for name in islice(names, most - len(paths))]
            if len(paths) < most:
                self._todo.pop()
        return paths

    def _ask(self, paths: list[str]) -> PendingRead:
        if not self._data:
            wanted = [(CHILDREN, path) for path in paths]
        else:
            wanted = [(DATA, path) for path in paths]
            if len(paths) <= BOTH_NODES:
                wanted += [(CHILDREN, path) for path in paths]
        return self._bulk.read_async(wanted)

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
                yield path
                node = self._ahead.get(path)
                below = (node if type(node) is list
                         else self._names.get(path))
                if below:
                    todo.append((_prefix(path), iter(below)))
                    break
            else:
                todo.pop()

    def _unread(self) -> Iterator[str]:
        """Return an iterator over those of them that are not read."""
        return (path for path in self._coming(self._left())
                if path not in self._ahead)

    def _store(self, paths: list[str], pending: PendingRead) -> None:
        """Wait for what was asked for, and keep it."""
        ahead = self._ahead
        answers = pending.get()
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
        self._todo += below


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
