"""The engine on zope.server: what is its own affair."""
from __future__ import annotations

import errno
import socket
import threading
import unittest
from typing import Any
from unittest import mock

from zc.zkzopeserver import _sockets
from zc.zkzopeserver._engines import channel as _http
from zc.zkzopeserver._engines import zope
from zc.zkzopeserver._engines.pace import Pace
from zc.zkzopeserver._options.table import Options
from zc.zkzopeserver.tests.engines.waitress import test_engine as test_waitress
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import EngineCase
from zc.zkzopeserver.tests.support import Response
from zc.zkzopeserver.tests.support import wait_for


def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response('200 OK', [('Content-Length', '5')])
    return [b'hello']


class EngineTests(EngineCase):

    engine = staticmethod(zope.ZopeEngine)

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
                _http.ZopeChannel, 'received', side_effect=ValueError('odd')):
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

    def test_several_expire(self):
        """Each of them closes its own idle connections."""
        servings = [self.serve(hello, idle_timeout=0.1) for _ in range(3)]
        socks = [serving.connect() for serving in servings]
        for sock in socks:
            self.assertEqual(b'', sock.recv(1))
            sock.close()

    def test_all_sockets_closed(self):
        """Closing all of asyncore's sockets ends it, as any zope.server."""
        serving = self.serve(hello)
        server = serving.engine._server
        wait_for(lambda: server.accepting)
        server.close()
        serving.thread.join(10)
        self.assertFalse(serving.thread.is_alive())


class SlowSenderTests(test_waitress.SlowSenderTests):

    engine = staticmethod(zope.ZopeEngine)


class SlowReaderTests(test_waitress.SlowReaderTests):

    engine = staticmethod(zope.ZopeEngine)

    def test_spool_is_bounded(self):
        """No more than the bound waits for a client that does not read."""
        sizes: list[int] = []
        append = _http.Output.append

        def counting(output: Any, data: bytes) -> None:
            append(output, data)
            sizes.append(len(output))

        with (mock.patch.object(_http, '_SPOOL', 2 << 20),
              mock.patch.object(_http.Output, 'append', counting)):
            serving = self.serve(self.one_block, idle_timeout=1.0)
            with serving.connect() as slow:
                slow.sendall(b'GET /40 HTTP/1.1\r\nHost: x\r\n\r\n')
                wait_for(lambda: sizes and max(sizes) > 2 << 20)
                self.assertIn(b'\r\nContent-Length: 0\r\n', serving.ask(
                    b'GET /0 HTTP/1.0\r\n\r\n'))
        self.assertLess(max(sizes), 4 << 20)

    def one_block(self, environ: Any, start_response: Any) -> list[bytes]:
        start_response('200 OK', [])
        return [self.block * int(environ['PATH_INFO'][1:])]

    def test_pipeline(self):
        """Requests whose answers nobody reads hold no thread."""
        served: list[str] = []

        def application(environ: Any, start_response: Any) -> list[bytes]:
            served.append(environ['PATH_INFO'])
            start_response('200 OK', [])
            return [self.block * 8]

        serving = self.serve(application, threads=1)
        channels = serving.engine._server.channels
        with serving.connect() as slow, serving.connect() as quick:
            slow.sendall(b'GET /slow HTTP/1.1\r\nHost: x\r\n\r\n' * 20)
            wait_for(lambda: [channel for channel in channels
                              if channel.tasks and channel.async_mode])
            quick.sendall(b'GET /quick HTTP/1.1\r\nHost: x\r\n\r\n')
            with quick.makefile('rb') as stream:
                self.assertEqual(self.block * 8, Response(stream).body)
            self.assertLess(len(served), 10)
            with slow.makefile('rb') as stream:
                for _ in range(20):
                    self.assertEqual(self.block * 8, Response(stream).body)

    def test_end(self):
        """A thread that waits for a client does not outlive the engine."""
        with mock.patch.object(_http, '_SPOOL', 1 << 20):
            serving = self.serve(self.application, threads=1)
            with serving.connect() as slow:
                slow.sendall(b'GET /1000000 HTTP/1.1\r\nHost: x\r\n\r\n')
                slow.recv(1)
                with self.assertLogs('zc.zkzopeserver', 'WARNING'):
                    serving.stop(0.1)
                self.assertTrue(self.ended.is_set())


class TurnTests(EngineCase):

    engine = staticmethod(zope.ZopeEngine)

    def test_turns(self):
        """Requests sent in one go take turns with those of others."""
        go = threading.Event()
        self.addCleanup(go.set)
        served: list[str] = []

        def application(environ: Any, start_response: Any) -> list[bytes]:
            served.append(environ['PATH_INFO'])
            go.wait(DEADLINE)
            return hello(environ, start_response)

        serving = self.serve(application, threads=1)
        pool = serving.engine._server.task_dispatcher
        with serving.connect() as many, serving.connect() as one:
            many.sendall(b'GET /many HTTP/1.1\r\nHost: x\r\n\r\n' * 100)
            wait_for(lambda: served, 'the first request')
            one.sendall(b'GET /one HTTP/1.1\r\nHost: x\r\n\r\n')
            wait_for(lambda: pool.others_wait, 'the other request')
            go.set()
            for sock, count in ((one, 1), (many, 100)):
                with sock.makefile('rb') as stream:
                    for _ in range(count):
                        self.assertEqual(b'hello', Response(stream).body)
        self.assertEqual(['/many', '/one'], served[:2])


class LateTests(unittest.TestCase):

    pace = Pace(header_timeout=10.0, pause=60.0, min_body_rate=500)

    def channel(self, **values: Any) -> Any:
        channel = _http.ZopeChannel.__new__(_http.ZopeChannel)
        channel.__dict__.update({
            'outbuf': b'', 'tasks': [], 'last_activity': 100.0,
            'close': mock.Mock(), **values})
        return channel

    def test_header(self):
        """A header has its time, however often a byte of it comes."""
        channel = self.channel(_asked_since=95.0)
        channel.expire(105.0, self.pace)
        channel.close.assert_not_called()
        channel.expire(105.1, self.pace)
        channel.close.assert_called_once_with()

    def test_body(self):
        """A body has its rate."""
        channel = self.channel(
            _asked_since=10.0, _asked_body=True,
            proto_request=mock.Mock(body_received=20_000))
        channel.expire(110.0, self.pace)
        channel.close.assert_not_called()
        channel.expire(110.1, self.pace)
        channel.close.assert_called_once_with()

    def test_standing_still(self):
        """Time in which nothing is read is not the client's."""
        for values in ({'async_mode': False}, {'outbuf': b'x'}):
            channel = self.channel(_asked_since=90.0, **values)
            channel.expire(150.0, self.pace)
            channel.close.assert_not_called()
            self.assertEqual(150.0, channel._asked_since)

    def test_unread(self):
        """A client that does not read is idle."""
        channel = self.channel(outbuf=b'x')
        channel.expire(160.1, self.pace)
        channel.close.assert_called_once_with()


class AcceptTests(unittest.TestCase):

    def setUp(self) -> None:
        self.listener = _sockets.listen('127.0.0.1', 0)
        self.addCleanup(self.listener.close)
        self.server = zope.Server(hello, self.listener, Options())
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
