"""Nodes of a live tree, as commands that look at it see them.

Runs in a script's main thread.  It must not know what is looked for.
"""
from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from typing import Any

from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import ZnodeStat

from .._commands import output
from .._session.requests import Bulk
from .._transfer.reader import Reader
from .._tree.values import decode
from ..client import ZooKeeper
from ..errors import DataError


class Item:
    """A node: what was read of it.

    :ivar names: those of its children
    :ivar depth: how deep it is below the node where reading began
    """

    __slots__ = ('_properties', 'data', 'depth', 'names', 'path', 'stat')

    def __init__(
        self,
        path: str,
        data: bytes,
        stat: ZnodeStat,
        names: list[str],
        depth: int = 0,
    ) -> None:
        self.path = path
        self.data = data
        self.stat = stat
        self.names = names
        self.depth = depth

    @property
    def name(self) -> str:
        """The last part of the path; that of the root is empty."""
        return self.path[self.path.rindex('/') + 1:]

    @property
    def ephemeral(self) -> bool:
        """Whether the node goes with a session."""
        return bool(self.stat.ephemeralOwner)

    @property
    def size(self) -> int:
        """The length of the data, in bytes."""
        return int(self.stat.dataLength)

    @property
    def modified(self) -> float:
        """When the data were written, in seconds since 1970."""
        return float(self.stat.mtime / 1000)

    def properties(self) -> dict[str, Any] | None:
        """Return the properties, None when the data are not text."""
        # Each condition asks for them, and they are decoded once.
        try:
            return self._properties
        except AttributeError:
            pass
        self._properties: dict[str, Any] | None
        try:
            self._properties = decode(self.data, self.path)
        except DataError:
            self._properties = None
        return self._properties


class Branch:
    """A node and all below it, each before its children.

    The reserved node ``/zookeeper`` is left out, unless it is asked for.

    :param path: a real path
    :ivar unreadable: the paths of nodes that may not be read
    """

    def __init__(self, zk: ZooKeeper, path: str) -> None:
        self._reader = Reader(Bulk(zk.client), path, fresh=False, data=True,
                              reserved=False)
        self._path = path
        self.unreadable: list[str] = []
        self._reader.unreadable = self.unreadable

    def __iter__(self) -> Iterator[Item]:
        reader = self._reader
        for path, data, stat, names in reader:
            yield Item(path, data or b'', stat, names, reader.depth)
        if reader.missing_top and not self.unreadable:
            raise NoNodeError(self._path)

    def tell(self) -> None:
        """Name the nodes that may not be read on the standard error."""
        output.tell('these nodes may not be read:', self.unreadable)


def shown(value: Any) -> str:
    """Return a property's value as it is printed and searched."""
    return value if isinstance(value, str) else json.dumps(
        value, ensure_ascii=False)


def when(seconds: float) -> str:
    """Return a time as people read it, in their zone."""
    try:
        moment = datetime.datetime.fromtimestamp(seconds).astimezone()
    except (OverflowError, ValueError, OSError):
        return f'{seconds:.0f} s'
    return moment.isoformat(' ', 'seconds')


def session(number: int) -> str:
    """Return a session as ZooKeeper's own programs write it."""
    return hex(number & 0xffffffffffffffff)
