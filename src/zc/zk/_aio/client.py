"""ZooKeeper for tasks of an event loop.

It stands before a ``zc.zk.ZooKeeper``, whose methods it calls in threads.
It has no logic of its own but for connecting, ending and cancelling.
"""
from __future__ import annotations

import asyncio
import functools
import os
import threading
import weakref
from collections.abc import AsyncIterator
from collections.abc import Callable
from collections.abc import Coroutine
from collections.abc import Generator
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
from types import TracebackType
from typing import Any
from typing import Concatenate
from typing import ParamSpec
from typing import TypeVar

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionClosedError
from kazoo.security import ACL
from kazoo.security import READ_ACL_UNSAFE

from .. import client as _client
from .._curator.instance import CURATOR
from .._live.live import Live as SyncLive
from .._statistics import Statistics
from ..errors import ForkedError
from .changes import Opening
from .children import Children
from .live import Live
from .plan import Plan
from .properties import Properties
from .providers import Providers
from .registration import Registration
from .registration import unregister
from .threads import Threads


P = ParamSpec('P')
T = TypeVar('T')
L = TypeVar('L', bound=Live[Any])
S = TypeVar('S', bound=SyncLive)

_END = object()


class _Sync(_client.ZooKeeper):
    """One whose connecting can be given up, in another thread."""

    def __init__(
        self, given_up: threading.Event, *args: Any, **keywords: Any
    ) -> None:
        self._giving_up = given_up
        super().__init__(*args, **keywords)

    def _given_up(self) -> bool:
        return self._giving_up.is_set()


def _awaited(
    method: Callable[Concatenate[Any, P], T]
) -> Callable[Concatenate[ZooKeeper, P], Coroutine[Any, Any, T]]:
    """Return a method that calls one of ``zc.zk.ZooKeeper`` in a thread."""
    @functools.wraps(method)
    async def call(
        self: ZooKeeper, /, *args: P.args, **keywords: P.kwargs
    ) -> T:
        sync = self._connected()
        return await self._aside(lambda: method(sync, *args, **keywords))

    return call


class ZooKeeper:
    """``zc.zk.ZooKeeper`` for asyncio.

    One noun: each method waits for that of the same name.

    It connects at the start of an ``async with`` statement, or when it is
    awaited, and belongs to the event loop in which it did.  Methods that
    wait for ZooKeeper are to be awaited.

    :param args: as for ``zc.zk.ZooKeeper``
    :param keywords: as for ``zc.zk.ZooKeeper``
    """

    def __init__(self, *args: Any, **keywords: Any) -> None:
        self._make: Callable[[threading.Event], _client.ZooKeeper] = (
            lambda given_up: _Sync(given_up, *args, **keywords))
        self._pid = os.getpid()
        self._sync: _client.ZooKeeper | None = None
        self._threads: Threads | None = None
        self._closed = False
        self._loop: asyncio.AbstractEventLoop
        self._lives: weakref.WeakSet[Live[Any]] = weakref.WeakSet()

    # The connection

    async def connect(self) -> ZooKeeper:
        """Connect; see ``zc.zk.ZooKeeper`` for how long that may take.

        When it is cancelled, nothing stays behind.

        :raises FailedConnect: when there is no session in time
        """
        if self._threads is not None:
            raise RuntimeError('connected already, or closed: make another')
        self._loop = asyncio.get_running_loop()
        threads = self._threads = Threads('zc.zk.aio')
        given_up = threading.Event()
        try:
            self._sync = await threads.call(
                lambda: self._make(given_up),
                undo=_client.ZooKeeper.close, give_up=given_up.set)
        except BaseException:
            threads.close(ConnectionClosedError('closed'))
            self._threads = None
            raise
        return self

    async def close(self) -> None:
        """End the session, and with it the registrations of servers.

        Iterations over live objects end.  You can call it more than once.
        """
        if self._closed or self._sync is None or self._threads is None:
            return
        self._check()
        self._closed = True
        closing = Threads('zc.zk.aio close', 1)     # the others may be busy
        try:
            await closing.call(self._sync.close)
        finally:
            error = ConnectionClosedError('closed')
            closing.close(error)
            self._threads.close(error)
            for live in list(self._lives):
                live._end()

    def __await__(self) -> Generator[Any, Any, ZooKeeper]:
        return self.connect().__await__()

    async def __aenter__(self) -> ZooKeeper:
        return await self.connect()

    async def __aexit__(
        self,
        type_: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def state(self) -> str:
        """The connection's state: CONNECTED, SUSPENDED or LOST."""
        return self._connected().state

    @property
    def client(self) -> KazooClient:
        """The kazoo client."""
        return self._made().client

    def statistics(self) -> Statistics:
        """Return figures of this moment, in any thread; see ``zc.zk``."""
        return self._made().statistics()

    @property
    def session_timeout(self) -> float:
        """In seconds, as it was asked for."""
        return self._connected().session_timeout

    def recv_timeout(self) -> float:
        """Return the session timeout that ZooKeeper granted, in seconds."""
        return self._connected().recv_timeout()

    def __repr__(self) -> str:
        if self._sync is None:
            return '<zc.zk.aio.ZooKeeper, not connected>'
        return repr(self._sync).replace('zc.zk.', 'zc.zk.aio.', 1)

    # Discovery and configuration

    def children(self, path: str) -> Opening[Children]:
        """Return the names of a node's children, kept up to date.

        Await it, or use it in ``async with`` or ``async for``; see
        ``zc.zk.ZooKeeper.children``.
        """
        return self._opening(
            Children, lambda sync: sync.children(path))

    def properties(
        self, path: str, watch: bool = True
    ) -> Opening[Properties]:
        """Return a node's properties, kept up to date.

        Await it, or use it in ``async with`` or ``async for``; see
        ``zc.zk.ZooKeeper.properties``.
        """
        return self._opening(
            Properties, lambda sync: sync.properties(path, watch))

    async def all_children(self, paths: Iterable[str]) -> list[Children]:
        """Return `children` of many paths, made in few requests."""
        return await self._opened(
            Children, lambda sync: sync.all_children(paths))

    async def all_properties(self, paths: Iterable[str]) -> list[Properties]:
        """Return `properties` of many paths, made in few requests."""
        return await self._opened(
            Properties, lambda sync: sync.all_properties(paths))

    def providers(self, path: str, **options: Any) -> Opening[Providers]:
        """Return the servers of a service, kept up to date, to choose from.

        Await it, or use it in ``async with`` or ``async for``.

        :param options: as for ``zc.zk.ZooKeeper.providers``
        """
        return self._opening(
            Providers, lambda sync: sync.providers(path, **options))

    # Registration

    async def register(
        self,
        path: str,
        address: str | tuple[str, int] | None = None,
        acl: Sequence[ACL] = READ_ACL_UNSAFE,
        **data: Any,
    ) -> Registration:
        """Register a server, for as long as this object is connected.

        When it is cancelled, the node is deleted if it was made: at once,
        or as soon as ZooKeeper answers.  Subscribers of the event
        ``RegisteringServer`` are called in a thread.  The arguments are
        those of ``zc.zk.ZooKeeper.register``.
        """
        sync = self._connected()
        # Any, since what is missing is refused there, as what is bad.
        wanted: Any = data.pop('addr', None) if address is None else address
        curator = data.get('format') == CURATOR
        if curator:
            del data['format']
        threads = self._threads
        assert threads is not None
        return Registration(self, await threads.call(
            lambda: sync.register_with(
                path, wanted, data, acl, curator=curator),
            undo=unregister))

    leave = _awaited(_client.ZooKeeper.leave)
    settle = _awaited(_client.ZooKeeper.settle)

    # Nodes and trees

    exists = _awaited(_client.ZooKeeper.exists)
    get = _awaited(_client.ZooKeeper.get)
    get_children = _awaited(_client.ZooKeeper.get_children)
    get_properties = _awaited(_client.ZooKeeper.get_properties)
    is_ephemeral = _awaited(_client.ZooKeeper.is_ephemeral)
    resolve = _awaited(_client.ZooKeeper.resolve)
    create = _awaited(_client.ZooKeeper.create)
    create_recursive = _awaited(_client.ZooKeeper.create_recursive)
    set = _awaited(_client.ZooKeeper.set)
    delete = _awaited(_client.ZooKeeper.delete)
    delete_recursive = _awaited(_client.ZooKeeper.delete_recursive)
    ln = _awaited(_client.ZooKeeper.ln)
    unregister = _awaited(_client.ZooKeeper.unregister)
    import_tree = _awaited(_client.ZooKeeper.import_tree)
    export_tree = _awaited(_client.ZooKeeper.export_tree)
    print_tree = _awaited(_client.ZooKeeper.print_tree)

    async def plan(
        self,
        text: str,
        path: str = '/',
        trim: bool | None = None,
        services: Sequence[str] = (),
    ) -> Plan:
        """Return what an import would do; see ``zc.zk.ZooKeeper.plan``."""
        sync = self._connected()
        return Plan(self, await self._aside(
            lambda: sync.plan(text, path, trim, services)))

    async def load_plan(self, text: str) -> Plan:
        """Return the plan that a text holds; see ``zc.zk.ZooKeeper``."""
        sync = self._connected()
        return Plan(self, await self._aside(lambda: sync.load_plan(text)))

    async def walk(
        self,
        path: str = '/',
        ephemeral: bool = True,
        children: bool = False,
    ) -> AsyncIterator[Any]:
        """Iterate over a node and all below it; see
        ``zc.zk.ZooKeeper.walk``."""
        sync = self._connected()

        def begin() -> Iterator[Any]:
            return iter(_client.ZooKeeper.walk(
                sync, path, ephemeral,
                children=children))     # type: ignore[call-overload]

        found = await self._aside(begin)
        while True:
            each = await self._aside(lambda: next(found, _END))
            if each is _END:
                return
            yield each

    # For those that belong to it

    async def _aside(self, function: Callable[[], T]) -> T:
        """Call a function that waits for ZooKeeper in a thread.

        When it is cancelled, the function may have done its work or not.

        :raises RuntimeError: in another loop than this belongs to
        """
        self._connected()
        assert self._threads is not None
        return await self._threads.call(function)

    def _later(self, function: Callable[[], object]) -> None:
        """Call a function in a thread; nobody waits for it."""
        assert self._threads is not None
        self._threads.put(function)

    def _check(self) -> None:
        """Refuse use in another process or loop than it was made in.

        :raises ForkedError: in another process
        :raises RuntimeError: in another loop, or in none
        """
        if os.getpid() != self._pid:
            raise ForkedError(self._pid)
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(
                'this ZooKeeper object belongs to another event loop: '
                'make one for each loop')

    def _connected(self) -> _client.ZooKeeper:
        made = self._made()
        self._check()
        if self._closed:
            raise ConnectionClosedError('closed')
        return made

    def _made(self) -> _client.ZooKeeper:
        if self._sync is None:
            raise RuntimeError(
                'not connected: use "async with", or await it first')
        return self._sync

    def _opening(
        self, kind: Callable[..., L], make: Callable[[_client.ZooKeeper], S]
    ) -> Opening[L]:
        async def opened() -> L:
            [live] = await self._opened(kind, lambda sync: [make(sync)])
            return live

        return Opening(opened)

    async def _opened(
        self,
        kind: Callable[..., L],
        make: Callable[[_client.ZooKeeper], Iterable[S]],
    ) -> list[L]:
        def close(lives: list[S]) -> None:
            for live in lives:
                live.close()

        sync = self._connected()
        assert self._threads is not None
        lives = await self._threads.call(
            lambda: list(make(sync)), undo=close)
        return [kind(self, live) for live in lives]
