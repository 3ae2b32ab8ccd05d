"""kazoo's connection loop remembers why it ended."""
from __future__ import annotations

import logging
import unittest
from unittest import mock

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError
from kazoo.exceptions import ConnectionClosedError
from kazoo.protocol.connection import ConnectionHandler
from kazoo.protocol.states import KeeperState
from kazoo.retry import RetryFailedError

from zc.zk._session import insides
from zc.zk._session.loop import ConnectionLoop
from zc.zk.testing import Server
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for


class LoopTests(unittest.TestCase):

    def client(
        self, connection_string: str, timeout: float, tries: int = -1
    ) -> KazooClient:
        client = KazooClient(connection_string, timeout, connection_retry={
            'max_tries': tries, 'delay': 0.01})
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        return client

    def start(
        self, server: Server, tries: int = -1
    ) -> tuple[KazooClient, ConnectionLoop]:
        client = self.client(server.connection_string, 0.5, tries)
        loop = ConnectionLoop(client)
        client.start(DEADLINE)
        return client, loop

    def test_takes_the_place(self) -> None:
        """The client runs it, with what its own would have."""
        client = self.client('127.0.0.1:1', 7.0)
        old = insides.connection_of(client)
        loop = ConnectionLoop(client)
        self.assertIs(loop, insides.connection_of(client))
        for name in vars(old):
            self.assertIn(name, vars(loop))
        self.assertIs(old.retry_sleeper, loop.retry_sleeper)
        self.assertIs(old.logger, loop.logger)
        self.assertIs(old.sasl_options, loop.sasl_options)
        self.assertTrue(loop.was_stopped)
        self.assertEqual(7.0, loop.granted)

    def test_granted(self) -> None:
        """What the server grants is known once there is a session."""
        with Server(min_session_timeout=3.0) as server:
            client, loop = self.start(server)
            self.assertEqual(3.0, loop.granted)
            client.stop()
        self.assertIsNone(loop.end)
        self.assertTrue(loop.was_stopped)

    def test_tries_used_up(self) -> None:
        """The end is there when the tries are used up."""
        with self.assertLogs('kazoo', logging.WARNING):
            with Server() as server:
                _, loop = self.start(server, tries=1)
            wait_for(lambda: loop.end, 'the end')
        self.assertIsInstance(loop.end, RetryFailedError)
        self.assertEqual('kazoo stopped trying', str(loop.end))

    def test_unexpected_error(self) -> None:
        """An error that kazoo did not expect is in the end; a new start
        forgets it.
        """
        with Server() as server, self.assertLogs('kazoo'):
            client, loop = self.start(server)
            with mock.patch.object(
                    ConnectionHandler, '_connect',
                    side_effect=RuntimeError('odd')):
                server.drop_connections()
                wait_for(lambda: loop.end, 'the end')
            self.assertIsInstance(loop.end, ConnectionClosedError)
            self.assertEqual('RuntimeError: odd', str(loop.end))
            client.start(DEADLINE)
            self.assertIsNone(loop.end)

    def test_refused(self) -> None:
        """Credentials that are refused are told apart, as soon as the
        session changes.
        """
        states = []
        with Server() as server, self.assertLogs('kazoo'):
            client, loop = self.start(server)
            client.add_listener(
                lambda state: states.append((state, loop.refused)))
            with mock.patch.object(
                    ConnectionHandler, '_connect',
                    side_effect=AuthFailedError()):
                server.drop_connections()
                wait_for(lambda: loop.end, 'the end')
            self.assertIsInstance(loop.end, AuthFailedError)
            self.assertEqual('authentication failed', str(loop.end))
            self.assertEqual([('SUSPENDED', False), ('LOST', True)], states)
            self.assertEqual(KeeperState.CLOSED, client.client_state)
            client.start(DEADLINE)
            self.assertFalse(loop.refused)
