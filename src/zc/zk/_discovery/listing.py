"""What ZooKeeper holds of a service, as the watch engine computes it.

It is computed in whatever thread has the engine's lock.  It must not know how
servers are chosen.
"""
from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

from .._live.live import LiveTracker
from .._session.wire import DATA
from .._tree.links import Found
from .._tree.links import resolve
from .._tree.paths import named
from .._tree.values import decode
from ..errors import DataError
from .overrides import OVERRIDES


if TYPE_CHECKING:
    from .._live.family import Family
    from .._live.view import View


class Listing(NamedTuple):
    """The nodes of a service, as they were at one version.

    :ivar real_path: of the service's node, after links
    :ivar family: has the data of the servers' nodes
    :ivar version: of the family
    :ivar overrides: the property of the service's node, as JSON, or None
    """

    real_path: str
    family: Family
    version: int
    overrides: str | None


class News(NamedTuple):
    """How a listing differs from the one before.

    :ivar nodes: the data of the nodes, or why they cannot be read, by their
        names; None for each that has gone
    :ivar whole: whether these are all nodes that there are
    :ivar left: names of nodes that were written to right before they went
    :ivar overrides: the property of the service's node, as JSON, or None
    """

    nodes: Mapping[str, bytes | Exception | None]
    whole: bool
    left: Collection[str]
    overrides: str | None


class ListingTracker(LiveTracker):
    """Computes the listing of a service.

    :ivar news: what was not taken yet, oldest first; another thread may
        take while this one adds
    """

    __slots__ = ('news',)

    kind = DATA

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.news: deque[News] = deque()

    def compute(self, view: View) -> Listing:
        here = resolve(view.lookup, self.path)
        family = view.family(here)
        if family is None:
            view.read_again(here)       # it came or went between reads
        if isinstance(family, Exception):
            raise named(family, here)
        overrides = _overrides(view.data(here)[0], here)
        before: Listing | None = self.snapshot
        if before is None or self.error is not None or (
                before.family is not family):
            self.news.append(News(dict(family.data), True, (), overrides))
        elif before.version == family.version - 1:
            # Nearly always: so a change costs what changed.
            self.news.append(News(
                family.changes, False, family.left, overrides))
        elif (before.version, before.overrides) != (
                family.version, overrides):
            self.news.append(News(
                dict(family.data), True, family.left, overrides))
        return Listing(here, family, family.version, overrides)


def _overrides(data: Found, path: str) -> str | None:
    """Return the overrides in a service's data; none if it has no sense."""
    if not isinstance(data, bytes):
        return None
    try:
        value: Any = decode(data, path).get(OVERRIDES)
    except DataError:
        return None
    return None if value is None else json.dumps(value, sort_keys=True)
