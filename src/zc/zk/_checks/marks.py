"""What the nodes of one server say of its health.

Makes requests, in the thread of its caller, and raises what they raise.
"""
from __future__ import annotations

import logging
import random
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from .._tree import paths
from ..client import ZooKeeper
from ..errors import DataError
from .last import DOWN
from .last import may_go
from .last import restored


class Marks:
    """Has the nodes that a `ZooKeeper` object registered say how it is.

    :param path: the node below which they are registered
    :param even_the_last: whether the last healthy provider may be marked
    :param logger: where changes are told
    """

    def __init__(
        self, path: str, even_the_last: bool, logger: logging.Logger
    ) -> None:
        self._path = path
        self._even_the_last = even_the_last
        self._logger = logger
        # Their properties before, by path.
        self._before: dict[str, Mapping[str, Any]] = {}
        self._warned = False

    def up(self, zk: ZooKeeper) -> None:
        """Have the nodes say what they said before they were marked."""
        if not self._before:
            return
        for path, registration in zk.registrations.items():
            if path in self._before:
                registration.update(restored(self._before[path]))
        self._before.clear()
        self._logger.info('the nodes say that it is healthy')

    def down(self, zk: ZooKeeper) -> None:
        """Have the nodes say that it is down, unless no other is healthy.

        Call it again while it is down: others may have come up meanwhile.
        """
        if not zk.registrations:
            return
        if not self.may_go(zk):
            self.stay(zk)
            return
        self._warned = False
        for path, registration in zk.registrations.items():
            found = registration.properties
            if not self._before:
                self._logger.info('the nodes say that it is down')
            self._before.setdefault(path, found)
            if not found.items() >= DOWN.items():
                registration.update(DOWN)

    def stay(self, zk: ZooKeeper) -> None:
        """Have the nodes say nothing, since no other provider is healthy."""
        self.up(zk)
        if not self._warned:
            self._warned = True
            self._logger.warning(
                'it stays registered as healthy, since no other provider in '
                '%s is', self._path)

    def forget(self) -> None:
        """Begin anew: the nodes are gone."""
        self._before.clear()
        self._warned = False

    def may_go(self, zk: ZooKeeper) -> bool:
        """Tell whether the nodes may be marked, or be taken away."""
        if self._even_the_last:
            return True
        path = zk.resolve(self._path)
        own = {each.rpartition('/')[2] for each in zk.registrations}
        names = list(set(zk.get_children(path)) - own)
        # Mostly the first that is read is healthy.
        random.shuffle(names)
        # One that is unregistered has no node whose turn it can be.
        return may_go(bool(self._before), own or {''},
                      _properties(zk, path, names))


def _properties(
    zk: ZooKeeper, path: str, names: list[str]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for name in names:
        try:
            yield name, zk.get_properties(paths.join(path, name))
        except NoNodeError:
            continue
        except (DataError, NoAuthError):
            yield name, {}      # it says nothing, so it is healthy
