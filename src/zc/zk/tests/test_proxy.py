import socket
import threading
import unittest

from zc.zk.tests.proxy import Proxies


class TestProxy(unittest.TestCase):

    def setUp(self):
        """A server that echoes, behind a proxy."""
        self.server = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.server.close)
        thread = threading.Thread(target=self.serve)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.server.shutdown, socket.SHUT_RDWR)
        proxies = Proxies()
        self.addCleanup(proxies.close)
        self.proxy = proxies.add([self.server.getsockname()])

    def serve(self):
        with self.server:
            while True:
                try:
                    connection, _address = self.server.accept()
                except OSError:
                    return
                threading.Thread(
                    target=self.echo, args=(connection,)).start()

    def echo(self, connection):
        with connection:
            try:
                while data := connection.recv(100):
                    connection.sendall(data)
            except OSError:
                pass

    def connect(self):
        host, port = self.proxy.connection_string.split(':')
        client = socket.create_connection((host, int(port)), 10)
        self.addCleanup(client.close)
        return client

    def ended(self, client):
        """Wait for the end of a connection."""
        try:
            return client.recv(1) == b''
        except ConnectionResetError:
            return True

    def test_passes_on(self):
        """What one side sends, the other gets."""
        client = self.connect()
        client.sendall(b'hello')
        self.assertEqual(b'hello', client.recv(5, socket.MSG_WAITALL))

    def test_cut(self):
        """A cut ends the connections there are; a new one works."""
        client = self.connect()
        client.sendall(b'x')
        client.recv(1)
        self.proxy.cut()
        self.assertTrue(self.ended(client))
        self.test_passes_on()

    def test_refuse(self):
        """While it refuses, old connections end and new ones do at once."""
        client = self.connect()
        client.sendall(b'x')
        client.recv(1)
        self.proxy.refuse(True)
        self.assertTrue(self.ended(client))
        self.assertTrue(self.ended(self.connect()))
        self.proxy.refuse(False)
        self.test_passes_on()

    def test_hang(self):
        """While it hangs, nothing arrives; later, everything does."""
        client = self.connect()
        client.sendall(b'x')
        client.recv(1)
        self.proxy.hang(True)
        # The order of calls is that of the proxy's thread.
        client.sendall(b'y')
        client.setblocking(False)
        self.assertRaises(BlockingIOError, client.recv, 1)
        client.setblocking(True)
        self.proxy.hang(False)
        self.assertEqual(b'y', client.recv(1))
