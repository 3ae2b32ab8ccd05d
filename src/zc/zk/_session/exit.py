"""Ends the sessions that are left when the interpreter exits.

Then ephemeral nodes go at once, not when the session times out.  Python
runs this in the main thread, where no thread can be started any more.  A
signal that kills the process leaves no time for it.  It must not know what
the sessions are for.
"""
from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable

from kazoo.client import KazooClient

from . import insides


logger = logging.getLogger(__name__)

#: The longest to wait for all servers together, in seconds: one that hangs
#: must not keep the process.
EXIT_SECONDS = 1.5

#: The longest to wait for what is done before a session ends, in seconds.
BEFORE_SECONDS = 0.5

_clients: weakref.WeakKeyDictionary[KazooClient, int] = (
    weakref.WeakKeyDictionary())
_before: weakref.WeakKeyDictionary[
    KazooClient, weakref.WeakMethod[Callable[[float], None]]] = (
    weakref.WeakKeyDictionary())
_lock = threading.Lock()
_registered = False


def end_at_exit(client: KazooClient) -> None:
    """Have the session of `client` ended at exit, in this process."""
    global _registered
    with _lock:
        _clients[client] = os.getpid()
        if not _registered:
            _registered = True
            atexit.register(_end_all)


def before_exit(
    client: KazooClient, method: Callable[[float], None]
) -> None:
    """Have a method called before the session of `client` ends at exit.

    :param method: takes how long it may wait, in seconds; it is not kept
        alive by this
    """
    with _lock:
        _before[client] = weakref.WeakMethod(method)


def _end_all() -> None:
    # In a child process, the connections are still the parent's.
    clients = [client for client, pid in list(_clients.items())
               if pid == os.getpid() and client.connected]
    deadline = time.monotonic() + EXIT_SECONDS
    for client in clients:
        reference = _before.get(client)
        method = reference() if reference is not None else None
        if method is not None:
            left = deadline - BEFORE_SECONDS - time.monotonic()
            try:
                method(max(0.0, min(left, BEFORE_SECONDS)))
            except Exception as e:
                logger.debug('the last request at exit failed: %r', e)
    for client in clients:
        try:
            insides.end_session(client)
        except Exception as e:
            logger.debug('ending a session at exit failed: %r', e)
    for client in clients:
        insides.wait_stopped(client, max(0.0, deadline - time.monotonic()))
