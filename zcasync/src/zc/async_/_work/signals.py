"""SIGINT and SIGTERM stop dispatchers before anything else happens.

The handler runs in the main thread, between two instructions of whatever
was interrupted, which may hold a lock that the dispatcher needs.  It then
gives up after a moment: the lock is free when the exception unwinds, and
the dispatcher finishes while the interpreter waits for it at exit.
"""
from __future__ import annotations

import atexit
import signal
import threading
from types import FrameType
from typing import Any

from .._logs import log


__all__ = ['install', 'restore', 'signal_handlers', 'stop']

#: Seconds in which the dispatcher's thread must say that it stops, and in
#: which it must have handed its jobs back after the time for running jobs.
MOMENT = 3.0

#: By the id of a dispatcher: the handlers before ours, and ours.
signal_handlers: dict[int, dict[int, tuple[Any, Any]]] = {}


def stop(dispatcher: Any) -> bool:
    """Stop a dispatcher from a signal handler; say whether it has stopped.
    """
    if dispatcher.activated is False:
        return True
    dispatcher.stop()
    if not dispatcher.wait_until_stopping(MOMENT):
        return False
    stopped: bool = dispatcher.wait_until_stopped(dispatcher.drain + MOMENT)
    return stopped


def install(dispatcher: Any) -> None:
    """Have SIGINT and SIGTERM stop a dispatcher.

    Does nothing outside the main thread, where no handler can be set.
    """
    atexit.register(_finish, dispatcher)
    if threading.current_thread() is not threading.main_thread():
        return
    handlers = signal_handlers[id(dispatcher)] = {}

    def handle(number: int, frame: FrameType | None) -> None:
        # A second signal does not wait.
        restore(dispatcher)
        if not stop(dispatcher):
            log.error('The dispatcher %s is still stopping',
                      dispatcher.UUID)
        previous = handlers[number][0]
        if callable(previous):
            previous(number, frame)
        elif number != signal.SIGINT or previous == signal.SIG_DFL:
            raise SystemExit(0)

    for number in signal.SIGINT, signal.SIGTERM:
        handlers[number] = signal.signal(number, handle), handle


def restore(dispatcher: Any) -> None:
    """Put back the handlers that were there before."""
    for number, (previous, ours) in signal_handlers.pop(
            id(dispatcher), {}).items():
        # Somebody may have put another one over ours.
        if signal.getsignal(number) is ours:
            signal.signal(number, previous)


def _finish(dispatcher: Any) -> None:
    if dispatcher.activated is not False:
        dispatcher.stop()
        dispatcher.wait_until_stopped(dispatcher.drain + MOMENT)
