"""How far long work has come, for someone who waits at a terminal.

Runs in the thread that does the work.  It must not know what is done.
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
#: How long one line stands before the next takes its place, in seconds.
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
        self._shown = False
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
        rate = done / (now - self._start)
        of = '' if total is None else f' of {total:,}'
        self._stream.write(
            f'\r{done:,}{of} {self._what}, {rate:,.0f} a second\033[K')
        self._stream.flush()
        self._shown = True

    def count(self, items: Iterable[T]) -> Iterator[T]:
        """Yield `items`, showing how many there were."""
        for item in items:
            self._done += 1
            if self._terminal and not self._done % 256:
                self(self._done)
            yield item

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            self._stream.write('\r\033[K')
            self._stream.flush()
            self._shown = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()
