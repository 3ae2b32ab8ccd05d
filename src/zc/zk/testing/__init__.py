"""Test code that uses ZooKeeper, without a ZooKeeper server.

`setUp` and `tearDown` work for doctests and for unittest cases, in the thread
of the test::

    def setUp(self):
        zc.zk.testing.setUp(self, TREE)
        self.addCleanup(zc.zk.testing.tearDown, self)

Between them, kazoo clients made with the connection string
``'zookeeper.example.com:2181'`` talk to an embedded ZooKeeper server on
loopback, made for this test; no other connection string connects.  When a
write of such a client returns, every callback in this process that it causes
has run: tests need no sleeps.  Such a client has a method ``lose_session()``,
which ends its session and returns when it has a new one.

With the environment variable ``TEST_ZOOKEEPER_CONNECTION`` set to the
connection string of a real ZooKeeper server, the same tests run there, below
a node of a random name that `tearDown` deletes.

``python -m zc.zk.testing`` runs the embedded server by itself.  It is for
tests and development; in production, use Apache ZooKeeper.
"""
from __future__ import annotations

import contextlib
import os
import secrets
import sys
from contextlib import ExitStack
from typing import Any

from kazoo.exceptions import NoNodeError

from ..client import ZooKeeper
from ._emulation import Cluster
from ._emulation import Emulation
from ._emulation import wait_until
from ._server import Server


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
_emulation = Emulation()


def setUp(
    test: Any,
    tree: str | None = None,
    connection_string: str = 'zookeeper.example.com:2181',
    server: Server | None = None,
) -> None:
    """Give a test a ZooKeeper server of its own.

    The test gets (as globals of a doctest, or as attributes) ``ZooKeeper``,
    the embedded `Server`, or None on a real one; ``zookeeper_root``, the
    path in the server of what is ``/`` in the test; and the functions
    ``assert_`` and ``wait_until``.

    It may be called again, for the same test or another one: with another
    connection string there is a second server beside the first; with the
    same one the new server hides the old one until it is torn down.

    :param test: a doctest, or a unittest case
    :param tree: the tree at the start; by default `DEFAULT_TREE`
    :param connection_string: what clients of the test connect to
    :param server: one that runs already, to be used by several tests; the
        test gets a node there, which `tearDown` deletes.  By default, the
        test gets a server of its own
    """
    names = _names(test)
    with ExitStack() as stack:
        stack.callback(_go_back_to, _directory())
        root = f'/zc.zk.testing.test-root{secrets.token_hex(8)}'
        servers = (None if server is not None
                   else testing_with_real_zookeeper())
        own = False
        if server is not None:
            servers = server.connection_string
            # A test may look at it as a whole.
            whole = Cluster(servers, servers, '')
            _emulation.enter(whole)
            stack.callback(_emulation.leave, whole)
        elif not servers:
            own = True
            server = stack.enter_context(Server())
            servers = server.connection_string
        cluster = Cluster(connection_string, servers, root)
        stack.callback(_delete, cluster, own)
        _emulation.enter(cluster)
        stack.callback(_emulation.leave, cluster)
        _create(cluster)
        with ZooKeeper(connection_string) as zk:
            zk.import_tree(DEFAULT_TREE if tree is None else tree)
            zk.import_tree(_ZOOKEEPER_NODE)
        names['ZooKeeper'] = server
        names['zookeeper_root'] = root
        names.setdefault('assert_', assert_)
        names.setdefault('wait_until', wait_until)
        setupstack = _setupstack()
        if setupstack is not None:
            # What it was given before goes later, what it is given from now
            # on sooner.
            setupstack.register(test, _undo, names)
        if _STACK not in names:
            names[_STACK] = ExitStack()
        names[_STACK].push(stack.pop_all())


def tearDown(test: Any) -> None:
    """Undo what `setUp` did for a test.

    It stops the test's clients and servers, tears down
    ``zope.testing.setupstack``, and restores the working directory.

    :param test: what was given to `setUp`
    """
    names = _names(test)
    try:
        setupstack = _setupstack()
        if setupstack is not None:
            setupstack.tearDown(test)
    finally:
        _undo(names)


def _undo(names: dict[str, Any]) -> None:
    stack = names.pop(_STACK, None)
    if stack is not None:
        stack.close()


def _setupstack() -> Any:
    """Return zope.testing.setupstack, if anything in the process uses it."""
    return sys.modules.get('zope.testing.setupstack')


def _directory() -> str | None:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return None


def _go_back_to(directory: str | None) -> None:
    if directory is not None:
        with contextlib.suppress(FileNotFoundError):
            os.chdir(directory)


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


def _names(test: Any) -> dict[str, Any]:
    names: dict[str, Any] = (
        test.globs if hasattr(test, 'globs') else test.__dict__)
    return names


def _create(cluster: Cluster) -> None:
    client = _emulation.plain(cluster.servers)
    client.start()
    try:
        client.create(cluster.root)
    finally:
        client.stop()
        client.close()


def _delete(cluster: Cluster, embedded: bool) -> None:
    if embedded:
        return      # all goes with the server
    client = _emulation.plain(cluster.servers)
    client.start()
    try:
        client.delete(cluster.root, recursive=True)
    except NoNodeError:
        pass
    finally:
        client.stop()
        client.close()
