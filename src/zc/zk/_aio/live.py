"""What children, properties and providers have in common, for tasks of an
event loop.

Each stands before the live object of the same name, which does the work.
The callback thread of its client tells the loop that something changed; all
else runs in the loop.  It must not know how the data are read.
"""
from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from types import TracebackType
from typing import Any
from typing import Generic
from typing import Protocol
from typing import TypeVar

from .._live.live import Live as SyncLive
from ..errors import CancelWatch
from .callbacks import Callbacks
from .changes import Iteration
from .threads import tell


T = TypeVar('T')
S = TypeVar('S', bound=SyncLive)
Self = TypeVar('Self', bound='Live[Any]')


class Home(Protocol):
    """Where a live object belongs."""

    _loop: asyncio.AbstractEventLoop
    _lives: weakref.WeakSet[Live[Any]]

    async def _aside(self, function: Callable[[], T]) -> T: ...

    def _check(self) -> None: ...

    def _later(self, function: Callable[[], object]) -> None: ...


class Live(Generic[S]):
    """The base of `Children`, `Properties` and `Providers`.

    It belongs to the event loop in which it was made.  Its watches are
    removed at the end of an ``async with`` statement, by `close`, and when
    nothing refers to it any more.
    """

    def __init__(self, home: Home, live: S) -> None:
        self._home = home
        self._source = live
        self._waiters: set[asyncio.Future[None]] = set()
        self._callbacks = Callbacks(self, home._loop)
        self._closed = False
        home._lives.add(self)
        if live.watch:
            live(_teller(weakref.ref(self), home._loop))

    @property
    def path(self) -> str:
        """The path it was made with."""
        return self._source.path

    @property
    def real_path(self) -> str:
        """The path after following symbolic links; the last one known."""
        return self._source.real_path

    @property
    def deleted(self) -> bool:
        """Whether the path leads to no node at present."""
        return self._source.deleted

    @property
    def current(self) -> bool:
        """Whether the data are up to date, as far as can be known."""
        return self._source.current

    @property
    def error(self) -> Exception | None:
        """Why the path cannot be followed at present, or None."""
        return self._source.error

    def __len__(self) -> int:
        return len(self._source)      # type: ignore[arg-type]

    def __contains__(self, item: object) -> bool:
        return item in self._source   # type: ignore[operator]

    def __repr__(self) -> str:
        return repr(self._source).replace('zc.zk.', 'zc.zk.aio.', 1)

    # Waiting

    async def wait(
        self: Self,
        predicate: Callable[[Self], Any],
        timeout: float | None = None,
    ) -> bool:
        """Wait until ``predicate(self)`` is true.

        :param predicate: called in the loop, at once and after changes
        :param timeout: the longest to wait, in seconds; None: for ever
        :returns: whether it became true in time
        :raises TypeError: when changes are not followed
        """
        self._check_watching()
        loop = self._home._loop
        deadline = None if timeout is None else loop.time() + timeout
        while True:
            seen = self._version
            if predicate(self):
                return True
            if not await self._change(seen, deadline):
                return False

    def __aiter__(self: Self) -> Iteration[Self]:
        """Iterate over changes: this object, now and after each.

        When several changes come during a turn of the loop, there is one
        more turn.  It ends when this is closed, after the last change.
        """
        self._check_watching()
        return Iteration(self)

    async def _change(self, seen: int, deadline: float | None = None) -> bool:
        """Wait for a version other than `seen`; tell whether it came."""
        loop = self._home._loop
        while self._version == seen:
            if self._closed:
                return False
            future: asyncio.Future[None] = loop.create_future()
            self._waiters.add(future)
            timer = None if deadline is None else loop.call_at(
                deadline, _expire, future)
            try:
                await future
            except TimeoutError:
                return self._version != seen
            finally:
                self._waiters.discard(future)
                if timer is not None:
                    timer.cancel()
        return True

    @property
    def _version(self) -> int:
        return self._source._tracker.version

    def _check_watching(self) -> None:
        self._home._check()
        if not self._source.watch:
            raise TypeError("Can't wait without watching.")

    # Callbacks

    def __call__(self: Self, callback: Callable[..., Any]) -> Self:
        """Have `callback` called with this object, now and on each change.

        It may be a coroutine function; then one call of it ends before the
        next begins.  For the rest, it is as with ``zc.zk``: it may take
        ``added`` and ``removed`` too; it is dropped when it raises, and
        ``CancelWatch`` does so quietly.  It runs in the loop.

        :returns: this object, so that it can be used as a decorator
        :raises TypeError: when changes are not followed
        """
        self._check_watching()
        self._callbacks.add(self._source._watcher_class(callback))
        return self

    def _wake(self) -> None:
        """Take note that something changed, or that this was closed."""
        for future in self._waiters:
            if not future.done():
                future.set_result(None)
        self._callbacks.wake()

    # The end

    async def close(self) -> None:
        """Stop following the node; the last data stay readable.

        No callback starts after this has returned.  A callback that runs
        has a second to end, and is cancelled then.
        """
        self._let_go()
        await self._callbacks.close()

    def _let_go(self) -> None:
        """Stop following the node, without waiting for anything."""
        self._end()
        live = self._source
        if live.watch and not live._tracker.dropped:
            live._engine.drop(live._tracker)
            self._home._later(live.close)       # it may write a file

    def _end(self) -> None:
        """Have those who wait see the last change, and end."""
        self._closed = True
        self._wake()

    async def __aenter__(self: Self) -> Self:
        return self

    async def __aexit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()


def _teller(
    ref: weakref.ref[Live[Any]], loop: asyncio.AbstractEventLoop
) -> Callable[..., None]:
    """Return what tells the loop, in the callback thread, of changes."""
    def changed(live: Any = None) -> None:
        owner = ref()
        if owner is None or not tell(loop, owner._wake):
            raise CancelWatch       # nobody is there to be told
    return changed


def _expire(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_exception(TimeoutError())
