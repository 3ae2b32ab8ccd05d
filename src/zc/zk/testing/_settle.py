"""Determinism for tests: a write returns when its effects have been seen.

`Settler` makes the kazoo clients of a test.  When a write of one of them has
returned to a thread of the test, every client of the test has received the
events it caused, and the callbacks and registrations of this package that
wait for them have run.  ZooKeeper sends a client its events before the reply
to any later request, so a read on each client tells that they are there.

Threads of kazoo and of this package never wait here: the test's do, once they
hold none of the locks that are kept while ZooKeeper is asked.  Those are made
by the handler (`lock_object`), as kazoo's own recipes make theirs.
"""
from __future__ import annotations

import threading
import time
import weakref
from typing import Any

from kazoo.exceptions import KazooException
from kazoo.handlers.utils import AsyncResult
from kazoo.protocol.states import Callback

from .._session.handler import PollHandler
from .._worker.moments import Moments
from ..client import ZooKeeper


#: Requests that change something (zookeeper.jute, ZooDefs.OpCode).
WRITES = frozenset({1, 2, 5, 7, 14, 15, 19, 20, 21})
#: The longest to wait for effects, in seconds: a callback may block.
SETTLE_SECONDS = 5.0


class Settler:
    """The clients of a test, and whether their writes have been seen."""

    def __init__(self) -> None:
        self.clients: weakref.WeakSet[Any] = weakref.WeakSet()
        self.threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._local = threading.local()
        self._lock = threading.Lock()
        self._written = 0
        self._seen = 0

    def wrote(self) -> None:
        """Note that a write was answered."""
        with self._lock:
            self._written += 1

    def handler(self) -> _Handler:
        """Return a handler for a kazoo client of the test."""
        return _Handler(self)

    def settle(self) -> None:
        """Wait until the effects of all writes so far have been seen."""
        if self._written == self._seen or not self._may_wait():
            return
        deadline = time.monotonic() + SETTLE_SECONDS
        self._local.settles = True
        try:
            # What has seen a write may have written in its turn.
            while self._seen != self._written:
                written = self._written
                for client in list(self.clients):
                    _drain(client, deadline)
                self._seen = written
        finally:
            self._local.settles = False

    def took(self, locks: int) -> None:
        """Note that this thread took locks of ours, or let them go."""
        self._local.locks = getattr(self._local, 'locks', 0) + locks
        if not self._local.locks:
            self.settle()

    def _may_wait(self) -> bool:
        current = threading.current_thread()
        return not (getattr(self._local, 'locks', 0)
                    or getattr(self._local, 'settles', False)
                    or current in self.threads
                    or any(current.name in owner.statistics().threads
                           for client in list(self.clients)
                           for owner in owners_of(client)))


class _Result(AsyncResult):
    """kazoo's result; who gets it waits for the effects."""

    def __init__(self, handler: _Handler) -> None:
        super().__init__(
            handler, threading.Condition, handler.timeout_exception)
        self.settler = handler.settler
        self.is_write = False

    def set(self, value: Any = None) -> None:
        self._answered()
        super().set(value)

    def set_exception(self, exception: Any) -> None:
        self._answered()
        super().set_exception(exception)

    def _answered(self) -> None:
        if self.is_write:
            self.settler.wrote()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        try:
            return super().get(block, timeout)
        finally:
            self.settler.settle()


class _Lock:
    """A lock; who lets it go waits for the effects of its writes."""

    def __init__(self, settler: Settler) -> None:
        self._settler = settler
        self._lock = threading.Lock()

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        taken = self._lock.acquire(blocking, timeout)
        if taken:
            self._settler.took(1)
        return taken

    def release(self) -> None:
        self._lock.release()
        self._settler.took(-1)

    def locked(self) -> bool:
        return self._lock.locked()

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()


class _Handler(PollHandler):
    """The handler of a client of a test.

    :ivar connection: the newest connection
    :ivar shut: whether connections are refused, for the time being
    :ivar refusals: how many were refused so
    """

    def __init__(self, settler: Settler) -> None:
        super().__init__()
        self.settler = settler
        self.connection: Any = None
        self.shut = False
        self.refusals = 0

    def create_connection(self, *args: Any, **keywords: Any) -> Any:
        if self.shut:
            self.refusals += 1
            raise ConnectionRefusedError('refused by the test')
        self.connection = super().create_connection(*args, **keywords)
        return self.connection

    def async_result(self) -> _Result:
        return _Result(self)

    def lock_object(self) -> _Lock:
        return _Lock(self.settler)

    def spawn(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        thread = super().spawn(func, *args, **kwargs)
        self.settler.threads.add(thread)
        return thread


def owners_of(client: Any) -> list[ZooKeeper]:
    """Return those of this package that use a kazoo client."""
    listeners = [getattr(each, '__self__', None)
                 for each in list(client.state_listeners)]
    return [each for each in listeners if isinstance(each, ZooKeeper)]


def _drain(client: Any, deadline: float) -> None:
    """Wait until what `client` has been sent so far has had its effects."""
    owners = owners_of(client)
    for owner in owners:
        owner.settle(deadline - time.monotonic())
    if owners:
        return
    if client.connected:
        try:
            client.sync_async('/').get(
                timeout=max(0.0, deadline - time.monotonic()))
        except (KazooException, client.handler.timeout_exception):
            pass        # no connection: then there are no events either
    if client.handler.running:
        Moments().wait(
            lambda done: client.handler.dispatch_callback(
                Callback('watch', done, ())),
            max(0.0, deadline - time.monotonic()))
