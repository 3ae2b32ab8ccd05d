"""Properties, for tasks of an event loop: writing them is awaited."""
from __future__ import annotations

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from typing import Any

from .._live.properties import Properties as SyncProperties
from .live import Live


class Properties(Live[SyncProperties], Mapping[str, Any]):
    """A node's properties, kept up to date: a mapping to read."""

    def __getitem__(self, key: str) -> Any:
        return self._source[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._source)

    def __contains__(self, key: object) -> bool:
        return key in self._source

    __hash__ = object.__hash__

    @property
    def version(self) -> int:
        """The version of the node's data that was read last."""
        return self._source.version

    def copy(self) -> dict[str, Any]:
        """Return the properties that the node itself has, as a dict."""
        return self._source.copy()

    async def set(self, /, data: Any = None, **properties: Any) -> None:
        """Replace all properties; see ``zc.zk.Properties.set``."""
        await self._write(lambda: self._source.set(data, **properties))

    async def replace(
        self,
        /,
        data: Any = None,
        *,
        if_version: int | None = None,
        **properties: Any,
    ) -> None:
        """Replace all, unless the node changed since it was read; see
        ``zc.zk.Properties.replace``."""
        await self._write(lambda: self._source.replace(
            data, if_version=if_version, **properties))

    async def update(self, /, data: Any = None, **properties: Any) -> None:
        """Change some properties; see ``zc.zk.Properties.update``."""
        await self._write(lambda: self._source.update(data, **properties))

    async def delete(self, key: str) -> None:
        """Delete a property, as ``del`` does in ``zc.zk``."""
        await self._write(lambda: self._source.__delitem__(key))

    async def _write(self, write: Callable[[], None]) -> None:
        await self._home._aside(write)
