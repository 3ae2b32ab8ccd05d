"""Threads in which calls wait, so that an event loop need not.

A call that is cancelled is undone, by its thread if it has begun.  It must
not know what the calls do.
"""
from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from typing import Generic
from typing import TypeVar


logger = logging.getLogger(__name__)

T = TypeVar('T')

#: How many calls may wait at a time; more than that wait for a thread.
MOST_THREADS = 8
#: How long a call that was cancelled waits until its thread has undone it,
#: in seconds.  The thread does it later otherwise: ZooKeeper may be away.
CANCEL_SECONDS = 2.0


class Threads:
    """Runs functions for tasks of an event loop.

    :param name: goes into the names of the threads
    :param most: how many run at a time
    """

    def __init__(self, name: str, most: int = MOST_THREADS) -> None:
        self._pool = ThreadPoolExecutor(most, name)
        self._waiting: set[asyncio.Future[Any]] = set()

    async def call(
        self,
        function: Callable[[], T],
        undo: Callable[[T], object] | None = None,
        give_up: Callable[[], object] | None = None,
    ) -> T:
        """Call `function` in a thread, and return what it returns.

        :param undo: called in a thread with what `function` returned, when
            the caller was cancelled meanwhile
        :param give_up: called at once when the caller is cancelled, to have
            `function` end soon
        """
        call = _Call(function, undo)
        work = self._pool.submit(call.run)
        try:
            return await self._future(work)
        except asyncio.CancelledError:
            if work.cancel():
                raise           # it never began
            if give_up is not None:
                give_up()
            if call.abandon():
                work = self._pool.submit(call.take_back)
            await asyncio.wait({self._future(work)}, timeout=CANCEL_SECONDS)
            raise

    def put(self, function: Callable[[], object]) -> None:
        """Call `function` in a thread; nobody waits for it."""
        try:
            self._pool.submit(function)
        except RuntimeError:    # closed
            function()

    def close(self, error: Exception) -> None:
        """Take no more calls; each thread ends when its call has.

        :param error: raised in the tasks whose calls have not ended
        """
        for future in list(self._waiting):
            if not future.done():
                _fail(future, error)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _future(self, work: Future[T]) -> asyncio.Future[T]:
        """Return a future of this loop that ends as `work` does."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.add(future)
        future.add_done_callback(self._waiting.discard)

        # Not what refers to the work in a circle: results go with their last
        # reference.
        def settle(work: Future[T]) -> None:
            if not future.done():       # else its task was cancelled
                error = work.exception()
                if error is None:
                    future.set_result(work.result())
                else:
                    _fail(future, error)

        def done(work: Future[T]) -> None:
            if not work.cancelled():
                tell(loop, functools.partial(settle, work))

        work.add_done_callback(done)
        return future


class _Call(Generic[T]):
    """A function that runs in a thread, and is undone if nobody waits."""

    def __init__(
        self, function: Callable[[], T], undo: Callable[[T], object] | None
    ) -> None:
        self._function = function
        self._undo = undo
        self._lock = threading.Lock()
        self._abandoned = False
        self._results: list[T] = []

    def run(self) -> T:
        result = self._function()
        with self._lock:
            self._results.append(result)
            abandoned = self._abandoned
        if abandoned:
            self.take_back()
        return result

    def abandon(self) -> bool:
        """Note that nobody waits; tell whether there is a result already.
        """
        with self._lock:
            self._abandoned = True
            return bool(self._results)

    def take_back(self) -> Any:
        if self._undo is not None:
            try:
                self._undo(self._results[0])
            except Exception:
                logger.exception('undoing a call that was cancelled failed')


def _fail(future: asyncio.Future[Any], error: BaseException) -> None:
    future.set_exception(error)
    future.exception()      # nobody may ask for it: its task may be gone


def tell(
    loop: asyncio.AbstractEventLoop, function: Callable[[], object]
) -> bool:
    """Have a loop call `function`, from any thread.

    :returns: False when the loop is closed
    """
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(function)
        return True
    return False
