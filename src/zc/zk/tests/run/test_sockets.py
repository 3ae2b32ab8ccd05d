import os
import socket
import tempfile
import unittest

from zc.zk._run import sockets
from zc.zk._run.sockets import Place


class SocketsTests(unittest.TestCase):

    def path(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        return os.path.join(directory.name, 'a.sock')

    def test_listen(self):
        """Port 0 becomes a free port, at which it listens."""
        for host in ('127.0.0.1', '', '::1'):
            with self.subTest(host):
                sock, place = sockets.listen(host, 0)
                with sock:
                    self.assertEqual(
                        (host, sock.getsockname()[1]), place[:2])
                    socket.create_connection(place.target).close()

    def test_port_in_use(self):
        """A port at which another socket listens is an error."""
        sock, place = sockets.listen('127.0.0.1', 0)
        with sock:
            for function in (sockets.listen, sockets.free):
                self.assertRaises(
                    OSError, function, '127.0.0.1', place.port)

    def test_free(self):
        """The socket of a free place is closed again."""
        place = sockets.free('127.0.0.1', 0)
        self.assertRaises(
            ConnectionRefusedError, socket.create_connection, place.target)

    def test_unix(self):
        """A stale socket is replaced; a live one and a file are not."""
        path = self.path()
        first, place = sockets.listen_unix(path)
        with first:
            self.assertRaises(OSError, sockets.listen_unix, path)
        second, _ = sockets.listen_unix(path)
        second.close()
        self.assertEqual(place.target, path)
        os.unlink(path)
        with open(path, 'w'):
            pass
        self.assertRaises(OSError, sockets.listen_unix, path)

    def test_inherited_count(self):
        """Sockets count only if they are passed to this process."""
        for environ, count in [
                ({}, 0), ({'LISTEN_PID': '7', 'LISTEN_FDS': '1'}, 1),
                ({'LISTEN_PID': '8', 'LISTEN_FDS': '1'}, 0),
                ({'LISTEN_PID': '7', 'LISTEN_FDS': '-1'}, 0),
                ({'LISTEN_PID': '7'}, 0)]:
            with self.subTest(environ):
                self.assertEqual(count, sockets.inherited_count(environ, 7))

    def test_inherit(self):
        """An inherited socket is used as it is, and not handed on."""
        given, place = sockets.listen('127.0.0.1', 0)
        os.set_inheritable(given.fileno(), True)
        sock, found = sockets.inherit(given.detach())
        with sock:
            self.assertEqual(place, found)
            self.assertFalse(sock.get_inheritable())

    def test_inherit_no_listener(self):
        """A socket that does not listen is refused."""
        given = sockets.bind('127.0.0.1', 0)
        fd = given.detach()
        with self.assertRaisesRegex(OSError, 'does not listen'):
            sockets.inherit(fd)

    def test_names(self):
        """The names to register: its own, or what is advertised."""
        place = Place('web1', 81)
        for expected, own, advertise in [
                ([('web1', 81)], place, []),
                ([('', 81)], Place('0.0.0.0', 81), []),
                ([('x', 81), ('web1', 9)], place, [('x', None), ('', 9)]),
                ([('x', 81)], place, [('x', None), ('x', 81)]),
                (['unix:%2Frun%2Fa.sock'], Place('', 0, '/run/a.sock'), []),
                ([('x', 9)], Place('', 0, '/run/a.sock'), [('x', 9)])]:
            with self.subTest(place=own, advertise=advertise):
                self.assertEqual(expected, own.names(advertise))

    def test_target(self):
        """All interfaces are reached by loopback."""
        self.assertEqual(('127.0.0.1', 8), Place('', 8).target)
        self.assertEqual(('::1', 8), Place('::', 8).target)
        self.assertEqual(('web1', 8), Place('web1', 8).target)
