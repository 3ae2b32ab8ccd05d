"""The server of one-line commands: limits, garbage, many connections."""
from __future__ import annotations

import contextlib
import os
import socket
import tempfile
import threading
import unittest
from collections.abc import Iterator
from typing import Any
from unittest import mock

from zc.zk._monitor import server as _commandserver
from zc.zk._monitor.server import CommandServer
from zc.zk._monitor.server import MonitorConnection
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for


def handle(connection: MonitorConnection, line: str) -> None:
    if line == 'stay':
        connection.interactive = True
    if line == 'go':
        connection.closing = True
    if line == 'fail':
        raise ValueError('oops')
    connection.write(f'<{line}>')


class CommandServerTests(unittest.TestCase):

    def serve(self, address: Any = ('127.0.0.1', 0)) -> CommandServer:
        server = CommandServer(address, handle)
        self.addCleanup(server.close)
        return server

    @contextlib.contextmanager
    def connect(self, server: CommandServer) -> Iterator[socket.socket]:
        family = (socket.AF_UNIX if isinstance(server.address, str)
                  else socket.AF_INET6 if ':' in server.address[0]
                  else socket.AF_INET)
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.settimeout(DEADLINE)
            sock.connect(server.address)
            yield sock

    def ask(self, server: CommandServer, *data: bytes) -> bytes:
        with self.connect(server) as sock:
            # The server may have had enough before all is sent.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for each in data:
                    sock.sendall(each)
            return self.read(sock)

    def read(self, sock: socket.socket) -> bytes:
        found = b''
        with contextlib.suppress(ConnectionResetError):
            while data := sock.recv(4096):
                found += data
        return found

    def test_one_command(self):
        """A connection is closed after one command."""
        self.assertEqual(b'<hello>', self.ask(
            self.serve(), b'hello\n', b'again\n'))

    def test_pieces(self):
        """A line may come in pieces, with either end."""
        self.assertEqual(b'<hello you>', self.ask(
            self.serve(), b'hel', b'lo y', b'ou\r\n'))

    def test_interactive(self):
        """An interactive connection stays until a command closes it."""
        self.assertEqual(b'<stay><a><b><go>', self.ask(
            self.serve(), b'stay\na\nb\n', b'go\nc\n'))

    def test_no_line_end(self):
        """A line that ends with the connection counts."""
        with self.connect(self.serve()) as sock:
            sock.sendall(b'hello')
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(b'<hello>', self.read(sock))

    def test_nothing(self):
        """A connection without any line is closed."""
        with self.connect(self.serve()) as sock:
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(b'', self.read(sock))

    def test_error(self):
        """The traceback of a command's error goes to the client."""
        server = self.serve()
        with self.assertLogs('zc.zk._monitor.server', 'WARNING'):
            self.assertIn(b'ValueError: oops', self.ask(server, b'fail\n'))
        self.assertEqual(b'<a>', self.ask(server, b'a\n'))

    def test_garbage(self):
        """Bytes that are no text are no reason to stop."""
        server = self.serve()
        self.ask(server, bytes(range(256)))
        self.assertEqual(b'<a>', self.ask(server, b'a\n'))

    def test_long_line(self):
        """A line over the limit is refused, with or without its end."""
        server = self.serve()
        for end in (b'', b'\n'):
            self.assertIn(
                self.ask(server, b'x' * 10000 + end),
                (b'the line is too long\n', b''))    # or reset: unread data
        self.assertEqual(b'<a>', self.ask(server, b'a\n'))

    def test_idle(self):
        """A connection on which no line comes is closed in the end."""
        with mock.patch.object(_commandserver, 'IDLE', 0.1):
            self.assertEqual(b'', self.ask(self.serve(), b'a'))

    def test_many(self):
        """Many connections are served at one time."""
        server = self.serve()
        with contextlib.ExitStack() as stack:
            socks = [stack.enter_context(self.connect(server))
                     for _ in range(40)]
            for sock in socks:
                sock.sendall(b'a\n')
            for sock in socks:
                self.assertEqual(b'<a>', self.read(sock))

    def test_too_many(self):
        """One more than the limit is told so; the others do not mind."""
        server = self.serve()
        with contextlib.ExitStack() as stack:
            with mock.patch.object(_commandserver, 'MAX_CONNECTIONS', 3):
                socks = [stack.enter_context(self.connect(server))
                         for _ in range(3)]
                wait_for(lambda: len(server._connections) == 3)
                self.assertEqual(
                    b'too many connections\n', self.ask(server))
            for sock in socks:
                sock.sendall(b'a\n')
                self.assertEqual(b'<a>', self.read(sock))

    def test_ipv6(self):
        """It may listen on IPv6."""
        self.assertEqual(
            b'<a>', self.ask(self.serve(('::1', 0)), b'a\n'))

    def test_all_interfaces(self):
        """An empty host means all interfaces."""
        server = self.serve(('', 0))
        self.assertEqual('0.0.0.0', server.address[0])

    def test_port_in_use(self):
        """An address that is taken is not to be had."""
        with self.assertRaises(OSError):
            self.serve(self.serve().address)

    def test_close(self):
        """Closing ends its thread and its connections."""
        server = self.serve()
        with self.connect(server) as sock:
            wait_for(lambda: server._connections)
            server.close()
            server.close()
            self.assertEqual(b'', self.read(sock))
        self.assertFalse([
            thread for thread in threading.enumerate()
            if thread.name == f'zc.zk.monitor {server.address}'])
        with self.assertRaises(ConnectionRefusedError):
            self.ask(server)


class UnixTests(CommandServerTests):
    """The same over a Unix-domain socket."""

    def serve(self, address: Any = None) -> CommandServer:
        if address is None:
            directory = tempfile.TemporaryDirectory()
            self.addCleanup(directory.cleanup)
            address = os.path.join(directory.name, 'socket')
        server = CommandServer(address, handle)
        self.addCleanup(server.close)
        return server

    def test_close(self):
        """Closing takes the socket's file away."""
        server = self.serve()
        server.close()
        self.assertFalse(os.path.exists(server.address))

    def test_only_for_the_user(self):
        """Nobody else may connect."""
        server = self.serve()
        self.assertEqual(0o600, os.stat(server.address).st_mode & 0o777)

    def test_left_behind(self):
        """A socket that nobody listens on any more is replaced."""
        server = self.serve()
        path = server.address
        server.close()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.bind(path)
        self.assertEqual(b'<a>', self.ask(self.serve(path), b'a\n'))

    def test_no_socket(self):
        """A file that is no socket is left alone."""
        with tempfile.NamedTemporaryFile() as file:
            with self.assertRaises(OSError):
                self.serve(file.name)
            self.assertTrue(os.path.exists(file.name))
