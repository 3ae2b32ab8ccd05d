"""Ctrl-C, which ends a script once.

The handler runs in the main thread.  While a script ends, it closes its
connection and says how far it came; Ctrl-C again and again, as impatient
people press it, must not break into that.

kazoo swallows what a signal handler raises while it queues a request, and
then takes the connection for closed.  So an interrupt waits until it has.
"""
from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType


#: For how long after one interrupt others are ignored, in seconds: longer
#: than a connection takes to close.
QUIET = 3.0

_late = threading.Event()


def install() -> None:
    """Have SIGINT raise KeyboardInterrupt, once in a while.

    Where it is ignored, as in the background of a shell, it stays so.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, handler())


def handler(
    clock: Callable[[], float] = time.monotonic
) -> Callable[[int, FrameType | None], None]:
    """Return a signal handler.

    :param clock: gives seconds
    """
    ignored_until = float('-inf')

    def interrupt(number: int, frame: FrameType | None) -> None:
        nonlocal ignored_until
        now = clock()
        if now < ignored_until:
            return
        ignored_until = now + QUIET
        if _is_queueing(frame):
            _late.set()
            return
        raise KeyboardInterrupt

    return interrupt


def raise_late() -> None:
    """Raise KeyboardInterrupt if one has waited; kazoo has queued a request.

    Any thread may call it; the main thread raises.
    """
    if (_late.is_set()
            and threading.current_thread() is threading.main_thread()):
        _late.clear()
        raise KeyboardInterrupt


def _is_queueing(frame: FrameType | None) -> bool:
    # By names: most calls that only help need no kazoo.
    while frame is not None:
        if (frame.f_code.co_name == '_call'
                and frame.f_globals.get('__name__') == 'kazoo.client'):
            return True
        frame = frame.f_back
    return False


def ignore() -> None:
    """Ignore SIGINT from now on: the process ends."""
    if signal.getsignal(signal.SIGINT) is None:
        return
    # First one that does nothing, for signals that are on their way.
    signal.signal(signal.SIGINT, lambda number, frame: None)
    # Python complains of one that comes while it is being ignored.
    hook, sys.unraisablehook = sys.unraisablehook, lambda error: None
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    finally:
        sys.unraisablehook = hook
