"""What test cases of this package share."""
from __future__ import annotations

import time
import unittest
from collections.abc import Callable
from typing import Any

import zc.zk
import zc.zk.testing


#: How long a test waits for what must come, in seconds.
DEADLINE = 20.0


def wait_for(condition: Callable[[], Any], what: str = '') -> Any:
    """Wait until ``condition()`` is true, and return what it gave."""
    deadline = time.monotonic() + DEADLINE
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f'not within {DEADLINE:g} s: {what}')
        time.sleep(0.005)


class ZooKeeperCase(unittest.TestCase):
    """A test on a ZooKeeper server of its own."""

    connection_string = 'zookeeper.example.com:2181'
    tree: str | None = None

    def setUp(self) -> None:
        zc.zk.testing.setUp(self, self.tree, self.connection_string)
        self.addCleanup(zc.zk.testing.tearDown, self)

    def zk(self, *args: Any, **keywords: Any) -> zc.zk.ZooKeeper:
        """Return a new client, closed at the end of the test."""
        zk = zc.zk.ZooKeeper(
            *(args or (self.connection_string,)), **keywords)
        self.addCleanup(zk.close)
        return zk
