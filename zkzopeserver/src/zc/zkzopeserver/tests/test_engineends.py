"""What ends connections, and engines, over real sockets."""
from __future__ import annotations

import importlib
import socket
import subprocess
import sys
import threading
import unittest
from unittest import mock

from zc.zkzopeserver import _sockets
from zc.zkzopeserver._options.table import Options
from zc.zkzopeserver.tests.digest import digest
from zc.zkzopeserver.tests.digest import expected
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import EngineCase
from zc.zkzopeserver.tests.support import Response
from zc.zkzopeserver.tests.support import for_engines


class LimitTests(EngineCase):

    def test_connections(self):
        """Above max_connections, others wait until one is closed."""
        serving = self.serve(digest, max_connections=2)
        first = [serving.connect(), serving.connect()]
        for sock in first:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            Response(sock.makefile('rb'))
        with serving.connect() as third:
            third.sendall(b'GET /3 HTTP/1.1\r\nHost: x\r\n\r\n')
            third.settimeout(0.2)
            with self.assertRaises(TimeoutError):
                third.recv(1)
            third.settimeout(DEADLINE)
            for sock in first:
                sock.close()
            self.assertEqual(expected('/3', b''),
                             Response(third.makefile('rb')).body)

    def test_idle(self):
        """A connection on which nothing happens is closed."""
        serving = self.serve(digest, idle_timeout=1.0)
        with serving.connect() as sock:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            stream = sock.makefile('rb')
            Response(stream)
            self.assertEqual(b'', stream.read())

    def test_expect_too_large(self):
        """A client that asks first learns that its body is too large."""
        serving = self.serve(digest, max_body_size=10)
        with serving.connect() as sock, sock.makefile('rb') as stream:
            sock.sendall(b'POST / HTTP/1.1\r\nHost: x\r\nExpect: '
                         b'100-continue\r\nContent-Length: 11\r\n\r\n')
            self.assertEqual('413', Response(stream).status)

    def test_expect_nothing(self):
        """One that asks and has no body gets its answer."""
        serving = self.serve(digest)
        with serving.connect() as sock, sock.makefile('rb') as stream:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n'
                         b'Expect: 100-continue\r\n\r\n')
            self.assertEqual('200', Response(stream).status)

    def test_unfinished_header(self):
        """So is one whose header never comes to its end."""
        serving = self.serve(digest, idle_timeout=1.0)
        with serving.connect() as sock:
            sock.sendall(b'GET / HT')
            self.assertEqual(b'', sock.recv(100))


def answer_backlog(module: str) -> None:
    """Have an engine that finishes answer connections of its backlog."""
    engine_class = importlib.import_module(module).engine_class
    with _sockets.listen('127.0.0.1', 0) as listener:
        socks = [socket.create_connection(listener.getsockname(), DEADLINE)
                 for _ in range(300)]
        for sock in socks:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
        # One that has gone ends nothing.
        socks.pop(0).close()
        engine = engine_class(digest, listener, Options(max_connections=200))
        engine.finish(DEADLINE)
        thread = threading.Thread(target=engine.run, daemon=True)
        thread.start()
        statuses = []
        for sock in socks:
            with sock, sock.makefile('rb') as stream:
                statuses.append(Response(stream).status)
        thread.join(DEADLINE)
    if thread.is_alive() or set(statuses) != {'200'}:
        raise SystemExit(f'{thread} {statuses}')
    print('answered', len(statuses))


class FinishTests(EngineCase):

    def setUp(self) -> None:
        self.asked = threading.Event()
        self.go = threading.Event()
        self.addCleanup(self.go.set)

    def slow(self, environ, start_response):
        self.asked.set()
        self.go.wait(DEADLINE)
        start_response('200 OK', [('Content-Length', '2')])
        return [b'ok']

    def test_request_in_work(self):
        """A request in work is answered before the engine ends."""
        serving = self.serve(self.slow)
        with serving.connect() as sock:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            self.asked.wait(DEADLINE)
            serving.engine.finish(DEADLINE)
            self.go.set()
            response = Response(sock.makefile('rb'))
            self.assertEqual(b'ok', response.body)
            self.assertEqual('close', response.headers['connection'])
        serving.thread.join(DEADLINE)
        self.assertFalse(serving.thread.is_alive())

    def test_waiting_requests(self):
        """So are requests that still wait for a thread."""
        serving = self.serve(self.slow, threads=1)
        socks = [serving.connect() for _ in range(10)]
        for sock in socks:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
        self.asked.wait(DEADLINE)
        serving.engine.finish(DEADLINE)
        self.go.set()
        for sock in socks:
            self.assertEqual(b'ok', Response(sock.makefile('rb')).body)
            sock.close()

    def test_backlog(self):
        """Connections that nobody accepted yet are answered, too."""
        # In a process of its own: it has hundreds of descriptors, and what
        # other tests left behind may still close theirs, by number.
        done = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c',
             'import sys; from zc.zkzopeserver.tests import test_engineends; '
             'test_engineends.answer_backlog(sys.argv[1])',
             self.engine.__module__],
            capture_output=True, text=True, timeout=10 * DEADLINE,
            check=False)
        self.assertEqual(
            (0, 'answered 299\n'), (done.returncode, done.stdout),
            done.stderr)

    def test_late_look(self):
        """A request that comes while the engine looks long is answered."""
        module = sys.modules[self.engine.__module__]
        loop, clock = (
            (module.asyncore, 'time') if self.engine_name == 'zope.server'
            else (module.wasyncore, 'monotonic'))
        poll, now, ahead = loop.poll2, getattr(module, clock), [0.0]

        def slow(timeout, sockets):
            poll(timeout, sockets)
            if not ahead[0]:
                ahead[0] = 2 * module._GRACE
                sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')

        listener = _sockets.listen('127.0.0.1', 0)
        self.addCleanup(listener.close)
        with (
            socket.create_connection(
                listener.getsockname(), DEADLINE) as sock,
            mock.patch.object(loop, 'poll2', slow),
            mock.patch.object(module, clock, lambda: now() + ahead[0]),
        ):
            engine = self.engine(digest, listener, Options())
            engine.finish(DEADLINE)
            engine.run()
            with sock.makefile('rb') as stream:
                self.assertEqual('200', Response(stream).status)

    def test_time_is_up(self):
        """A request that takes too long is given up."""
        serving = self.serve(self.slow)
        with serving.connect() as sock:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            self.asked.wait(DEADLINE)
            with self.assertLogs('zc.zkzopeserver', 'WARNING'):
                serving.engine.finish(0.1)
                serving.thread.join(DEADLINE)
            self.assertFalse(serving.thread.is_alive())
            self.go.set()

    def test_no_more_connections(self):
        """An engine that has finished accepts no connection."""
        serving = self.serve(digest)
        serving.engine.finish(DEADLINE)
        serving.thread.join(DEADLINE)
        with self.assertRaises(ConnectionRefusedError):
            serving.connect()

    def test_idle_connection(self):
        """A connection that is merely kept alive is closed."""
        serving = self.serve(digest)
        with serving.connect() as sock:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            stream = sock.makefile('rb')
            Response(stream)
            serving.engine.finish(DEADLINE)
            self.assertEqual(b'', stream.read())

    def test_retire(self):
        """A retired engine serves on, and asks clients to close."""
        serving = self.serve(digest)
        serving.engine.retire()
        for version in (b'1.1', b'1.0'):
            found = serving.ask(
                b'GET / HTTP/' + version
                + b'\r\nHost: x\r\nConnection: keep-alive\r\n\r\n')
            self.assertIn(b'connection: close', found.lower())

    def test_finish_again(self):
        """An engine that has ended may be told to finish."""
        serving = self.serve(digest)
        serving.stop()
        serving.engine.finish(0)


def test_suite():
    return unittest.TestSuite([
        for_engines(case) for case in (LimitTests, FinishTests)])
