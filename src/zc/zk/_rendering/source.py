"""What templates ask of the live tree, kept fresh between renderings.

Its methods run in a script's main thread; what changed is told by the
callback thread.  It must not know templates.
"""
from __future__ import annotations

import copy
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any
from typing import TypeVar

from kazoo.exceptions import NoNodeError

from .._discovery.entry import weight_of
from .._live.live import Live
from .._tree import paths
from ..client import ZooKeeper
from .servers import AsRegistered
from .servers import ShownServer
from .servers import shown


L = TypeVar('L', bound=Live)


class TreeSource:
    """The live objects that one template uses.

    :param changed: gets an item when anything that was asked for has
        changed
    :param warn: called with a line about what is left out
    :ivar empty: the services without servers, in the last rendering
    """

    def __init__(
        self,
        zk: ZooKeeper,
        changed: SimpleQueue[None],
        warn: Callable[[str], object],
    ) -> None:
        self._zk = zk
        self._changed = changed
        self._warn = warn
        self._live: dict[tuple[str, str], Live] = {}
        self._used: set[tuple[str, str]] = set()
        self.empty: set[str] = set()
        self.full: set[str] = set()

    def begin(self) -> None:
        """Note that a rendering begins."""
        self._used.clear()
        self.empty = set()
        self.full = set()

    def end(self) -> None:
        """Note that a rendering is over: what it did not use may go."""
        for key in self._live.keys() - self._used:
            self._live.pop(key).close()

    def close(self) -> None:
        """Follow nothing any more."""
        self._used.clear()
        self.end()

    # For templates

    def providers(self, path: str) -> list[ShownServer]:
        """Return all that is registered for a service, by name.

        :param path: of the node below which servers register
        """
        path = paths.normal(path)
        found = self._kept('providers', path, self._zk.providers)
        servers = shown(
            AsRegistered(each.name, each.address, each.properties,
                       weight_of(each.properties), str(each.state))
            for each in found)
        (self.full if servers else self.empty).add(path)
        return servers

    def servers(self, path: str, ip: bool = False) -> list[ShownServer]:
        """Return those of them whose names are addresses.

        :param ip: whether only IP addresses will do
        """
        found: dict[str, ShownServer] = {}
        for each in self.providers(path):
            if each.endpoint is None:
                self._warn(f'{each.name} in {path} is left out: it is no '
                           'HOST:PORT that clients can connect to')
            elif ip and not each.ip:
                self._warn(f'{each.name} in {path} is left out: an IP '
                           'address is needed here')
            elif each.endpoint in found:
                self._warn(f'{each.name} in {path} is left out: it is '
                           'registered twice')
            else:
                found[each.endpoint] = each
        if not found:
            path = paths.normal(path)
            self.empty.add(path)
            self.full.discard(path)
        return list(found.values())

    def properties(self, path: str) -> dict[str, Any]:
        """Return the properties of a node, with those that are linked to."""
        path = paths.normal(path)
        found = self._kept('properties', path, self._zk.properties)
        return {name: copy.deepcopy(found[name]) for name in found}

    def children(self, path: str) -> list[str]:
        """Return the sorted names of the nodes below a node."""
        path = paths.normal(path)
        return sorted(self._kept('children', path, self._zk.children))

    def _kept(self, kind: str, path: str, make: Callable[[str], L]) -> L:
        key = kind, path
        found = self._live.get(key)
        if found is None:
            found = self._live[key] = make(path)
            found(self._wake)
        self._used.add(key)
        if found.deleted:       # its coming back is told of
            raise NoNodeError(path)
        return found        # type: ignore[return-value]

    def _wake(self, *_: object, **__: object) -> None:
        self._changed.put(None)
