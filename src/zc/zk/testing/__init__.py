"""Test code that uses ZooKeeper, without a ZooKeeper server.

`setUp` and `tearDown` work for doctests and for unittest cases::

    def setUp(self):
        zc.zk.testing.setUp(self, TREE)
        self.addCleanup(zc.zk.testing.tearDown, self)

Between them, kazoo clients made with the connection string
``'zookeeper.example.com:2181'`` talk to an embedded ZooKeeper server on
loopback, made for this test; no other connection string connects.  When a
write of such a client returns, every callback in this process that it causes
has run: tests need no sleeps.

With the environment variable ``TEST_ZOOKEEPER_CONNECTION`` set to the
connection string of a real ZooKeeper server, the same tests run there, below
a node of a random name that `tearDown` deletes.

``python -m zc.zk.testing`` runs the embedded server by itself.  It is for
tests and for a developer's desk; production is Apache ZooKeeper.
"""
from __future__ import annotations

import os
import secrets
import time
import unittest.mock
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import kazoo.client
from kazoo.exceptions import NoNodeError

from .. import _connect
from .._keeper import Keeper
from .._watches import Engine
from ..client import ZooKeeper
from ._server import Server
from ._settle import WRITES
from ._settle import Settler
from ._settle import owners_of


__all__ = [
    'DEFAULT_TREE',
    'Server',
    'assert_',
    'setUp',
    'tearDown',
    'testing_with_real_zookeeper',
    'wait_until',
]

#: What there is at the start of a test that brings no tree of its own.
DEFAULT_TREE = """
/fooservice
  database = '/databases/foomain'
  favorite_color = 'red'
  threads = 1
  /providers
"""

#: In each tree, as in a server's own root.
_ZOOKEEPER_NODE = """
/zookeeper
  /quota
"""

_STACK = 'zc.zk.testing stack'


def setUp(
    test: Any,
    tree: str | None = None,
    connection_string: str = 'zookeeper.example.com:2181',
) -> None:
    """Give a test a ZooKeeper server of its own.

    The test gets (as globals of a doctest, or as attributes) ``ZooKeeper``,
    the embedded `Server`, or None on a real one; ``zookeeper_root``, the
    path in the server of what is ``/`` in the test; and the functions
    ``assert_`` and ``wait_until``.

    :param test: a doctest, or a unittest case
    :param tree: what there is at the start; by default `DEFAULT_TREE`
    :param connection_string: the one that is emulated
    """
    stack = ExitStack()
    with ExitStack() as failed:
        failed.callback(stack.close)
        root = f'/zc.zk.testing.test-root{secrets.token_hex(8)}'
        servers = testing_with_real_zookeeper()
        server = None
        if not servers:
            server = stack.enter_context(Server())
            servers = server.connection_string
        settler = Settler()
        target = servers + root
        plain = kazoo.client.KazooClient
        stack.callback(_delete, plain, servers, root, bool(server))
        stack.enter_context(unittest.mock.patch(
            'kazoo.client.KazooClient',
            _client_class(settler, connection_string, target)))
        for owner, name in ((Keeper, 'add'), (Keeper, 'update'),
                            (Keeper, 'remove'), (Engine, 'track'),
                            (Engine, 'learn'), (ZooKeeper, 'close')):
            stack.enter_context(unittest.mock.patch.object(
                owner, name, settler.wrapped(getattr(owner, name))))
        stack.callback(_stop_all, settler)
        _create(plain, servers, root)
        with ZooKeeper(connection_string) as zk:
            zk.import_tree(DEFAULT_TREE if tree is None else tree)
            zk.import_tree(_ZOOKEEPER_NODE)
        names = _names(test)
        names[_STACK] = stack
        names['ZooKeeper'] = server
        names['zookeeper_root'] = root
        names.setdefault('assert_', assert_)
        names.setdefault('wait_until', wait_until)
        failed.pop_all()


def tearDown(test: Any) -> None:
    """Undo `setUp`: stop the test's clients, and end its server.

    :param test: what was given to `setUp`
    """
    _names(test).pop(_STACK).close()


def testing_with_real_zookeeper() -> str | None:
    """Return the connection string of the real server, if tests use one."""
    return os.environ.get('TEST_ZOOKEEPER_CONNECTION') or None


def assert_(cond: Any, mess: str = '', error: bool = True) -> None:
    """Check a condition.

    :param error: whether to raise AssertionError; else `mess` is printed
    """
    if not cond:
        if error:
            raise AssertionError(mess)
        print('assertion failed: ', mess)


def wait_until(
    func: Callable[[], Any], timeout: float = 9.0, mess: str = ''
) -> None:
    """Wait until ``func()`` is true.

    :param timeout: the longest to wait, in seconds
    :raises AssertionError: when it does not become true in time
    """
    deadline = time.monotonic() + timeout
    while not func():
        if time.monotonic() > deadline:
            raise AssertionError(mess or f'not within {timeout:g} seconds')
        time.sleep(0.005)


def _names(test: Any) -> dict[str, Any]:
    names: dict[str, Any] = (
        test.globs if hasattr(test, 'globs') else test.__dict__)
    return names


def _client_class(
    settler: Settler, connection_string: str, target: str
) -> type:
    """Return what stands for kazoo's client class in a test."""

    class TestClient(kazoo.client.KazooClient):
        """A kazoo client that connects to the test's server only."""

        def __init__(
            self,
            hosts: str = '127.0.0.1:2181',
            timeout: float = 10.0,
            client_id: Any = None,
            handler: Any = None,
            **keywords: Any,
        ) -> None:
            servers, slash, chroot = hosts.partition('/')
            self._emulated = servers == connection_string
            if self._emulated:
                hosts = target + slash + chroot
            super().__init__(
                hosts, timeout, client_id, settler.handler(), **keywords)
            settler.clients.add(self)

        def start_async(self) -> Any:
            if not self._emulated:
                raise self.handler.timeout_exception(
                    f'only {connection_string!r} connects in this test')
            return super().start_async()

        def _call(self, request: Any, async_object: Any) -> Any:
            if request.type in WRITES:
                async_object.is_write = True
            return super()._call(request, async_object)

        def stop(self) -> None:
            super().stop()
            # The session's ephemeral nodes went with it.
            settler.wrote()
            settler.settle()

    return TestClient


def _create(client_class: Any, servers: str, root: str) -> None:
    client = client_class(servers)
    client.start()
    try:
        client.create(root)
    finally:
        client.stop()
        client.close()


def _delete(
    client_class: Any, servers: str, root: str, embedded: bool
) -> None:
    if embedded:
        return      # all goes with the server
    client = client_class(servers)
    client.start()
    try:
        client.delete(root, recursive=True)
    except NoNodeError:
        pass
    finally:
        client.stop()
        client.close()


def _stop_all(settler: Settler) -> None:
    for client in list(settler.clients):
        owners = owners_of(client)
        _connect.stop(client)
        # A test may have left its ZooKeeper object open, and its threads.
        for owner in owners:
            owner.close()
