"""Waiting at a simple queue, for a time, without waiting for ever.

``queue.SimpleQueue`` is what may be put on in a signal handler and in
a weak reference's callback.  Up to Python 3.12, its ``get`` waits for ever
when its timeout is over in the moment in which it begins, as a timeout of 0
may be: it takes a remaining time below 0 for no timeout.  Runs in the only
thread that waits at the queue.  It must not know what is put.
"""
from __future__ import annotations

from queue import Empty
from queue import SimpleQueue
from typing import TypeVar


T = TypeVar('T')


def get(queue: SimpleQueue[T], timeout: float | None) -> T:
    """Return the next item of a queue at which no other thread waits.

    :param timeout: how long to wait for one, in seconds; None: for ever
    :raises queue.Empty: when there was none in time
    """
    try:
        # This takes the queue's inner lock, which a wait then begins with:
        # the case at fault is that in which it was free.
        return queue.get_nowait()
    except Empty:
        if timeout is not None and timeout <= 0:
            raise
    return queue.get(timeout=timeout)
