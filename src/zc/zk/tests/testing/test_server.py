"""Tests of _server: its life, and the faults that a test can stage.

With kazoo's own client, unmodified, unless what it hides is to be seen.
"""
from __future__ import annotations

import os
import socket
import threading
import unittest
from typing import Any
from unittest import mock

from kazoo.client import KazooClient
from kazoo.client import KazooState
from kazoo.exceptions import BadVersionError
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import MarshallingError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import RolledBackError
from kazoo.exceptions import RuntimeInconsistency
from kazoo.exceptions import UnimplementedError
from kazoo.handlers.threading import KazooTimeoutError
from kazoo.retry import KazooRetry

from ...testing import _server
from ...testing._server import Server
from ...testing.net import service
from ...testing.protocol.codes import Code
from ...testing.protocol.codes import OpCode
from ..base import wait_for
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


class LifeTest(unittest.TestCase):

    def test_address(self):
        """A server tells the address it got."""
        with Server() as server:
            host, port = server.address
            self.assertEqual('127.0.0.1', host)
            self.assertEqual(f'127.0.0.1:{port}', server.connection_string)
            socket.create_connection(server.address, 10).close()

    def test_ipv6(self):
        """An IPv6 address stands in brackets before its port."""
        server = Server('::1', 2181)
        self.assertEqual('[::1]:2181', server.connection_string)

    def test_port_in_use(self):
        """An address that is taken is an OSError; it leaves nothing open."""
        with Server() as server:
            other = Server(port=server.address[1])
            with self.assertRaises(OSError):
                other.start()
            other.stop()

    def test_start_twice(self):
        """A server that runs cannot be started."""
        with Server() as server:
            with self.assertRaisesRegex(ValueError, 'is running'):
                server.start()

    def test_stop_twice(self):
        """A server may be stopped at any time."""
        server = Server()
        server.stop()
        server.start()
        server.stop()
        server.stop()

    def test_nothing_is_left(self):
        """A server that ended leaves no thread and no file descriptor."""
        def count():
            return threading.active_count(), len(os.listdir('/dev/fd'))

        before = count()
        for _ in range(20):
            with Server() as server:
                client = RawClient(server.address)
                client.connect()
            self.assertTrue(client.closed())
            client.close()
        # Something of an earlier test may have ended meanwhile.
        wait_for(lambda: all(
            now <= then for now, then in zip(count(), before, strict=True)))

    def test_one_thread(self):
        """A server has one thread, however many clients."""
        before = threading.active_count()
        with Server() as server:
            clients = [RawClient(server.address) for _ in range(20)]
            for client in clients:
                client.connect()
            self.assertEqual(before + 1, threading.active_count())
            for client in clients:
                client.close()

    def test_again(self):
        """Started again it has the same address, nodes and sessions."""
        server = Server()
        with server:
            address = server.address
            old = RawClient(server.address)
            old.connect()
            server._database.create('/a')
        with server:
            self.assertEqual(address, server.address)
            self.assertIn('/a', server._database.tree.nodes)
            new = RawClient(server.address)
            self.assertEqual(old.session_id, new.connect(
                old.session_id, old.password).session_id)
        old.close()
        new.close()

    def test_timeouts(self):
        """Session timeouts are of 2 to 20 ticks, or what was given."""
        for server, shortest, longest in (
                (Server(), 1000, 10_000),
                (Server(tick_time=2.0), 4000, 40_000),
                (Server(min_session_timeout=0.1, max_session_timeout=60.0),
                 100, 60_000),
                (Server(min_session_timeout=60.0), 60_000, 60_000)):
            with server:
                for asked, timeout in ((1, shortest), (10 ** 9, longest)):
                    client = RawClient(server.address)
                    self.assertEqual(
                        timeout, client.connect(timeout=asked).timeout)
                    client.close()

    def test_fork(self):
        """A child process has nothing of it; the server goes on."""
        with Server() as server:
            client = RawClient(server.address)
            client.connect()
            pid = os.fork()
            if not pid:
                status = 1
                try:
                    server.stop()
                    status = int(bool(
                        server._running or server._service.peers))
                finally:
                    os._exit(status)
            self.assertEqual(0, os.waitpid(pid, 0)[1])
            self.assertFalse(client.request(OpCode.PING, xid=-2).close)
            client.close()


class KazooTest(ServerCase):
    """What kazoo's client does, it does here."""

    def test_data(self):
        """Create, get, set, exists, children and delete."""
        client = self.kazoo()
        self.assertEqual('/a', client.create('/a', b'1'))
        data, stat = client.get('/a')
        self.assertEqual((b'1', 0), (data, stat.version))
        self.assertEqual(1, client.set('/a', b'2').version)
        self.assertEqual(['a', 'zookeeper'], sorted(client.get_children('/')))
        with self.assertRaises(BadVersionError):
            client.delete('/a', version=0)
        client.delete('/a')
        self.assertIsNone(client.exists('/a'))
        with self.assertRaises(NoNodeError):
            client.get('/a')

    def test_transaction(self):
        """A transaction, done and not done."""
        client = self.kazoo()
        transaction = client.transaction()
        transaction.create('/a', b'')
        transaction.check('/a', 0)
        self.assertEqual(['/a', True], transaction.commit())
        transaction = client.transaction()
        transaction.create('/b', b'')
        transaction.create('/a', b'')
        transaction.delete('/b')
        self.assertEqual(
            [RolledBackError, NodeExistsError, RuntimeInconsistency],
            list(map(type, transaction.commit())))

    def test_ephemeral(self):
        """Ephemeral nodes live as long as their session."""
        first, second = self.kazoo(), self.kazoo()
        path = first.create('/e', ephemeral=True, sequence=True)
        gone = threading.Event()
        second.exists(path, watch=lambda event: gone.set())
        first.stop()
        self.assertTrue(gone.wait(10))

    def test_commands(self):
        """kazoo asks for the version by a four-letter word."""
        client = self.kazoo()
        self.assertEqual('imok', client.command(b'ruok'))
        self.assertEqual((3, 8, 0), client.server_version())

    def test_sessions(self):
        """The server tells who is there."""
        client = self.kazoo(timeout=5)
        client.create('/e', ephemeral=True)
        client.get('/e', watch=print)
        client.get_children('/', watch=print)
        self.assertEqual(
            [(client.client_id[0], 5.0, True, ('/e',))],
            self.server.sessions())
        self.assertEqual(2, self.server.watch_count())


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


class NameTest(unittest.TestCase):

    def test_all(self):
        """There is one public name."""
        self.assertEqual(['Server'], _server.__all__)


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
