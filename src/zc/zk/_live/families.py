"""Reads families (see `family`) and has the server tell of their changes.

Used by the cache, in whatever thread has the engine's lock.  It must not know
who uses the families.
"""
from __future__ import annotations

import logging
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import KazooException
from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import UnimplementedError
from kazoo.protocol.states import EventType

from .._session.loop import WatchFunction
from .._session.recursive import REFUSALS
from .._session.recursive import add_recursive
from .._session.recursive import can_recurse
from .._session.recursive import remove_recursive
from .._session.requests import FEW
from .._session.requests import Bulk
from .._session.requests import is_connection_error
from .._session.watches import remove_watches
from .._session.watches import set_watches
from .._session.wire import CHILDREN
from .._session.wire import DATA
from .._tree import paths
from .family import Family


logger = logging.getLogger(__name__)


class Families:
    """The families that are kept fresh, by the paths of their nodes.

    :param bulk: reads and arms watches
    :param watcher: called with each event, in kazoo's callback thread
    :param persistent: whether to use recursive watches where possible
    :ivar armed: how often watches were set for what had been read before
    :ivar given_up: paths of families that lost their recursive watches, and
        must be fetched again
    """

    def __init__(
        self, bulk: Bulk, watcher: WatchFunction, persistent: bool
    ) -> None:
        self._bulk = bulk
        self._watcher = watcher
        self._persistent = persistent and can_recurse(bulk)
        self._families: dict[str, Family] = {}
        self.armed = 0
        self.given_up: set[str] = set()

    def __bool__(self) -> bool:
        return bool(self._families)

    def __getitem__(self, path: str) -> Family:
        return self._families[path]

    def of(self, path: str) -> tuple[Family | None, str]:
        """Return the family that a node is a child in, and its name."""
        parent, name = paths.split(path)
        return self._families.get(parent), name

    # What the server tells

    def note_event(self, type_: str, path: str) -> Iterator[str]:
        """Note an event; yield the paths of families to fetch again."""
        if type_ != EventType.CHANGED and path in self._families:
            self._families[path].listed = False
            yield path
        if type_ != EventType.CHILD:
            family, name = self.of(path)
            if family is not None:
                family.note_child(type_, name)
                yield family.path

    def silent(self, path: str) -> bool:
        """Tell whether children went without a word at the last reading."""
        family = self._families.get(path)
        return family is not None and bool(family.silent)

    def note_late(self, type_: str, path: str) -> None:
        """Note an event that had come before the last reading."""
        family, name = self.of(path)
        if family is not None and type_ != EventType.CHILD:
            family.note_late(type_, name)

    def note_failed(self, path: str) -> None:
        """Have what could not be read of a family be read again."""
        if path in self._families:
            self._families[path].note_failed()

    def watches(self) -> tuple[list[str], list[str], list[str]]:
        """Return where there are watches of data, of children, and
        recursive ones.
        """
        data: list[str] = []
        children: list[str] = []
        recursive: list[str] = []
        for path, family in self._families.items():
            if family.recursive:
                recursive.append(path)
            else:
                data += _below(path, family.armed)
                if family.listed:
                    children.append(path)
        return data, children, recursive

    def note_outage(self, recursive: Iterable[str]) -> None:
        """Have all be read again: recursive watches tell of nothing that
        changed before they were set.
        """
        for path in recursive:
            self._families[path].note_outage()

    def give_up(self) -> None:
        """Do without recursive watches: the server has none."""
        logger.info('the server refuses persistent watches; each node is '
                    'watched by itself')
        self._persistent = False
        for path, family in self._families.items():
            if family.recursive:
                family.recursive = False
                family.note_outage()
                self.given_up.add(path)
                remove_recursive(self._bulk, path, self._watcher, False)

    # Reading

    def fetch(self, path: str) -> Family:
        """Read what is stale of a family, or all of a new one.

        :raises KazooException: when the connection failed, the node is not
            there, or its children may not be listed
        """
        new = path not in self._families
        if new:
            self._families[path] = Family(path, False)
        family = self._families[path]
        try:
            if self._persistent and not family.recursive:
                self._add_recursive(family)
            if family.recursive:
                self._fetch_told(family)
            else:
                self._fetch_watched(family)
        except KazooException as e:
            lost = is_connection_error(e)
            if new or not lost:
                self.forget(path, not lost)
            raise
        return family

    def forget(self, path: str, connected: bool) -> None:
        """Let a family go, and its watches."""
        family = self._families.pop(path, None)
        if family is None:
            return
        if family.recursive:
            remove_recursive(self._bulk, path, self._watcher, connected)
        elif connected:
            remove_watches(self._bulk, self._watcher, [
                (CHILDREN, path),
                *[(DATA, each) for each in _below(path, family.armed)]])

    def _add_recursive(self, family: Family) -> None:
        try:
            add_recursive(self._bulk, family.path, self._watcher)
            family.recursive = True
        except REFUSALS as e:
            self.give_up()
            if isinstance(e, UnimplementedError):
                # Such a server drops the connection as well.
                try:
                    self._bulk.wait(self._bulk.client.exists_async('/'))
                except ConnectionLoss:
                    pass

    def _fetch_told(self, family: Family) -> None:
        """Read without a watch: a recursive one stands already."""
        bulk, path = self._bulk, family.path
        names = None
        if not family.listed:
            names = bulk.wait(bulk.client.get_children_async(path))
        wanted = family.wanted(names)
        reads = [(DATA, each) for each in _below(path, wanted)]
        if names is None and not family.data.keys() >= family.dirty.keys():
            # Servers with CVE-2024-23944 tell of names that this session
            # may not list.  Reading the node needs the same permission.
            reads.append((DATA, path))
        results = bulk.read(reads)
        if len(results) > len(wanted):
            result = results.pop()
            if isinstance(result, (NoAuthError, NoNodeError)):
                raise result
        family.take(names, dict(zip(wanted, results, strict=True)))

    def _fetch_watched(self, family: Family) -> None:
        """Read and leave a watch on each node."""
        bulk, path = self._bulk, family.path
        names = None
        if not family.listed:
            names = bulk.wait(bulk.client.get_children_async(
                path, self._watcher))
        wanted = family.wanted(names)
        if len(wanted) <= FEW:
            results = self._read_few(_below(path, wanted))
        else:
            zxid = bulk.current_zxid()
            results = bulk.read(
                [(DATA, each) for each in _below(path, wanted)])
            set_watches(bulk, zxid, self._watcher, _below(path, [
                name for name, result in zip(wanted, results, strict=True)
                if not isinstance(result, Exception)]), [], [])
            self.armed += 1
        found = dict(zip(wanted, results, strict=True))
        family.armed.update([name for name, result in found.items()
                             if not isinstance(result, Exception)])
        family.take(names, found)

    def _read_few(self, wanted: list[str]) -> list[Any]:
        client = self._bulk.client
        results: list[Any] = []
        for result in [client.get_async(path, self._watcher)
                       for path in wanted]:
            try:
                results.append(self._bulk.wait(result))
            except KazooException as e:
                if is_connection_error(e):
                    raise
                results.append(e)
        return results


def _below(path: str, names: Iterable[str]) -> list[str]:
    """Return the paths of children."""
    start = path if path == '/' else path + '/'
    return [start + name for name in names]
