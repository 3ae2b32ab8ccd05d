"""The embedded server's life, and what kazoo's client does with it.

With kazoo's own client, unmodified, unless what it hides is to be seen.
"""
from __future__ import annotations

import os
import socket
import threading
import unittest

from kazoo.exceptions import BadVersionError
from kazoo.exceptions import NodeExistsError
from kazoo.exceptions import NoNodeError
from kazoo.exceptions import RolledBackError
from kazoo.exceptions import RuntimeInconsistency

from zc.zk.tests.testing.embeddedcase import ServerCase

from ...testing import _server
from ...testing._server import Server
from ...testing.protocol.codes import OpCode
from ..base import wait_for
from ..rawclient import RawClient


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


class NameTest(unittest.TestCase):

    def test_all(self):
        """There is one public name."""
        self.assertEqual(['Server'], _server.__all__)
