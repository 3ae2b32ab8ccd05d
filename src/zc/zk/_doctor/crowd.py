"""Work on many things at a time, most of it waiting for others' machines.

Runs in threads of its own, which are few and end before it returns.  It
must not know what is done.
"""
from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from collections.abc import Collection
from typing import TypeVar


T = TypeVar('T')
R = TypeVar('R')

#: How many things are under way at once.
AT_ONCE = 32


def _silent(done: int, total: int) -> None:
    """Tell nobody."""


def results(
    work: Callable[[T], R],
    items: Collection[T],
    progress: Callable[[int, int], None] = _silent,
) -> dict[T, R]:
    """Return what `work` returns for each of `items`.

    :param work: called in one of the threads; must end by itself, and raise
        no exception
    :param progress: called with how many of how many are done, in the
        caller's thread
    """
    waiting: queue.SimpleQueue[T] = queue.SimpleQueue()
    done: queue.SimpleQueue[tuple[T, R]] = queue.SimpleQueue()
    stopped = threading.Event()
    for item in items:
        waiting.put(item)

    def run() -> None:
        with contextlib.suppress(queue.Empty):
            while not stopped.is_set():
                item = waiting.get_nowait()
                done.put((item, work(item)))

    threads = [threading.Thread(target=run, daemon=True, name='zc.zk doctor')
               for _ in range(min(AT_ONCE, len(items)))]
    found: dict[T, R] = {}
    try:
        for thread in threads:
            thread.start()
        for _ in range(len(items)):
            item, result = done.get()
            found[item] = result
            progress(len(found), len(items))
    finally:
        # After Ctrl-C, those under way end by themselves.
        stopped.set()
    for thread in threads:
        thread.join()
    return found
