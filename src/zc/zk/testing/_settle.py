"""Determinism for tests: a write returns when its effects have been seen.

`Settler` makes the kazoo clients of a test.  When a write of one of them has
returned to a thread of the test, every client of the test has received the
events it caused, and the callbacks and registrations of this package that
wait for them have run.  ZooKeeper sends a client its events before the reply
to any later request, so a read on each client tells that they are there.

Threads of kazoo and of this package never wait here: the test's do.
"""
from __future__ import annotations

import functools
import threading
import time
import weakref
from collections.abc import Callable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kazoo.exceptions import KazooException
from kazoo.handlers.utils import AsyncResult
from kazoo.protocol.states import Callback

from .._live.engine import Engine
from .._registration.keeper import Keeper
from .._session.handler import PollHandler


#: Requests that change something (zookeeper.jute, ZooDefs.OpCode).
WRITES = frozenset({1, 2, 5, 7, 14, 15, 19, 20, 21})
#: The longest to wait for effects, in seconds: a callback may block.
SETTLE_SECONDS = 5.0

_OWN_THREADS = 'zc.zk '


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

    @contextmanager
    def later(self) -> Iterator[None]:
        """Put off waiting to the end, as while locks are held."""
        self._local.depth = getattr(self._local, 'depth', 0) + 1
        try:
            yield
        finally:
            self._local.depth -= 1
            self.settle()

    def wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return `function`, waiting only at its end."""
        @functools.wraps(function)
        def wrapper(*args: Any, **keywords: Any) -> Any:
            with self.later():
                return function(*args, **keywords)

        return wrapper

    def settle(self) -> None:
        """Wait until the effects of all writes so far have been seen."""
        if self._written == self._seen or not self._may_wait():
            return
        deadline = time.monotonic() + SETTLE_SECONDS
        self._local.depth = 1
        try:
            # What has seen a write may have written in its turn.
            while self._seen != self._written:
                written = self._written
                for client in list(self.clients):
                    _drain(client, deadline)
                self._seen = written
        finally:
            self._local.depth = 0

    def _may_wait(self) -> bool:
        current = threading.current_thread()
        return not (getattr(self._local, 'depth', 0)
                    or current in self.threads
                    or current.name.startswith(_OWN_THREADS))


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

    def spawn(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        thread = super().spawn(func, *args, **kwargs)
        self.settler.threads.add(thread)
        return thread


def owners_of(client: Any) -> list[Engine | Keeper]:
    """Return those of this package that listen to a kazoo client."""
    listeners = [getattr(each, '__self__', None)
                 for each in list(client.state_listeners)]
    return [each for each in listeners if isinstance(each, (Engine, Keeper))]


def _drain(client: Any, deadline: float) -> None:
    """Wait until what `client` has been sent so far has had its effects."""
    if client.connected:
        try:
            client.sync_async('/').get(
                timeout=max(0.0, deadline - time.monotonic()))
        except (KazooException, client.handler.timeout_exception):
            pass        # no connection: then there are no events either
    if client.handler.running:
        _wait(deadline, lambda done: client.handler.dispatch_callback(
            Callback('watch', done, ())))
    owners = owners_of(client)
    for owner in owners:
        if isinstance(owner, Engine):
            _wait(deadline, owner.after_all)
            if owner.has_calls:
                _wait(deadline, owner.call)
    for owner in owners:
        if isinstance(owner, Keeper):
            _wait(deadline, owner.after_all)


def _wait(
    deadline: float, ask: Callable[[Callable[[], None]], None]
) -> None:
    done = threading.Event()
    ask(done.set)
    done.wait(max(0.0, deadline - time.monotonic()))
