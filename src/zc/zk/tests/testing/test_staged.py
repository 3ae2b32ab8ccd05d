"""The faults that a test can stage, as kazoo's own client meets them."""
from __future__ import annotations

import socket
import threading
from unittest import mock

from kazoo.client import KazooClient
from kazoo.client import KazooState
from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import MarshallingError
from kazoo.exceptions import UnimplementedError
from kazoo.handlers.threading import KazooTimeoutError

from zc.zk.tests.testing.embeddedcase import ServerCase

from ...testing import _server
from ...testing._server import Server
from ...testing.net import service
from ...testing.protocol.codes import Code
from ...testing.protocol.codes import OpCode
from ..base import wait_for


class FaultTest(ServerCase):

    def setUp(self):
        super().setUp()
        self.client = self.kazoo()
        self.states = []
        self.client.add_listener(self.states.append)
        self.id = self.client.client_id[0]

    def wait_for_states(self, *states):
        wait_for(lambda: self.states == list(states), states)

    def test_drop_connections(self):
        """Connections are closed; the session goes on."""
        self.server.drop_connections()
        self.wait_for_states(KazooState.SUSPENDED, KazooState.CONNECTED)
        self.assertEqual(self.id, self.client.client_id[0])

    def test_drop_one(self):
        """Or only that of one session."""
        raw = self.raw()
        self.server.drop_connections(raw.session_id)
        self.assertTrue(raw.closed())
        self.client.get('/')
        self.assertEqual([], self.states)

    def test_refuse(self):
        """Nobody can connect until they may again."""
        self.server.refuse()
        self.wait_for_states(KazooState.SUSPENDED)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection(self.server.address, 10)
        self.server.refuse(False)
        self.wait_for_states(KazooState.SUSPENDED, KazooState.CONNECTED)

    def test_refuse_from_the_start(self):
        """A server may refuse from the start."""
        server = Server()
        server.refuse()
        with server:
            client = KazooClient(server.connection_string)
            with self.assertRaises(KazooTimeoutError):
                client.start(timeout=0.05)
            client.close()

    def test_expire(self):
        """A session is ended, with its ephemeral nodes."""
        other = self.kazoo()
        self.client.create('/e', ephemeral=True)
        self.server.expire(self.id)
        self.assertIsNone(other.exists('/e'))
        self.wait_for_states(
            KazooState.SUSPENDED, KazooState.LOST, KazooState.CONNECTED)
        self.assertNotEqual(self.id, self.client.client_id[0])

    def test_expire_linger(self):
        """Its ephemeral nodes may linger until they are released."""
        other = self.kazoo()
        gone = threading.Event()
        self.client.create('/e', ephemeral=True)
        other.exists('/e', watch=lambda event: gone.set())
        self.server.expire(self.id, linger=True)
        self.wait_for_states(
            KazooState.SUSPENDED, KazooState.LOST, KazooState.CONNECTED)
        stat = other.exists('/e')
        self.assertEqual(self.id, stat.ephemeralOwner)
        self.assertFalse(gone.is_set())
        self.server.release(self.id)
        self.assertTrue(gone.wait(10))
        self.assertIsNone(other.exists('/e'))

    def test_expire_nobody(self):
        """Only a session that lives can be ended."""
        with self.assertRaisesRegex(ValueError, 'no session 0x5$'):
            self.server.expire(5)

    def test_drop_reply(self):
        """A write is done, but its client does not learn of it."""
        self.server.drop_reply()
        self.assertIsNotNone(self.client.exists('/'))
        with self.assertRaises(ConnectionLoss):
            self.client.create('/a')
        self.wait_for_states(KazooState.SUSPENDED, KazooState.CONNECTED)
        self.assertIsNotNone(self.client.exists('/a'))

    def test_drop_request(self):
        """A write is not done; those before it are answered."""
        self.server.drop_request(path='/b')
        done = self.client.create_async('/a')
        with self.assertRaises(ConnectionLoss):
            self.client.create('/b')
        self.assertEqual('/a', done.get(timeout=10))
        self.wait_for_states(KazooState.SUSPENDED, KazooState.CONNECTED)
        self.assertIsNone(self.client.exists('/b'))

    def test_drop_read(self):
        """A read is lost where it is asked for."""
        self.server.drop_request(OpCode.GET_DATA, '/')
        with self.assertRaises(ConnectionLoss):
            self.client.get('/')

    def test_drop_in_transaction(self):
        """A transaction is hit by any of its paths."""
        self.server.drop_reply(path='/b')
        transaction = self.client.transaction()
        transaction.create('/a')
        transaction.create('/b')
        with self.assertRaises(ConnectionLoss):
            transaction.commit()
        self.wait_for_states(KazooState.SUSPENDED, KazooState.CONNECTED)
        self.assertIsNotNone(self.client.exists('/a'))

    def test_before(self):
        """Someone else writes just before a request is done."""
        self.client.create('/a', b'1')
        self.server.before(
            OpCode.SET_DATA, '/a', lambda database: database.set('/a', b'x'))
        with self.assertRaises(BadVersionError):
            self.client.set('/a', b'2', version=0)
        self.client.set('/a', b'2', version=1)

    def test_before_fails(self):
        """What fails in such a call is logged; the request is done."""
        self.server.before(
            None, None, lambda database: database.delete('/no'))
        with self.assertLogs(service.logger, 'ERROR'):
            self.client.create('/a')

    def test_calls_within(self):
        """Such a call may use the server."""
        found = []
        self.server.before(
            None, None, lambda database: found.extend(self.server.sessions()))
        self.client.create('/a')
        self.assertEqual([self.id], [session.id for session in found])

    def test_refuse_requests(self):
        """One kind of request is not known, or fails, until it works again.
        """
        self.server.refuse_requests(OpCode.GET_DATA)
        with self.assertRaises(UnimplementedError):
            self.client.get('/')
        self.wait_for_states(KazooState.SUSPENDED, KazooState.CONNECTED)
        self.assertIsNotNone(self.client.exists('/'))
        self.server.refuse_requests(OpCode.GET_DATA, Code.MARSHALLING_ERROR)
        with self.assertRaises(MarshallingError):
            self.client.get('/')
        self.server.refuse_requests(OpCode.GET_DATA, None)
        self.client.get('/')

    def test_pause(self):
        """A server that hangs answers when it goes on."""
        raw = self.raw()
        self.server.pause()
        xid = raw.ask(OpCode.PING, xid=-2)
        raw.socket.settimeout(0.05)
        with self.assertRaises(TimeoutError):
            raw.next_reply()
        raw.socket.settimeout(10)
        self.server.resume()
        self.assertEqual(xid, raw.next_reply().xid)

    def test_pause_keeps_sessions(self):
        """Sessions do not expire meanwhile, however long it takes."""
        clock = [1000.0]
        server = Server()
        server._now = lambda: clock[0]
        server._service._now = server._now
        with server:
            raw = self.raw(server)
            server.pause()
            clock[0] += 99
            self.assertEqual(1, len(server.sessions()))
            server.resume()
            self.assertFalse(raw.request(OpCode.PING, xid=-2).close)
            clock[0] += 99
            wait_for(lambda: not server.sessions())

    def test_pause_is_for_running_servers(self):
        """A server that does not run cannot hang."""
        with self.assertRaisesRegex(ValueError, 'not running'):
            Server().pause()

    def test_not_started(self):
        """Faults may be staged before a server starts."""
        server = Server()
        server.drop_reply()
        server.drop_connections()
        self.assertEqual([], server.sessions())
        with server:
            client = self.kazoo(server)
            with self.assertRaises(ConnectionLoss):
                client.create('/a')


class Healing(ServerCase):

    def test_delay(self):
        """A delayed request is done after the time, and only one is."""
        client = self.kazoo()
        self.server.delay(0.25, OpCode.CREATE, '/a')
        with mock.patch.object(_server.time, 'sleep') as sleep:
            client.create('/b')
            sleep.assert_not_called()
            client.create('/a')
            client.delete('/a')
            client.create('/a')
            sleep.assert_called_once_with(0.25)

    def test_heal(self):
        """All faults are undone, and those that wait are forgotten."""
        client = self.kazoo()
        for fault in (self.server.pause, self.server.refuse,
                      self.server.stop, self.server.drop_request,
                      lambda: self.server.refuse_requests(OpCode.CREATE)):
            fault()
            self.server.heal()
            client.retry(client.exists, '/')
            client.create('/a')
            client.delete('/a')

    def test_heal_well(self):
        """A server that is well stays so, with its connections."""
        client = self.kazoo()
        states = []
        client.add_listener(states.append)
        self.server.heal()
        client.create('/a')
        self.assertEqual([], states)
