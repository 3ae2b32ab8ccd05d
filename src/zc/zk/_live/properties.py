"""Properties: what user code sees of a node's data, and how it changes them.

Runs in its caller's threads; what it shows was computed by the watch engine.
"""
from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import ZnodeStat

from .._tree.links import Lookup
from .._tree.links import linked_values
from .._tree.links import resolve
from .._tree.model import PROPERTY_LINK
from .._tree.paths import named
from .._tree.values import decode
from .._tree.values import encode
from .._tree.values import same
from ..errors import BadPropertyLink
from .live import Live
from .live import LiveTracker


if TYPE_CHECKING:
    from .view import View


class Snapshot:
    """A node's properties; equal when user code would see no difference."""

    __slots__ = ('data', 'linked', 'raw', 'real_path', 'stat')

    def __init__(
        self, lookup: Lookup, real_path: str, data: bytes, stat: ZnodeStat
    ) -> None:
        self.real_path = real_path
        self.raw = data
        self.stat = stat
        self.data = decode(data, real_path)
        self.linked = linked_values(lookup, real_path, self.data)

    def __eq__(self, other: object) -> bool:
        return (isinstance(other, Snapshot)
                and self.real_path == other.real_path
                and (self.raw == other.raw or same(self.data, other.data))
                and same(self.linked, other.linked))


class _PropertiesTracker(LiveTracker):

    __slots__ = ()

    def compute(self, view: View) -> Snapshot:
        # Nearly always there is no link.
        real_path = self.path
        data, stat = view.data(real_path)
        if data is None:
            real_path = resolve(view.lookup, real_path)
            data, stat = view.data(real_path)
        if isinstance(data, Exception):
            raise named(data, real_path)
        assert data is not None and stat is not None
        return Snapshot(view.lookup, real_path, data, stat)


class Properties(Live, Mapping[str, Any]):
    """A node's properties: a mapping that is kept up to date.

    A property link (``name =>``) stands for the property it leads to.
    """

    _tracker_class = _PropertiesTracker

    @property
    def data(self) -> dict[str, Any]:
        """The properties that the node itself has, links as they are."""
        return self.copy()

    @property
    def version(self) -> int:
        """The version of the node's data that was read last."""
        snapshot = self._snapshot
        if snapshot is None:
            raise NoNodeError(self._tracker.path)
        version: int = snapshot.stat.version
        return version

    def _names(self) -> list[str]:
        return list(self)

    def __getitem__(self, key: str) -> Any:
        snapshot = self._snapshot
        if snapshot is None:
            raise KeyError(key)
        if key in snapshot.data:
            return snapshot.data[key]
        value = snapshot.linked[key]
        if isinstance(value, BadPropertyLink):
            # Another one: a traceback leads to this object.
            raise BadPropertyLink(
                value.path, value.name, value.target, value.reason)
        return value

    def __iter__(self) -> Iterator[str]:
        snapshot = self._snapshot
        if snapshot is None:
            return iter(())
        return iter([
            *(key for key in snapshot.data
              if not key.endswith(PROPERTY_LINK)),
            *snapshot.linked])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, key: object) -> bool:
        snapshot = self._snapshot
        return snapshot is not None and (
            key in snapshot.data or key in snapshot.linked)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other or Mapping.__eq__(self, other)

    def copy(self) -> dict[str, Any]:
        """Return the properties that the node itself has, as a dict."""
        snapshot = self._snapshot
        return dict(snapshot.data) if snapshot is not None else {}

    def set(self, /, data: Any = None, **properties: Any) -> None:
        """Replace all properties.

        :param data: a mapping or pairs; the keywords take precedence
        :raises NoNodeError: when the node is gone
        :raises ValueNotStorable: when JSON has no form for a value
        :raises BadPropertyLink: when a property link leads to no value;
            nothing is written
        """
        self._replace(dict(data or (), **properties), -1)

    def replace(
        self,
        /,
        data: Any = None,
        *,
        if_version: int | None = None,
        **properties: Any,
    ) -> None:
        """Replace all properties, unless the node changed since it was read.

        :param data: a mapping or pairs; the keywords take precedence
        :param if_version: the version that the data must be at; by
            default `version`
        :raises BadVersionError: when another writer came first
        :raises NoNodeError: when the node is gone
        :raises BadPropertyLink: when a property link leads to no value;
            nothing is written
        """
        if if_version is None:
            snapshot = self._snapshot
            path = self._target()
            stat = self._nodes.exists(path)
            if snapshot is None or stat is None:
                raise NoNodeError(path)
            # A node that was made anew has the same versions again.
            if stat.czxid != snapshot.stat.czxid:
                raise BadVersionError(path)
            if_version = snapshot.stat.version
        self._replace(dict(data or (), **properties), if_version)

    def update(self, /, data: Any = None, **properties: Any) -> None:
        """Change some properties; other writers' changes are kept.

        :param data: a mapping or pairs; the keywords take precedence
        :raises NoNodeError: when the node is gone
        :raises ValueNotStorable: when JSON has no form for a value
        :raises BadPropertyLink: when a property link that is given leads
            to no value; nothing is written
        """
        changes = dict(data or (), **properties)
        path = self._target()
        self._keep(path, *self._nodes.change(path, changes))

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        path = self._target()
        self._keep(path, *self._nodes.change(path, {}, [key]))

    def _target(self) -> str:
        """Return the path of the node to write."""
        snapshot = self._snapshot
        if snapshot is None:
            raise NoNodeError(self._tracker.path)
        if self.current:
            real_path: str = snapshot.real_path
            return real_path
        # A link on the way may lead elsewhere by now.
        return self._nodes.resolve(self._tracker.path)

    def _replace(self, properties: dict[str, Any], version: int) -> None:
        path = self._target()
        data = encode(properties, path)
        self._nodes.check_links(path, data, properties)
        self._keep(path, data, self._nodes.set(path, data, version))

    def _keep(self, path: str, data: bytes, stat: ZnodeStat) -> None:
        """Take in data, where the engine does not."""
        if not self.watch:
            self._tracker.snapshot = Snapshot(
                self._nodes.lookup, path, data, stat)

    def _read(self) -> None:
        """Read once: what there is instead of watching."""
        path = self._nodes.resolve(self._tracker.path)
        self._keep(path, *self._nodes.get(path))
