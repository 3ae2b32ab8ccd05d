"""Children: what user code sees of the names of a node's children.

Runs in its caller's thread; what it shows was computed by the watch engine.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from typing import NamedTuple

from .._session.wire import CHILDREN
from .._tree.links import resolve
from .._tree.paths import named
from .live import Live
from .live import LiveTracker


if TYPE_CHECKING:
    from .view import View


class _ChildrenSnapshot(NamedTuple):
    real_path: str
    names: tuple[str, ...]


class _ChildrenTracker(LiveTracker):

    __slots__ = ()

    kind = CHILDREN

    def compute(self, view: View) -> _ChildrenSnapshot:
        # Nearly always there is no link: then one watch is enough.
        here = self.path
        names = view.children(here)
        if names is None:
            here = resolve(view.lookup, here)
            names = view.children(here)
        if names is None:
            view.read_again(here)       # it came or went between reads
        if isinstance(names, Exception):
            raise named(names, here)
        return _ChildrenSnapshot(here, names)


class Children(Live):
    """The names of a node's children, kept up to date."""

    _tracker_class = _ChildrenTracker

    @property
    def data(self) -> list[str]:
        """The names, sorted."""
        return list(self._names())

    def _names(self) -> tuple[str, ...]:
        snapshot = self._snapshot
        return snapshot.names if snapshot is not None else ()

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __contains__(self, name: object) -> bool:
        return name in self._names()
