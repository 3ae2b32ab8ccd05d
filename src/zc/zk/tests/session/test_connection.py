"""A kazoo client and what is known of its state."""
from __future__ import annotations

import threading
import time

from kazoo.client import KazooClient
from kazoo.protocol.states import WatchedEvent

from zc.zk._session.connection import Connection
from zc.zk._session.requests import JUTE_MAXBUFFER
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase


class ConnectionTests(ServerCase):

    def setUp(self) -> None:
        super().setUp()
        self.states: list[str] = []
        self.connection = self.connect(self.server.connection_string)
        self.connection.follow(self.heard, lambda error: None)

    def connect(self, client: str | KazooClient) -> Connection:
        connection = Connection(client, 4.0, False, 10.0, JUTE_MAXBUFFER, {})
        self.addCleanup(connection.unfollow)
        return connection

    def heard(self, state: str) -> None:
        self.connection.session_changed(state)
        self.states.append(state)

    def cut(self) -> None:
        """Cut the connection, and wait until it is back."""
        before = self.connection.reconnections
        self.server.drop_connections(self.connection.client.client_id[0])
        wait_for(lambda: self.connection.reconnections > before, 'another')

    def test_present_state(self) -> None:
        """Who follows is told of the present state at once."""
        self.assertEqual('CONNECTED', self.states[0])

    def test_reconnections(self) -> None:
        """The first connection does not count, each later one does."""
        self.assertEqual(0, self.connection.reconnections)
        self.cut()
        self.cut()
        self.assertEqual(2, self.connection.reconnections)
        self.assertEqual(
            ['CONNECTED', 'SUSPENDED', 'CONNECTED', 'SUSPENDED', 'CONNECTED'],
            self.states)

    def test_unfollow(self) -> None:
        """Nothing is told afterwards, and a client of ours is stopped."""
        self.assertTrue(self.connection.unfollow())
        self.assertFalse(self.connection.client.connected)
        self.assertEqual(['CONNECTED'], self.states)

    def test_a_client_that_is_passed_in(self) -> None:
        """It stays as it is; its timeout is what it asked for."""
        connection = self.connect(self.other)
        self.assertIs(self.other, connection.client)
        self.assertEqual(10.0, connection.granted())
        connection.follow(connection.session_changed, lambda error: None)
        self.assertFalse(connection.unfollow())
        self.assertTrue(self.other.connected)
        self.assertEqual(set(), self.other.state_listeners)

    def test_requests_in_flight(self) -> None:
        """What has no reply yet counts, sent or not."""
        self.assertEqual(0, self.connection.requests_in_flight())
        self.server.pause()
        try:
            pending = [self.connection.client.get_async('/')
                       for _ in range(3)]
            self.assertEqual(3, self.connection.requests_in_flight())
        finally:
            self.server.resume()
        for each in pending:
            each.get(timeout=DEADLINE)
        self.assertEqual(0, self.connection.requests_in_flight())

    def test_settle(self) -> None:
        """Events of what others wrote before have been passed on."""
        events: list[WatchedEvent] = []
        for i in range(20):
            self.connection.client.exists(f'/n{i}', events.append)
            self.other.create(f'/n{i}')
            self.assertTrue(
                self.connection.settle(time.monotonic() + DEADLINE))
            self.assertEqual(i + 1, len(events))

    def test_settle_in_time(self) -> None:
        """It tells when a watch function keeps the events back."""
        go = threading.Event()
        self.addCleanup(go.set)
        self.connection.client.exists('/a', lambda event: go.wait(DEADLINE))
        self.other.create('/a')
        self.assertFalse(self.connection.settle(time.monotonic() + 0.1))
        go.set()
        self.assertTrue(self.connection.settle(time.monotonic() + DEADLINE))

    def test_settle_without_a_connection(self) -> None:
        """Then there are no events: nothing is waited for."""
        self.connection.unfollow()
        self.assertTrue(self.connection.settle(time.monotonic() + DEADLINE))
