"""A server of the test's own, our client, and a plain kazoo client."""
from __future__ import annotations

import unittest

from kazoo.client import KazooClient

import zc.zk
from zc.zk.testing import Server


class ServerCase(unittest.TestCase):
    """For staged faults: nothing waits here for the effects of a write."""

    def setUp(self) -> None:
        self.server = Server().start()
        self.addCleanup(self.server.stop)
        self.other = KazooClient(self.server.connection_string)
        self.other.start()
        self.addCleanup(self.other.close)
        self.addCleanup(self.other.stop)
        self.zk = self.make()

    def make(self) -> zc.zk.ZooKeeper:
        """Return a new client, closed at the end of the test."""
        zk = zc.zk.ZooKeeper(self.server.connection_string, 4.0)
        self.addCleanup(zk.close)
        return zk
