"""Users' callbacks of a live object, in an event loop.

A callback that is a coroutine function has a task while it runs, and none
at other times, so that it keeps nothing alive.  It must not know what the
object holds, nor who tells of changes.
"""
from __future__ import annotations

import asyncio
import inspect
import logging
import weakref
from collections.abc import Awaitable
from typing import Any
from typing import Protocol

from .._live.callback import Watcher
from ..errors import BadPropertyLink
from ..errors import CancelWatch


logger = logging.getLogger(__name__)

#: How long `close` waits for a callback that runs, in seconds, before it is
#: cancelled.
CLOSE_SECONDS = 1.0


class Watched(Protocol):
    """A live object of a loop.

    :ivar _source: the object before which it stands
    """

    _source: Any
    _closed: bool

    @property
    def _version(self) -> int: ...


class _Entry:
    """A callback, and the task in which it runs, if it does."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.function = watcher.function
        self.task: asyncio.Task[None] | None = None


class Callbacks:
    """The callbacks of one object.

    :param owner: the object
    :param loop: where they run
    """

    def __init__(
        self, owner: Watched, loop: asyncio.AbstractEventLoop
    ) -> None:
        # Not in a circle: the object's watches go with it.
        self._ref = weakref.ref(owner)
        self._loop = loop
        self._entries: list[_Entry] = []

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def running(self) -> bool:
        """Whether one of them runs."""
        return any(entry.task is not None for entry in self._entries)

    def add(self, watcher: Watcher) -> None:
        """Call a callback now, and from now on.

        What a plain function raises at first is for the caller.
        """
        entry = _Entry(watcher)
        try:
            waiting = self._invoke(entry, first=True)
        except CancelWatch:
            return
        self._entries.append(entry)
        self._go_on(entry, waiting)

    def wake(self) -> None:
        """Call those that have not seen the newest state."""
        for entry in list(self._entries):
            if entry.task is None:
                self._go_on(entry)

    async def close(self) -> None:
        """Call none any more.

        One that runs has a second to end, and is cancelled then.
        """
        tasks = [entry.task for entry in self._entries
                 if entry.task is not None
                 and entry.task is not asyncio.current_task()]
        self._entries = []
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=CLOSE_SECONDS)
            for task in late:
                task.cancel()

    def _go_on(
        self, entry: _Entry, waiting: Awaitable[Any] | None = None
    ) -> None:
        """Run a callback until it has seen the newest state.

        Without a task where it is a plain function, so that it has run
        before anything else in the loop.
        """
        try:
            while waiting is None:
                if self._seen(entry):
                    return
                waiting = self._invoke(entry)
        except Exception as e:
            self._failed(entry, e)
        else:
            entry.task = self._loop.create_task(self._serve(entry, waiting))

    async def _serve(self, entry: _Entry, waiting: Awaitable[Any]) -> None:
        try:
            await waiting
        except Exception as e:
            self._failed(entry, e)
        except BaseException:       # cancelled: it is over
            self._drop(entry)
            raise
        finally:
            entry.task = None
        self._go_on(entry)

    def _seen(self, entry: _Entry) -> bool:
        owner = self._ref()
        return (owner is None or owner._closed
                or entry not in self._entries
                or entry.watcher.version == owner._version)

    def _invoke(
        self, entry: _Entry, first: bool = False
    ) -> Awaitable[Any] | None:
        """Call a callback; return what is to be awaited, if anything."""
        owner = self._ref()
        if owner is None:
            return None
        results: list[Any] = []

        def call(*watched: Any, **changes: Any) -> None:
            # The live object's place is its owner's.
            results.append(entry.function(
                *[owner for _ in watched], **changes))

        entry.watcher.function = call
        try:
            owner._source._tell(entry.watcher, first)
        finally:
            entry.watcher.function = entry.function
        if results and inspect.isawaitable(results[0]):
            return results[0]
        return None

    def _failed(self, entry: _Entry, error: Exception) -> None:
        owner = self._ref()
        label = '' if owner is None else owner._source._label()
        if isinstance(error, BadPropertyLink):
            # Not its fault, and it shall hear of the mending.
            logger.error(
                'watch(%s, %r)', label, entry.function, exc_info=error)
            return
        self._drop(entry)
        if isinstance(error, CancelWatch):
            logger.debug('cancelled watch(%s, %r)', label, entry.function)
        else:
            logger.error(
                'watch(%s, %r)', label, entry.function, exc_info=error)

    def _drop(self, entry: _Entry) -> None:
        if entry in self._entries:
            self._entries.remove(entry)
