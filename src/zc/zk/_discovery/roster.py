"""The servers of a service as they are shown: registered ones, and held ones.

Runs in whatever thread has news; it must not know where they come from.
"""
from __future__ import annotations

import json
import logging
import threading
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from types import MappingProxyType

from .._printable import printable
from .._registration.farewell import LEAVING
from .balancer import Balancer
from .entry import Entry
from .entry import read
from .hold import Hold
from .overrides import Overrides
from .provider import Provider
from .rules import Rules


logger = logging.getLogger(__name__)

Nodes = Mapping[str, 'bytes | Exception']


class Roster:
    """The servers of one service.

    :param path: of the service's node, for the log
    :param rules: the figures that decide
    :param balancer: is told of all changes
    :ivar providers: all of them, by their names; replaced at each change
    :ivar nodes: the data that they were made of
    :ivar overrides: the property of the service's node, as JSON, or None
    """

    def __init__(self, path: str, rules: Rules, balancer: Balancer) -> None:
        self._path = path
        self._window = rules.vanish_window
        self._balancer = balancer
        self._hold = Hold(rules)
        self._lock = threading.Lock()
        self.providers: Mapping[str, Provider] = MappingProxyType({})
        self.nodes: Nodes = {}
        self.overrides: str | None = None
        self._rules = Overrides()
        self._entries: dict[str, Entry] = {}
        # Those that went a short time ago, in case most others follow.
        self._vanished: dict[str, tuple[float, Entry]] = {}

    @property
    def due(self) -> float:
        """When `expire` has something to do."""
        return self._hold.due

    def take(
        self,
        nodes: Nodes,
        overrides: str | None,
        left: Collection[str],
        now: float,
    ) -> None:
        """Take in what is registered now.

        :param nodes: the data of the nodes, or errors, by their names
        :param overrides: the property of the service's node, as JSON
        :param left: names that went with a word
        :param now: the time, in seconds
        """
        with self._lock:
            again = overrides != self.overrides
            if again:
                self._override(overrides)
            new = {}
            for name, data in nodes.items():
                if (again or self.nodes.get(name) != data
                        or name in self._hold.held):
                    new[name] = self._read(name, data)
                self._hold.forget(name)
                self._vanished.pop(name, None)
            gone = [name for name in self.nodes if name not in nodes]
            for name in gone:
                entry = self._entries[name]
                if name in left or entry.properties.get(LEAVING):
                    self._hold.forget(name)
                else:
                    self._vanished[name] = (now, entry)
            self.nodes = nodes
            self._entries = {**self._entries, **new}
            held = self._hold.vanish(
                [name for name in gone if name in self._vanished],
                len(nodes), now) if gone else []
            if held:
                logger.warning(
                    '%s: %s servers vanished without a word; they are kept '
                    'as stale', printable(self._path), len(held))
            # They may have been taken off the list before.
            back = [self._vanished[name][1] for name in held
                    if name in self._vanished
                    and self._balancer.get(name) is None]
            self._entries.update((entry.name, entry) for entry in back)
            self._balancer.update(
                [*new.values(), *back],
                [name for name in gone if name not in self._hold.held], held)
            self._forget_vanished(now)
            self._show(held)

    def expire(self, now: float) -> bool:
        """Drop what has been held for long enough; tell whether any was."""
        with self._lock:
            return self._drop(self._hold.expire(now))

    def drop(self, name: str) -> bool:
        """Drop one that is held: it is known not to be there."""
        with self._lock:
            if name not in self._hold.held:
                return False
            self._hold.forget(name)
            return self._drop([name])

    def _drop(self, names: list[str]) -> bool:
        if names:
            self._balancer.update([], names)
            for name in names:
                self._vanished.pop(name, None)
            self._show(())
        return bool(names)

    def _override(self, overrides: str | None) -> None:
        self.overrides = overrides
        self._rules = Overrides(
            None if overrides is None else json.loads(overrides))
        for fault in self._rules.faults:
            logger.warning(
                '%s: %s', printable(self._path), printable(fault))

    def _read(self, name: str, data: bytes | Exception) -> Entry:
        if isinstance(data, Exception):
            return read(name, b'')._replace(
                error=f'the node cannot be read: {type(data).__name__}')
        entry = read(name, data)
        changes = self._rules.of(name, entry.properties)
        return read(name, data, changes) if changes else entry

    def _forget_vanished(self, now: float) -> None:
        for name, (when, _) in list(self._vanished.items()):
            if now - when > self._window and name not in self._hold.held:
                del self._vanished[name]

    def _show(self, stale: Iterable[str]) -> None:
        balancer = self._balancer
        for name in stale:
            member = balancer.get(name)
            if member is not None:
                # Another one, so that it counts as changed.
                member.provider = Provider(member.entry, member, balancer)
        names = sorted({*self.nodes, *self._hold.held})
        self._entries = {name: self._entries[name] for name in names}
        self.providers = MappingProxyType({
            name: member.provider for name in names
            if (member := balancer.get(name)) is not None})
