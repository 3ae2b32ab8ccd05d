"""Tests of _service: what may come over sockets, good and bad."""
from __future__ import annotations

import contextlib
import socket
import struct
import threading
import unittest
import unittest.mock

from ....testing._server import Server
from ....testing.net import peer as _peer
from ....testing.net import service as _service
from ....testing.protocol import jute
from ....testing.protocol import records
from ....testing.protocol.codes import Code
from ....testing.protocol.codes import EventType
from ....testing.protocol.codes import OpCode
from ....testing.protocol.connection import WatchEvent
from ....testing.state.acls import OPEN
from ...base import wait_for
from ...rawclient import Closed
from ...rawclient import RawClient


HELLO = jute.format(
    records.ConnectRequest(0, 0, 10_000, 0, bytes(16))) + b'\0'


class ServiceCase(unittest.TestCase):

    def setUp(self):
        self.server = Server()
        self.server.start()
        self.addCleanup(self.server.stop)

    def socket(self):
        sock = socket.create_connection(self.server.address, 10)
        self.addCleanup(sock.close)
        return sock

    def client(self, **values):
        client = RawClient(self.server.address)
        self.addCleanup(client.close)
        client.connect(**values)
        return client

    def create(self, client, path, data=b''):
        return client.request(OpCode.CREATE, records.CreateRequest(
            path, data, list(OPEN), 0))

    def assert_closed(self, sock):
        self.assertEqual(b'', self.read_all(sock))

    def read_all(self, sock):
        parts = []
        with contextlib.suppress(ConnectionError):
            while part := sock.recv(65536):
                parts.append(part)
        return b''.join(parts)

    def assert_serves(self):
        self.assertEqual(
            Code.OK, self.client().request(OpCode.PING, xid=-2).error)

    def peers(self):
        return self.server._call(lambda: len(self.server._service.peers))


class WordTest(ServiceCase):

    def test_words(self):
        """Four-letter words are answered, and the connection closed."""
        for word, answer in ((b'ruok', b'imok'), (b'isro', b'rw'),
                             (b'srvr', b'Zookeeper version: 3.8.0'),
                             (b'stat\n', b'Zookeeper version: 3.8.0'),
                             (b'wchs', b'wchs is not executed')):
            sock = self.socket()
            sock.sendall(word)
            self.assertTrue(self.read_all(sock).startswith(answer), word)


class GarbageTest(ServiceCase):

    def test_garbage(self):
        """Garbage closes its own connection only."""
        for garbage in (
                b'GET / HTTP/1.1\r\n\r\n', b'\xff' * 99, b'\x16\x03\x01\2\0',
                struct.pack('!i', 2 ** 31 - 1), struct.pack('!i', 0),
                struct.pack('!i', 5) + b'hello'):
            sock = self.socket()
            sock.sendall(garbage)
            self.assert_closed(sock)
        self.assert_serves()

    def test_garbage_after_the_handshake(self):
        """So it does after a handshake."""
        for garbage in (struct.pack('!i', -1), struct.pack('!ii', 4, 1),
                        struct.pack('!i', 1_048_576), b'ruok',
                        struct.pack('!iii', 8, -4, OpCode.AUTH)):
            client = self.client()
            client.socket.sendall(garbage)
            self.assert_closed(client.socket)
        self.assert_serves()

    def test_truncated(self):
        """Who leaves in the middle of a message leaves nothing behind."""
        for part in (b'', b'\0', struct.pack('!i', len(HELLO)) + HELLO[:9]):
            sock = self.socket()
            sock.sendall(part)
            sock.close()
        wait_for(lambda: not self.peers())
        self.assert_serves()

    def test_oversized(self):
        """A request over jute.maxbuffer drops the connection."""
        client = self.client()
        head = 8 + 4 + 2 + 4 + 4
        fits = records.SetDataRequest('/a', bytes(1_048_575 - head), -1)
        self.assertEqual(
            Code.NO_NODE, client.request(OpCode.SET_DATA, fits).error)
        self.assertTrue(client.request(
            OpCode.SET_DATA, fits._replace(data=fits.data + b'x')).close)

    def test_unexpected(self):
        """An error of the server's own ends only that connection."""
        client = self.client()
        with unittest.mock.patch.object(
                self.server._database, 'handle', side_effect=KeyError), \
                self.assertLogs(_service.logger, 'ERROR'):
            self.assertTrue(client.request(OpCode.PING).close)
        self.assert_serves()


class LimitTest(ServiceCase):

    def test_no_handshake(self):
        """Who does not shake hands in time is disconnected."""
        with unittest.mock.patch.object(_service, 'HANDSHAKE_TIMEOUT', 0.05):
            self.assert_closed(self.socket())

    def test_too_many_without_handshake(self):
        """Of too many without a session the oldest goes."""
        with unittest.mock.patch.object(_service, 'MAX_WITHOUT_SESSION', 3):
            socks = [self.socket() for _ in range(5)]
            for sock in socks[:2]:
                self.assert_closed(sock)
            self.assertEqual(3, self.peers())
            for sock in socks[2:]:
                sock.sendall(b'ruok')
                self.assertEqual(b'imok', self.read_all(sock))

    def test_does_not_read(self):
        """Who does not read is asked no more: replies do not pile up."""
        client = self.client()
        self.create(client, '/big', bytes(900_000))
        for _ in range(200):
            client.ask(OpCode.GET_DATA, records.WatchedRequest('/big', False))
        self.assertLess(self.unsent(), 4_000_000)
        for xid in range(2, 202):
            self.assertEqual(xid, client.next_reply().xid)
        self.assertEqual(0, self.unsent())

    def unsent(self):
        return self.server._call(lambda: sum(
            peer.unsent for peer in self.server._service.peers))

    def test_events_pile_up(self):
        """Whose events pile up is disconnected in the end."""
        client, other = self.client(), self.client()
        client.request(OpCode.ADD_WATCH, records.WatchTypeRequest('/', 1))
        service = self.server._service
        send = _peer.Peer.send

        def stuck(peer):
            return peer.session_id == client.session_id or send(peer)

        with unittest.mock.patch.object(_peer, 'MAX_UNSENT', 1000), \
                unittest.mock.patch.object(_peer.Peer, 'send', stuck), \
                self.assertLogs(_service.logger, 'WARNING'):
            for number in range(40):
                other.ask(OpCode.CREATE, records.CreateRequest(
                    f'/{number}', b'', list(OPEN), 0))
            wait_for(lambda: not self.server._call(
                lambda: len(service.peers) > 1 and any(
                    peer.session_id == client.session_id
                    for peer in service.peers)))
        self.assert_serves()

    def test_no_more_descriptors(self):
        """When no connection can be accepted, it tries again later."""
        listener = self.server._service._listener
        accept = unittest.mock.Mock(side_effect=OSError(24, 'too many'))
        proxy = unittest.mock.Mock(wraps=listener, accept=accept)
        loop = self.server._loop
        with unittest.mock.patch.object(_service, 'ACCEPT_PAUSE', 0.01), \
                self.assertLogs(_service.logger, 'WARNING'):
            def exchange():
                loop.unwatch(listener)
                proxy.fileno.side_effect = listener.fileno
                self.server._service._listener = proxy
                loop.watch(proxy, 1, self.server._service._on_accept)

            self.server._call(exchange)
            sock = self.socket()
            wait_for(lambda: accept.call_count > 2)
            accept.side_effect = listener.accept
            sock.sendall(b'ruok')
            self.assertEqual(b'imok', self.read_all(sock))


class OrderTest(ServiceCase):

    def test_events_before_replies(self):
        """An event comes before the reply to any later request."""
        clients = [self.client() for _ in range(3)]
        for number in range(50):
            for client in clients:
                client.request(
                    OpCode.EXISTS, records.WatchedRequest(f'/{number}', True))
            self.create(clients[0], f'/{number}')
            for client in clients:
                client.request(OpCode.PING, xid=-2)
                self.assertEqual(
                    [WatchEvent(EventType.CREATED, f'/{number}')],
                    client.events)
                client.events.clear()

    def test_pipelined(self):
        """Requests are answered in their order, whoever sends how many."""
        clients = [self.client() for _ in range(3)]
        for client in clients:
            for _ in range(300):
                client.ask(OpCode.SYNC, records.PathRequest('/'))
        for client in clients:
            self.assertEqual(
                list(range(1, 301)),
                [client.next_reply().xid for _ in range(300)])

    def test_byte_by_byte(self):
        """A request may come byte by byte."""
        client = self.client()
        for byte in struct.pack('!iii', 8, -2, OpCode.PING):
            client.socket.sendall(bytes([byte]))
        self.assertEqual(-2, client.next_reply().xid)


class SessionTest(ServiceCase):

    def test_one_connection(self):
        """A session's new connection closes its old one."""
        old = self.client()
        new = RawClient(self.server.address)
        self.addCleanup(new.close)
        self.assertEqual(old.session_id, new.connect(
            old.session_id, old.password).session_id)
        self.assertTrue(old.closed())

    def test_no_such_session(self):
        """Who asks for no session of ours is told, and disconnected."""
        client = self.client(session_id=5)
        self.assertEqual(0, client.session_id)
        self.assertTrue(client.closed())

    def test_from_the_future(self):
        """Who has seen later zxids is disconnected without a word."""
        with self.assertRaises(Closed):
            self.client(last_zxid=99)

    def test_expired(self):
        """Who is silent for too long is disconnected."""
        with Server(tick_time=0.01) as server:
            client = RawClient(server.address)
            self.addCleanup(client.close)
            self.assertEqual(20, client.connect(timeout=1).timeout)
            self.assertTrue(client.closed())
            self.assertEqual([], server.sessions())

    def test_close_session(self):
        """Who closes a session is answered, and disconnected."""
        client = self.client()
        self.assertEqual(
            Code.OK, client.request(OpCode.CLOSE_SESSION).error)
        self.assertTrue(client.closed())
        self.assertEqual([], self.server.sessions())

    def test_many_threads(self):
        """Clients in many threads are served at once."""
        failed = []

        def work(number):
            client = self.client()
            for at in range(50):
                if self.create(client, f'/{number}-{at}').error:
                    failed.append(number)

        threads = [threading.Thread(target=work, args=(number,))
                   for number in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        self.assertEqual([], failed)
