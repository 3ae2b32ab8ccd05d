"""Waking dispatchers when a job was put.

A hint, never needed: a dispatcher looks by itself.  Runs in the thread that
commits.  What is called must not block, and must not raise.
"""
from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from .._logs import log
from .._stored.base import get_id


__all__ = ['after_commit', 'subscribe', 'unsubscribe']

_subscribers: list[Callable[[str], None]] = []
_lock = threading.Lock()


def subscribe(wake: Callable[[str], None]) -> None:
    """Have a function called with the name of a queue's database.

    It is called in the thread that committed.
    """
    with _lock:
        _subscribers.append(wake)


def unsubscribe(wake: Callable[[str], None]) -> None:
    """Undo `subscribe`."""
    with _lock:
        _subscribers.remove(wake)


def after_commit(queue: Any) -> None:
    """Wake dispatchers when the running transaction is committed."""
    connection = queue._p_jar
    if connection is None:
        return
    transaction = connection.transaction_manager.get()
    name = get_id(queue)[1] if queue._p_oid is not None else ''
    try:
        if (_wake, name) in transaction.data(_wake):
            return
    except KeyError:
        transaction.set_data(_wake, set())
    transaction.data(_wake).add((_wake, name))
    transaction.addAfterCommitHook(_wake, (name,))


def _wake(committed: bool, name: str) -> None:
    if not committed:
        return
    with _lock:
        subscribers = list(_subscribers)
    for each in subscribers:
        try:
            each(name)
        except Exception:
            log.error('A wake-up failed', exc_info=True)
