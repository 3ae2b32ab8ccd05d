"""What the tests of the embedded server share."""
from __future__ import annotations

import unittest
from typing import Any

from kazoo.client import KazooClient
from kazoo.retry import KazooRetry

from ...testing._server import Server
from ..rawclient import RawClient


QUICK: Any = KazooRetry(max_tries=-1, delay=0.01, max_delay=0.05)


class ServerCase(unittest.TestCase):

    def setUp(self):
        self.server = Server()
        self.server.start()
        self.addCleanup(self.server.stop)

    def kazoo(self, server=None, **keywords):
        client = KazooClient(
            (server or self.server).connection_string,
            connection_retry=QUICK.copy(), **keywords)
        client.start()
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        return client

    def raw(self, server=None):
        client = RawClient((server or self.server).address)
        self.addCleanup(client.close)
        client.connect()
        return client
