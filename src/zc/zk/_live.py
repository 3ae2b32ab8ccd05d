"""Children and Properties: what user code sees of a watched node.

Reading never waits for ZooKeeper: it gives what the watch engine computed
last.  User callbacks run once in the thread that gives them, and from then
on in the engine's callback thread.
"""
from __future__ import annotations

import contextlib
import json
import logging
import os
import time
import weakref
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple
from typing import TypeVar

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import ZnodeStat

from ._callbacks import Watcher
from ._encoding import decode
from ._encoding import encode
from ._links import PROPERTY_LINK
from ._links import Lookup
from ._links import linked_values
from ._links import resolve
from ._nodes import Nodes
from ._watches import Engine
from ._watches import Tracker
from ._wire import CHILDREN
from ._wire import DATA
from .errors import BadPropertyLink
from .errors import CancelWatch
from .errors import ForkedError
from .errors import LinkLoop


if TYPE_CHECKING:
    from ._nodecache import View


logger = logging.getLogger(__name__)

Self = TypeVar('Self', bound='Live')


class _ChildrenSnapshot(NamedTuple):
    real_path: str
    names: tuple[str, ...]


class _PropertiesSnapshot:
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
        return (isinstance(other, _PropertiesSnapshot)
                and self.real_path == other.real_path
                and (self.raw == other.raw or _same(self.data, other.data))
                and _same(self.linked, other.linked))


def _same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Tell whether JSON values are the same; 1 and true are not."""
    return a == b and _canonical(a) == _canonical(b)


def _canonical(values: dict[str, Any]) -> str:
    return json.dumps(values, sort_keys=True, default=repr)


class Live:
    """What is common to Children and Properties.

    Use it in a ``with`` statement, call `close`, or just drop it, to have
    its watches removed.

    :ivar path: the path it was made with
    """

    _kind = ''

    def __init__(
        self, zk: Nodes, engine: Engine, path: str, watch: bool = True
    ) -> None:
        self.zk = zk
        self._engine = engine
        self.path = path
        self.watch = watch
        self._pid = os.getpid()
        self._callbacks: list[Watcher] = []
        self._called = False
        reference = weakref.ref(self)

        def changed() -> None:
            live = reference()
            if live is not None and live._callbacks:
                live._call_soon()

        self._tracker = Tracker(
            self._computation(path), changed, (self._kind, path))
        if watch:
            self._tracker.owner = weakref.ref(self, _dropper(self))

    @staticmethod
    def _computation(path: str) -> Callable[[View], Any]:
        raise NotImplementedError

    def _check(self) -> None:
        """Raise the error that the first computation met."""
        error = self._tracker.error
        if error is not None:
            self.close()
            raise error

    @property
    def _snapshot(self) -> Any:
        if os.getpid() != self._pid:
            raise ForkedError(self._pid)
        return None if self.deleted else self._tracker.snapshot

    @property
    def real_path(self) -> str:
        """The path after following symbolic links; the last one known."""
        if os.getpid() != self._pid:
            raise ForkedError(self._pid)
        real_path: str = self._tracker.snapshot.real_path
        return real_path

    @property
    def deleted(self) -> bool:
        """Whether the path leads to no node at present."""
        return isinstance(self._tracker.error, (NoNodeError, LinkLoop))

    @property
    def current(self) -> bool:
        """Whether the data are up to date, as far as can be known.

        False while the connection is suspended, and until changes missed
        meanwhile have been read; the last data stay readable.
        """
        tracker = self._tracker
        return (self.watch and not tracker.dropped and self._engine.current
                and (tracker.error is None or self.deleted))

    @property
    def error(self) -> Exception | None:
        """Why the path cannot be followed at present, or None."""
        return self._tracker.error

    def close(self) -> None:
        """Stop following the node; the last data stay readable."""
        if self.watch and not self._tracker.dropped:
            self._callbacks = []
            self._engine.drop(self._tracker)
            self._engine.wake()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        deleted = 'DELETED: ' if self.deleted else ''
        return f'{deleted}zc.zk.{type(self).__name__}({self.path})'

    def wait(
        self: Self,
        predicate: Callable[[Self], Any],
        timeout: float | None = None,
    ) -> bool:
        """Wait until ``predicate(self)`` is true.

        :param predicate: called in this thread, at once and after changes
        :param timeout: the longest to wait, in seconds; None: for ever
        :returns: whether it became true in time
        :raises TypeError: when changes are not followed
        """
        if not self.watch:
            raise TypeError("Can't wait without watching.")
        engine = self._engine
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            # The version is read before, so that no change slips between.
            seen = self._tracker.version
            if predicate(self):
                return True
            with engine.condition:
                while self._tracker.version == seen:
                    if engine.closed or self._tracker.dropped:
                        return False
                    left = None
                    if deadline is not None:
                        left = deadline - time.monotonic()
                        if left <= 0:
                            return False
                    engine.condition.wait(left)

    def __call__(self: Self, callback: Callable[..., Any]) -> Self:
        """Have `callback` called with this object, now and on each change.

        It may take ``added`` and ``removed`` too: then these are given, as
        keywords, the sets of names that came and went since its last call.
        When the node is gone, it is called without arguments, if it can be.
        It is dropped when it raises; ``CancelWatch`` does so quietly.

        :returns: this object, so that it can be used as a decorator
        :raises TypeError: when changes are not followed
        """
        if not self.watch:
            raise TypeError("Can't set callbacks without watching.")
        entry = Watcher(callback)
        try:
            self._invoke(entry, first=True)
        except CancelWatch:
            logger.debug('cancelled watch(%r, %r)', self, callback)
            return self
        self._callbacks.append(entry)
        if entry.version != self._tracker.version:
            self._call_soon()
        return self

    def _call_soon(self) -> None:
        # However much changes while a callback blocks, one call waits.
        if not self._called:
            self._called = True
            self._engine.call(self._run_callbacks)

    def _run_callbacks(self) -> None:
        self._called = False
        for entry in list(self._callbacks):
            if entry.version == self._tracker.version:
                continue
            try:
                self._invoke(entry)
            except BaseException as e:      # SystemExit ends only this
                with contextlib.suppress(ValueError):   # closed meanwhile
                    self._callbacks.remove(entry)
                if isinstance(e, CancelWatch):
                    logger.debug(
                        'cancelled watch(%r, %r)', self, entry.function)
                else:
                    logger.exception('watch(%r, %r)', self, entry.function)

    def _invoke(self, entry: Watcher, first: bool = False) -> None:
        entry.version = self._tracker.version
        if self.deleted and not first:
            entry.call_deleted()
        else:
            entry.call(self, self._names)

    def _names(self) -> Iterable[str]:
        raise NotImplementedError


def _dropper(live: Live) -> Callable[[Any], None]:
    # What the weak reference's callback keeps must not lead to the object.
    engine = live._engine
    tracker = live._tracker

    def drop(reference: Any) -> None:
        if not tracker.dropped:
            engine.drop(tracker)

    return drop


class Children(Live):
    """The names of a node's children, kept up to date."""

    _kind = CHILDREN

    @staticmethod
    def _computation(path: str) -> Callable[[View], _ChildrenSnapshot]:
        def compute(view: View) -> _ChildrenSnapshot:
            # Nearly always there is no link: then one watch is enough.
            here = path
            names = view.children(here)
            if names is None:
                here = resolve(view.lookup, path)
                names = view.children(here)
            if names is None:
                view.read_again(here)       # it came or went between reads
            if isinstance(names, Exception):
                raise type(names)(here) from names
            return _ChildrenSnapshot(here, names)

        return compute

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


class Properties(Live, Mapping[str, Any]):
    """A node's properties: a mapping that is kept up to date.

    A property link (``name =>``) stands for the property it leads to.
    """

    _kind = DATA

    @staticmethod
    def _computation(path: str) -> Callable[[View], _PropertiesSnapshot]:
        def compute(view: View) -> _PropertiesSnapshot:
            real_path = resolve(view.lookup, path)
            data, stat = view.data(real_path)
            if isinstance(data, Exception):
                raise type(data)(real_path) from data
            assert data is not None and stat is not None
            return _PropertiesSnapshot(view.lookup, real_path, data, stat)

        return compute

    @property
    def data(self) -> dict[str, Any]:
        """The properties that the node itself has, links as they are."""
        return self.copy()

    @property
    def version(self) -> int:
        """The version of the node's data that was read last."""
        snapshot = self._snapshot
        if snapshot is None:
            raise NoNodeError(self.path)
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

    def set(self, data: Any = None, /, **properties: Any) -> None:
        """Replace all properties.

        :param data: a mapping or pairs; the keywords take precedence
        :raises NoNodeError: when the node is gone
        :raises ValueNotStorable: when JSON has no form for a value
        """
        self._replace(dict(data or (), **properties), -1)

    def replace(
        self,
        data: Any = None,
        /,
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
        """
        if if_version is None:
            snapshot = self._snapshot
            path = self._target()
            stat = self.zk.exists(path)
            if snapshot is None or stat is None:
                raise NoNodeError(path)
            # A node that was made anew has the same versions again.
            if stat.czxid != snapshot.stat.czxid:
                raise BadVersionError(path)
            if_version = snapshot.stat.version
        self._replace(dict(data or (), **properties), if_version)

    def update(self, data: Any = None, /, **properties: Any) -> None:
        """Change some properties; other writers' changes are kept.

        :param data: a mapping or pairs; the keywords take precedence
        :raises NoNodeError: when the node is gone
        :raises ValueNotStorable: when JSON has no form for a value
        """
        changes = dict(data or (), **properties)
        path = self._target()
        self._keep(path, *self.zk._change(path, changes))

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def _target(self) -> str:
        """Return the path of the node to write."""
        snapshot = self._snapshot
        if snapshot is None:
            raise NoNodeError(self.path)
        if self.current:
            real_path: str = snapshot.real_path
            return real_path
        # A link on the way may lead elsewhere by now.
        return resolve(self.zk._lookup, self.path)

    def _replace(self, properties: dict[str, Any], version: int) -> None:
        path = self._target()
        data = encode(properties, path)
        self._keep(path, data, self.zk.set(path, data, version))

    def _keep(self, path: str, data: bytes, stat: ZnodeStat) -> None:
        """Take in data, where the engine does not."""
        if not self.watch:
            self._tracker.snapshot = _PropertiesSnapshot(
                self.zk._lookup, path, data, stat)

    def _read(self) -> None:
        """Read once: what there is instead of watching."""
        path = resolve(self.zk._lookup, self.path)
        self._keep(path, *self.zk.get(path))
