"""The children of a node with their data, read as far as they changed.

Used by the cache, in whatever thread has the engine's lock.  With a recursive
watch, the server tells which child changed; a change costs the reading of that
child, however many there are.  Elsewhere each child has a watch for its next
change, and the names are read again when one comes or goes.  It must not know
what the children are used for.
"""
from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping
from typing import Any

from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import EventType

from .frames import forget_frames


class Family:
    """The children of a node, with their data.

    :ivar path: of the node
    :ivar data: the data of the children, or why they cannot be read, by
        their names
    :ivar version: how often anything of it changed
    :ivar changes: what was different the last time: data by names, None for
        a child that had gone
    :ivar left: those of them that went with a word: they were written to,
        or made anew, right before they went
    :ivar silent: those of them that went without one, as far as is known
    :ivar recursive: whether a recursive watch tells of changes
    :ivar listed: whether all names are known
    :ivar sure: whether all data are known, but for `dirty`
    :ivar dirty: names that must be read again, and whether they were
        written to, or made anew, since they were read
    :ivar armed: names whose next change the server tells of
    """

    __slots__ = ('armed', 'changes', 'data', 'dirty', 'failed', 'left',
                 'listed', 'mzxids', 'path', 'recursive', 'silent', 'sure',
                 'version')

    def __init__(self, path: str, recursive: bool) -> None:
        self.path = path
        self.recursive = recursive
        self.data: dict[str, bytes | Exception] = {}
        self.mzxids: dict[str, int] = {}
        self.version = 0
        self.changes: Mapping[str, bytes | Exception | None] = {}
        self.left: frozenset[str] = frozenset()
        self.silent: frozenset[str] = frozenset()
        self.listed = False
        self.sure = False
        self.dirty: dict[str, bool] = {}
        self.failed: set[str] = set()
        self.armed: set[str] = set()

    def note_child(self, type_: str, name: str) -> None:
        """Note an event of a child."""
        self.dirty[name] = (
            type_ != EventType.DELETED or self.dirty.get(name, False))
        self.armed.discard(name)

    def note_late(self, type_: str, name: str) -> None:
        """Note an event of a child that had come before the last reading.
        """
        if name in self.silent and type_ != EventType.DELETED:
            self.silent -= {name}
            self.left |= {name}

    def note_failed(self) -> None:
        """Have what could not be read be read again."""
        for name in self.failed:
            self.dirty.setdefault(name, False)

    def note_outage(self) -> None:
        """Have all be read again: nothing told of changes."""
        self.listed = self.sure = False

    def wanted(self, names: Iterable[str] | None) -> list[str]:
        """Return the names of the children to read.

        :param names: all names that there are, if they were read
        """
        if names is None:
            return list(self.dirty)
        if not self.sure:
            return list(names)
        return [name for name in names
                if name in self.dirty or name not in self.data]

    def take(
        self, names: Iterable[str] | None, found: Mapping[str, Any]
    ) -> None:
        """Take in what was read.

        :param names: all names that there are, if they were read
        :param found: data and stat, or the error, by the names in `wanted`
        """
        changes: dict[str, bytes | Exception | None] = {}
        if names is not None:
            for name in self.data.keys() - set(names):
                changes[name] = None
        for name, result in found.items():
            before = self.data.get(name)
            self.failed.discard(name)
            if isinstance(result, NoNodeError):
                if before is not None:
                    changes[name] = None
                continue
            if isinstance(result, Exception):
                forget_frames(result)
                self.failed.add(name)
                self.mzxids.pop(name, None)
                if type(result) is not type(before):
                    changes[name] = result
                continue
            # A Java client may have left null for data.
            data = result[0] or b''
            self.mzxids[name] = result[1].mzxid
            if data != before:
                changes[name] = data
        gone = frozenset(
            name for name, data in changes.items() if data is None)
        left = frozenset(name for name in gone if self.dirty.get(name))
        self.silent = gone - left
        self.dirty.clear()
        self.listed = self.sure = True
        self._change(changes, left)

    def learn(self, name: str, data: bytes, mzxid: int) -> bool:
        """Take in newer data of a child; tell whether they are newer."""
        if mzxid <= self.mzxids.get(name, mzxid):
            return False
        self.mzxids[name] = mzxid
        if self.data[name] != data:
            self._change({name: data}, frozenset())
        return True

    def knows(self, name: str, mzxid: int) -> bool:
        """Tell whether data of a child, or newer ones, were read."""
        return self.mzxids.get(name, -1) >= mzxid

    def _change(
        self,
        changes: Mapping[str, bytes | Exception | None],
        left: frozenset[str],
    ) -> None:
        if not changes:
            return
        for name, data in changes.items():
            if data is None:
                del self.data[name]
                self.mzxids.pop(name, None)
                self.failed.discard(name)
                self.armed.discard(name)
            else:
                self.data[name] = data
        self.version += 1
        self.changes = changes
        self.left = left
