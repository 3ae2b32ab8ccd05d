"""The plug-in for pytest: a ZooKeeper server, and a client for each test.

pytest imports it in every project of an environment.  So it stands outside
of ``zc.zk``, which it imports when a test asks for one of its fixtures.  It
runs in the thread that runs the tests.
"""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest


if TYPE_CHECKING:
    import zc.zk
    import zc.zk.testing


__all__ = [
    'pytest_configure',
    'pytest_runtest_teardown',
]

MARKER = (
    'zookeeper_tree(text): the tree that the test finds in ZooKeeper; without '
    'it, zc.zk.testing.DEFAULT_TREE')
#: What clients of a test connect to; nothing else connects.
CONNECTION_STRING = 'zookeeper.example.com:2181'

_SERVER: pytest.StashKey[zc.zk.testing.Server] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line('markers', MARKER)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Undo the faults of a test, before its clients are closed."""
    server = item.config.stash.get(_SERVER, None)
    if server is not None:
        server.heal()


@pytest.fixture(scope='session')
def zookeeper_server(
    pytestconfig: pytest.Config,
) -> Iterator[zc.zk.testing.Server]:
    """A ZooKeeper server in memory, which fails when it is told to.

    It is one for the session, or for each worker of pytest-xdist.  What a
    test did to it (``refuse()``, ``pause()``, ``drop_reply()`` ...) is undone
    at the test's end.
    """
    from zc.zk import testing

    if testing.testing_with_real_zookeeper():
        pytest.skip('a real ZooKeeper server does not fail when it is told '
                    'to (TEST_ZOOKEEPER_CONNECTION is set)')
    with testing.Server() as server:
        pytestconfig.stash[_SERVER] = server
        yield server
        del pytestconfig.stash[_SERVER]


@pytest.fixture
def zookeeper_connection_string(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """The connection string of a ZooKeeper that only this test has.

    It holds the tree of the marker ``zookeeper_tree``.  No other connection
    string connects in the test, but that of ``zookeeper_server``.  The
    environment variable ``ZC_ZK_CONNECTION_STRING`` names it, too.
    """
    from zc.zk import testing

    server = None
    if not testing.testing_with_real_zookeeper():
        server = request.getfixturevalue('zookeeper_server')
    marker = request.node.get_closest_marker('zookeeper_tree')
    tree = None if marker is None else _tree(*marker.args, **marker.kwargs)
    monkeypatch.setenv('ZC_ZK_CONNECTION_STRING', CONNECTION_STRING)
    names = _Names()
    testing.setUp(names, tree, CONNECTION_STRING, server)
    yield CONNECTION_STRING
    testing.tearDown(names)


@pytest.fixture
def zk(zookeeper_connection_string: str) -> Iterator[zc.zk.ZooKeeper]:
    """A client of a ZooKeeper that only this test has.

    When a write of such a client returns, the callbacks that it causes in
    this process have run.  See ``zookeeper_connection_string``.
    """
    from zc.zk import ZooKeeper

    with ZooKeeper(zookeeper_connection_string) as client:
        yield client


class _Names:
    """Stands for the test: zc.zk.testing keeps things in it."""


def _tree(text: str) -> str:
    return text
