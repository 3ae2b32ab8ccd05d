"""What Children and Properties have in common.

Reading never waits for ZooKeeper: it gives what the watch engine computed
last.  User callbacks run once in the thread that gives them, and from then
on in the engine's callback thread.
"""
from __future__ import annotations

import contextlib
import logging
import os
import time
import weakref
from collections.abc import Callable
from collections.abc import Iterable
from types import TracebackType
from typing import Any
from typing import TypeVar

from kazoo.exceptions import NoNodeError

from .._printable import printable
from .._session.nodes import Nodes
from ..errors import BadPropertyLink
from ..errors import CancelWatch
from ..errors import ForkedError
from ..errors import LinkLoop
from .callback import Watcher
from .engine import Engine
from .tracker import Tracker


logger = logging.getLogger(__name__)

#: How many names a representation shows, and how much of each.
SHOWN_NAMES = 5
LONGEST_NAME = 40

Self = TypeVar('Self', bound='Live')


class LiveTracker(Tracker):
    """A tracker for as long as someone refers to a live object."""

    __slots__ = ('_engine', '_owner')

    shown = True

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self._owner: weakref.ref[Live] | None = None

    def follow(self, owner: Live, engine: Engine) -> None:
        """Tell `owner` of changes; with its end, have `engine` drop this."""
        self._engine = engine
        self._owner = weakref.ref(owner, self._drop)

    def changed(self) -> None:
        owner = self._owner() if self._owner is not None else None
        if owner is not None and owner._callbacks:
            owner._call_soon()

    def _drop(self, reference: Any) -> None:
        if not self.dropped:
            self._engine.drop(self)


class Live:
    """The base of `Children` and `Properties`.

    Its watches are removed at the end of a ``with`` statement, by `close`, and
    when nothing refers to it any more.

    :ivar path: the path it was made with
    """

    _tracker_class: type[LiveTracker]
    _watcher_class = Watcher

    def __init__(
        self, nodes: Nodes, engine: Engine, path: str, watch: bool = True
    ) -> None:
        self._nodes = nodes
        self._engine = engine
        self.path = path
        self.watch = watch
        self._pid = os.getpid()
        self._callbacks: list[Watcher] = []
        self._called = False
        self._tracker = self._tracker_class(nodes.normal(path))
        if watch:
            self._tracker.follow(self, engine)

    def _check(self) -> None:
        """Raise the error that the first computation met, if any."""
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
        return (self.watch and not self.closed and self._engine.current
                and (tracker.error is None or self.deleted))

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._tracker.dropped

    @property
    def error(self) -> Exception | None:
        """Why the path cannot be followed at present, or None."""
        return self._tracker.error

    def close(self) -> None:
        """Stop following the node; the last data stay readable.

        No callback starts after this has returned.  It waits up to a second
        for one that runs in the callback thread.
        """
        if self.watch:
            if not self._tracker.dropped:
                self._callbacks = []
                self._engine.drop(self._tracker)
                self._engine.wake()
            self._engine.calls.wait_for_end(self)

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
        if self.deleted or os.getpid() != self._pid:
            return self._label()
        names = list(self._names())
        shown = ', '.join([
            printable(name)[:LONGEST_NAME] for name in names[:SHOWN_NAMES]])
        more = ', ...' if len(names) > SHOWN_NAMES else ''
        stale = '' if self.current or not self.watch else ' (not current)'
        of_them = f': {shown}{more}' if names else ''
        return f'<{self._label()} {len(names)}{of_them}{stale}>'

    def _label(self) -> str:
        """Return which object this is, as zc.zk 2.1 showed it."""
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
        It is dropped when it raises; ``CancelWatch`` does so quietly, also at
        the first call, whose other errors are raised here.  Only
        ``BadPropertyLink``, of a link that broke, is just logged.

        :returns: this object, so that it can be used as a decorator
        :raises TypeError: when changes are not followed
        """
        if not self.watch:
            raise TypeError("Can't set callbacks without watching.")
        entry = self._watcher_class(callback)
        try:
            self._tell(entry, first=True)
        except CancelWatch:
            logger.debug('cancelled watch(%s, %r)', self._label(), callback)
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
            if not self._engine.calls.begin(
                    self, lambda: self._tracker.dropped):
                return
            try:
                self._tell(entry)
            except BadPropertyLink:
                # Not its fault, and it shall hear of the mending.
                logger.exception(
                    'watch(%s, %r)', self._label(), entry.function)
            except BaseException as e:      # SystemExit ends only this
                with contextlib.suppress(ValueError):   # closed meanwhile
                    self._callbacks.remove(entry)
                if isinstance(e, CancelWatch):
                    logger.debug('cancelled watch(%s, %r)',
                                 self._label(), entry.function)
                else:
                    logger.exception(
                        'watch(%s, %r)', self._label(), entry.function)
            finally:
                self._engine.calls.end()

    def _tell(self, entry: Watcher, first: bool = False) -> None:
        entry.version = self._tracker.version
        if self.deleted and not first:
            entry.call_deleted()
        else:
            entry.call(self, self._names)

    def _names(self) -> Iterable[str]:
        raise NotImplementedError
