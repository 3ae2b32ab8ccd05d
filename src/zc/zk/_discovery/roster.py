"""The servers of a service as they are shown: registered ones, and held ones.

A change takes the time of what changed, however many servers there are.
Runs in whatever thread has news; it must not know where they come from.
"""
from __future__ import annotations

import bisect
import json
import logging
import threading
import weakref
from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Mapping
from types import MappingProxyType

from .._printable import printable
from .._registration.farewell import LEAVING
from .balancer import Balancer
from .changes import Difference
from .changes import PendingChanges
from .entry import Entry
from .entry import read
from .hold import Hold
from .overrides import Overrides
from .provider import Provider
from .rules import OWN
from .rules import Rules


logger = logging.getLogger(__name__)

Nodes = Mapping[str, 'bytes | Exception']

#: Up to here, names are put into the sorted list one by one.
FEW = 50


class Roster:
    """The servers of one service.

    :param path: of the service's node, for the log
    :param rules: the figures that decide
    :param balancer: is told of all changes
    :ivar overrides: the property of the service's node, as JSON, or None
    """

    def __init__(
        self,
        path: str,
        rules: Rules,
        balancer: Balancer,
        format: str = OWN,
    ) -> None:
        self._path = path
        self._format = format
        self._window = rules.vanish_window
        self._balancer = balancer
        self._hold = Hold(rules)
        self._lock = threading.Lock()
        self._providers: dict[str, Provider] = {}
        self._names: list[str] = []             # sorted
        self._shown: Mapping[str, Provider] | None = None
        self._nodes: dict[str, bytes | Exception] = {}
        self._changes: weakref.WeakSet[PendingChanges] = weakref.WeakSet()
        self.overrides: str | None = None
        self._rules = Overrides()
        self._entries: dict[str, Entry] = {}
        # Those that went a short time ago, in case most others follow.
        self._vanished: dict[str, tuple[float, Entry]] = {}

    @property
    def due(self) -> float:
        """When `expire` has something to do."""
        return self._hold.due

    # Reading, in any thread

    @property
    def providers(self) -> Mapping[str, Provider]:
        """All of them by their names, sorted; as they are now."""
        shown = self._shown
        if shown is None:
            with self._lock:
                shown = self._shown = MappingProxyType({
                    name: self._providers[name] for name in self._names})
        return shown

    def get(self, name: str) -> Provider | None:
        """Return the provider of that name, or None."""
        return self._providers.get(name)

    def __len__(self) -> int:
        return len(self._providers)

    @property
    def nodes(self) -> Nodes:
        """The data that they were made of, by their names."""
        with self._lock:
            return dict(self._nodes)

    def follow(self) -> PendingChanges:
        """Return what takes note of all changes; at first, all are new."""
        with self._lock:
            changes = PendingChanges(self._providers)
            self._changes.add(changes)
            return changes

    def since(self, changes: PendingChanges) -> Difference:
        """Return how the providers differ from the last time."""
        with self._lock:
            return changes.take(self._providers)

    # News

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
        known = self._nodes
        changes: dict[str, bytes | Exception | None] = {
            name: data for name, data in nodes.items()
            if known.get(name) != data or name in self._hold.held}
        changes.update((name, None) for name in known if name not in nodes)
        self.change(changes, overrides, left, now)

    def change(
        self,
        changes: Mapping[str, bytes | Exception | None],
        overrides: str | None,
        left: Collection[str],
        now: float,
    ) -> None:
        """Take in what is registered differently now; see `take`.

        :param changes: the data of the nodes, or errors, by their names;
            None for nodes that are gone
        """
        with self._lock:
            if overrides != self.overrides:
                self._override(overrides)
                changes = {**self._nodes, **changes}
            new = {}
            gone = []
            for name, data in changes.items():
                if data is not None:
                    new[name] = self._read(name, data)
                    self._nodes[name] = data
                    self._hold.forget(name)
                    self._vanished.pop(name, None)
                elif name in self._nodes:
                    del self._nodes[name]
                    gone.append(name)
            for name in gone:
                entry = self._entries[name]
                if name in left or entry.properties.get(LEAVING):
                    self._hold.forget(name)
                else:
                    self._vanished[name] = (now, entry)
            self._entries.update(new)
            held = self._hold.vanish(
                [name for name in gone if name in self._vanished],
                len(self._nodes), now) if gone else []
            if held:
                logger.warning(
                    '%s: %s servers vanished without a word; they are kept '
                    'as stale', printable(self._path), len(held))
            # They may have been taken off the list before.
            back = [self._vanished[name][1] for name in held
                    if name in self._vanished
                    and self._balancer.get(name) is None]
            self._entries.update((entry.name, entry) for entry in back)
            dropped = [name for name in gone if name not in self._hold.held]
            self._balancer.update(
                [*new.values(), *back], dropped, held)
            for name in held:
                self._vanished.pop(name, None)
            self._forget_vanished(now)
            self._show_stale(held)
            self._show([*new, *held], dropped)

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
            self._show((), names)
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
        entry = read(name, data, format=self._format)
        changes = self._rules.of(name, entry.properties)
        return (read(name, data, changes, self._format) if changes
                else entry)

    def _forget_vanished(self, now: float) -> None:
        for name, (when, _) in list(self._vanished.items()):
            if now - when <= self._window:
                break           # the oldest come first
            del self._vanished[name]

    def _show_stale(self, names: Iterable[str]) -> None:
        balancer = self._balancer
        for name in names:
            member = balancer.get(name)
            if member is not None:
                # Another one, so that it counts as changed.
                member.provider = Provider(member.entry, member, balancer)

    def _show(self, names: Iterable[str], gone: Iterable[str]) -> None:
        """Show providers that are new, and no more those that are gone."""
        before: dict[str, Provider | None] = {}
        for name in names:
            member = self._balancer.get(name)
            if member is not None:
                before[name] = self._providers.get(name)
                self._providers[name] = member.provider
        for name in gone:
            del self._entries[name]
            if name in self._providers:
                before[name] = self._providers.pop(name)
        if not before:
            return
        for changes in self._changes:
            for name, provider in before.items():
                changes.note(name, provider)
        if len(before) > FEW:
            self._names = sorted(self._providers)
        else:
            for name, provider in before.items():
                self._place(name, provider is None)
        self._shown = None

    def _place(self, name: str, new: bool) -> None:
        """Put a name into the sorted list, or take it out."""
        place = bisect.bisect_left(self._names, name)
        if new:
            self._names.insert(place, name)
        elif name not in self._providers:
            del self._names[place]
