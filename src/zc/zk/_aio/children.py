"""Children, for tasks of an event loop."""
from __future__ import annotations

from collections.abc import Iterator

from .._live.children import Children as SyncChildren
from .live import Live


class Children(Live[SyncChildren]):
    """The names of a node's children, kept up to date."""

    @property
    def data(self) -> list[str]:
        """The names, sorted."""
        return self._source.data

    def __iter__(self) -> Iterator[str]:
        return iter(self._source)
