"""What ZooKeeper holds of a service, as the watch engine computes it.

It must not know how servers are chosen.
"""
from __future__ import annotations

import json
from collections.abc import Collection
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

from .._live.live import LiveTracker
from .._session.wire import CHILDREN
from .._tree import paths
from .._tree.links import Found
from .._tree.links import resolve
from .._tree.values import decode
from ..errors import DataError
from .overrides import OVERRIDES


if TYPE_CHECKING:
    from .._live.cache import View


class Listing(NamedTuple):
    """The nodes of a service.

    :ivar real_path: of the service's node, after links
    :ivar nodes: the data of the servers' nodes, or why they cannot be read,
        by their names
    :ivar overrides: the property of the service's node, as JSON, or None
    """

    real_path: str
    nodes: Mapping[str, bytes | Exception]
    overrides: str | None


class ListingTracker(LiveTracker):
    """Computes the listing of a service.

    :ivar left: names whose nodes were written to right before they went
    """

    __slots__ = ('left',)

    kind = CHILDREN

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.left: set[str] = set()

    def compute(self, view: View) -> Listing:
        here = resolve(view.lookup, self.path)
        names = view.children(here)
        if names is None:
            view.read_again(here)       # it came or went between reads
        if isinstance(names, Exception):
            raise type(names)(here) from names
        found = dict(zip(names, view.lookup(
            [paths.join(here, name) for name in names]), strict=True))
        # A node that went after its name was read.
        nodes = {name: data for name, data in found.items()
                 if data is not None}
        before: Listing | None = self.snapshot
        if before is not None:
            self.left.update(
                name for name in before.nodes
                if name not in nodes
                and view.left(paths.join(before.real_path, name)))
        return Listing(here, nodes, _overrides(view.data(here)[0], here))

    def take_left(self) -> Collection[str]:
        """Return the names that left with a word, and forget them."""
        left, self.left = self.left, set()
        return left


def _overrides(data: Found, path: str) -> str | None:
    """Return the overrides in a service's data; none if it has no sense."""
    if not isinstance(data, bytes):
        return None
    try:
        value: Any = decode(data, path).get(OVERRIDES)
    except DataError:
        return None
    return None if value is None else json.dumps(value, sort_keys=True)
