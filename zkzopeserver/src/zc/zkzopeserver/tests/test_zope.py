"""The engine on zope.server: what is its own affair."""
from __future__ import annotations

import errno
import socket
import unittest
from typing import Any
from unittest import mock

from zc.zkzopeserver import _http
from zc.zkzopeserver import _sockets
from zc.zkzopeserver import _zope
from zc.zkzopeserver._http import Output
from zc.zkzopeserver._options import Options
from zc.zkzopeserver.tests.support import EngineCase
from zc.zkzopeserver.tests.support import Response
from zc.zkzopeserver.tests.support import wait_for


def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response('200 OK', [('Content-Length', '5')])
    return [b'hello']


class OutputTests(unittest.TestCase):

    def test_order(self):
        """Bytes come out as they went in, through memory and a file."""
        output = Output(10)
        sent = b''
        for number in range(200):
            output.append(b'%d,' % number)
            if number % 3 == 0:
                piece = bytes(output.get(4))
                output.skip(len(piece))
                sent += piece
        while output:
            piece = bytes(output.get(7))
            output.skip(len(piece))
            sent += piece
        self.assertEqual(
            b''.join(b'%d,' % number for number in range(200)), sent)
        self.assertEqual(b'', output.get(1))

    def test_length(self):
        """Its length counts both."""
        output = Output(3)
        for _ in range(3):
            output.append(b'ab')
        self.assertEqual(6, len(output))
        output.close()
        self.assertEqual(0, len(output))


class EngineTests(EngineCase):

    engine = staticmethod(_zope.Engine)

    def ask(self, application: Any, raw: bytes = b'') -> Response:
        with self.serve(application).connect() as sock:
            sock.sendall(raw or b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            return Response(sock.makefile('rb'))

    def test_asterisk(self):
        """OPTIONS for the whole server has a path that PEP 3333 knows."""
        def application(environ, start_response):
            start_response('200 OK', [])
            return [environ['PATH_INFO'].encode()]

        response = self.ask(
            application, b'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertEqual(b'/', response.body)

    def test_own_headers(self):
        """The application's Server and Date replace those of the server."""
        def application(environ, start_response):
            start_response('200 OK', [
                ('Server', 'mine'), ('Date', 'today'),
                ('Connection', 'close'), ('Content-Length', '0')])
            return []

        headers = self.ask(application).headers
        self.assertEqual(
            ['mine', 'today', 'close'],
            [headers[name] for name in ('server', 'date', 'connection')])

    def test_bad_status(self):
        """A status that is none is an error of the application."""
        for status in ('200', 'OK', '99 Low', '200 O\rK'):
            def application(environ, start_response, status=status):
                start_response(status, [])
                return []

            with self.assertLogs('zc.zkzopeserver.http', 'ERROR'):
                self.assertEqual('500', self.ask(application).status)

    def test_refused_while_sending(self):
        """A client that still sends a body can read why it is refused."""
        serving = self.serve(hello, max_body_size=1000)
        with serving.connect() as sock:
            body = b'x' * 3000000
            sock.sendall(b'POST / HTTP/1.1\r\nHost: x\r\n'
                         b'Content-Length: %d\r\n\r\n'
                         % len(body))
            sock.sendall(body)
            self.assertEqual('413', Response(sock.makefile('rb')).status)

    def test_refused_client_that_stays(self):
        """A refused client that never closes is closed in the end."""
        with mock.patch.object(_http, '_LINGER', 0.1):
            serving = self.serve(hello)
            with serving.connect() as sock:
                sock.sendall(b'garbage\r\n\r\n')
                stream = sock.makefile('rb')
                self.assertEqual('400', Response(stream).status)
                self.assertEqual(b'', stream.read())
                wait_for(lambda: not serving.engine._server.channels,
                         'the end of the connection')

    def test_channels_are_forgotten(self):
        """Nothing is kept of a connection that was closed."""
        serving = self.serve(hello)
        for _ in range(20):
            serving.ask(b'GET / HTTP/1.0\r\n\r\n')
        wait_for(lambda: not serving.engine._server.channels)

    def test_unexpected_error(self):
        """An error of our own on a connection closes that one alone."""
        serving = self.serve(hello)
        with mock.patch.object(
                _http.Channel, 'received', side_effect=ValueError('odd')):
            with self.assertLogs('zc.zkzopeserver.http', 'ERROR'):
                self.assertEqual(b'', serving.ask(b'x'))
        self.assertIn(b'hello', serving.ask(b'GET / HTTP/1.0\r\n\r\n'))

    def test_several(self):
        """Several engines in one process do not get in each other's way."""
        servings = [self.serve(hello) for _ in range(3)]
        for _ in range(20):
            for serving in servings:
                self.assertIn(
                    b'hello', serving.ask(b'GET / HTTP/1.0\r\n\r\n'))
        servings[0].stop(5)
        for serving in servings[1:]:
            self.assertIn(
                b'hello', serving.ask(b'GET / HTTP/1.0\r\n\r\n'))

    def test_all_sockets_closed(self):
        """Closing all of asyncore's sockets ends it, as any zope.server."""
        serving = self.serve(hello)
        server = serving.engine._server
        wait_for(lambda: server.accepting)
        server.close()
        serving.thread.join(10)
        self.assertFalse(serving.thread.is_alive())


class AcceptTests(unittest.TestCase):

    def setUp(self) -> None:
        self.listener = _sockets.listen('127.0.0.1', 0)
        self.addCleanup(self.listener.close)
        self.server = _zope.Server(hello, self.listener, Options())
        self.addCleanup(self.server.task_dispatcher.shutdown)
        self.addCleanup(self.server.close)

    def accept(self, result: Any) -> None:
        with mock.patch.object(self.server, 'socket') as sock:
            sock.accept.side_effect = result
            self.server.handle_accept()

    def test_no_descriptors(self):
        """Out of file descriptors, it pauses instead of spinning."""
        self.assertTrue(self.server.readable())
        with self.assertLogs('zc.zkzopeserver', 'ERROR'):
            self.accept(OSError(errno.EMFILE, 'Too many open files'))
        self.assertFalse(self.server.readable())

    def test_gone_at_once(self):
        """A connection that is gone when it is accepted is dropped."""
        connection = mock.Mock()
        connection.setsockopt.side_effect = OSError
        self.accept([(connection, ('h', 1)), BlockingIOError()])
        connection.close.assert_called_once_with()
        self.assertEqual(set(), self.server.channels)

    def test_unexpected_error(self):
        """An error while accepting is logged."""
        with self.assertLogs('zc.zkzopeserver', 'ERROR'):
            self.server.handle_error()

    def test_error_in_a_worker(self):
        """A task that raises does not end its thread."""
        failing, good = mock.Mock(), mock.Mock()
        failing.service.side_effect = ValueError
        with self.assertLogs('zc.zkzopeserver', 'ERROR'):
            self.server.addTask(failing)
            self.server.addTask(good)
            wait_for(lambda: good.service.called)

    def test_name_of_the_machine(self):
        """Without a host, the server has the name of its machine."""
        self.assertEqual(socket.gethostname(), self.server.server_name)
