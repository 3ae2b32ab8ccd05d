"""How far long work has come, for someone who waits at a terminal.

Runs in the thread that does the work.  It must not know what is done.  rich
(extra ``cli``) draws it; without it nothing is shown.  It is imported, which
takes a fifth of a second, when there is something to show.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any
from typing import TextIO
from typing import TypeVar


T = TypeVar('T')

#: Work that is done within this many seconds shows no progress.
DELAY = 1.0
#: How long a picture stands before the next takes its place, in seconds.
INTERVAL = 0.2


class Progress:
    """Shows on a terminal how much of how much is done.

    :param stream: where to; nothing is shown unless it is a terminal
    :param what: what is done, as ``'nodes written'``
    :param clock: gives seconds
    """

    def __init__(
        self,
        stream: TextIO,
        what: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._stream = stream
        self._what = what
        self._clock = clock
        self._start = clock()
        self._next = self._start + DELAY
        self._bar: Any = None
        self._terminal = stream.isatty()
        self._done = 0

    def __call__(self, done: int, total: int | None = None) -> None:
        """Tell that `done` are done, of `total` if that is known."""
        if not self._terminal:
            return
        now = self._clock()
        if now < self._next:
            return
        self._next = now + INTERVAL
        if self._bar is None:
            try:
                self._bar = _bar(self._stream, self._what)
            except ImportError:
                self._terminal = False
                return
        self._bar.update(
            self._bar.task_ids[0], completed=done, total=total,
            rate=done / (now - self._start),
            of='' if total is None else f' of {total:,}')
        self._bar.refresh()

    def count(self, items: Iterable[T]) -> Iterator[T]:
        """Yield `items`, showing how many there were."""
        for item in items:
            self._done += 1
            if self._terminal and not self._done % 256:
                self(self._done)
            yield item

    def close(self) -> None:
        """Take it away."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


def _bar(stream: TextIO, what: str) -> Any:
    """Return a bar of rich's that is drawn when it is told to."""
    from rich import progress
    from rich.console import Console

    bar = progress.Progress(
        progress.BarColumn(),
        progress.TextColumn(
            '{task.completed:,.0f}{task.fields[of]} {task.description}, '
            '{task.fields[rate]:,.0f} a second', markup=False),
        # Without a thread of its own, which would draw between our lines.
        console=Console(file=stream), transient=True, auto_refresh=False,
        redirect_stdout=False, redirect_stderr=False)
    bar.add_task(what, total=None, of='', rate=0.0)
    bar.start()
    return bar
