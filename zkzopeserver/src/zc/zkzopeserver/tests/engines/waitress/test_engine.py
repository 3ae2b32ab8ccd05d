"""The engine on waitress: what is its own affair."""
from __future__ import annotations

import threading
import unittest
from types import SimpleNamespace
from typing import Any

from zc.zkzopeserver._engines.pace import Pace
from zc.zkzopeserver._engines.waitress import engine as waitress
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import EngineCase
from zc.zkzopeserver.tests.support import Response
from zc.zkzopeserver.tests.support import wait_for


GET = b'GET /%b HTTP/1.1\r\nHost: x\r\n\r\n'


class SlowReaderTests(EngineCase):

    engine: Any = staticmethod(waitress.WaitressEngine)
    block = b'x' * (1 << 20)

    def setUp(self) -> None:
        self.ended = threading.Event()

    def application(self, environ: Any, start_response: Any) -> Any:
        """Answer with as many blocks as the path says."""
        start_response('200 OK', [])
        count = int(environ['PATH_INFO'][1:])
        return self.blocks(count) if count else [b'ok']

    def blocks(self, count: int) -> Any:
        try:
            for _ in range(count):
                yield self.block
        finally:
            self.ended.set()

    def test_spooled(self):
        """A client that does not read what is spooled keeps nobody waiting.
        """
        serving = self.serve(self.application, threads=1)
        with serving.connect() as slow, serving.connect() as quick:
            slow.sendall(GET % b'40')
            wait_for(self.ended.is_set, 'the end of the application')
            quick.sendall(GET % b'0')
            with quick.makefile('rb') as stream:
                self.assertEqual(b'ok', Response(stream).body)
            with slow.makefile('rb') as stream:
                self.assertEqual(self.block * 40, Response(stream).body)

    def test_bound(self):
        """What is more than that ends when the client has not read at all.
        """
        serving = self.serve(
            self.application, threads=1, idle_timeout=1.0)
        with serving.connect() as slow:
            slow.sendall(GET % b'100000')
            slow.recv(1)
            # Not before: it would be idle for too long.
            quick = serving.connect()
            self.addCleanup(quick.close)
            quick.sendall(GET % b'0')
            with quick.makefile('rb') as stream:
                self.assertEqual(b'ok', Response(stream).body)
            self.assertTrue(self.ended.is_set())

    def test_spool_is_bounded(self):
        """The engine's bound is the one that waitress waits at."""
        serving = self.serve(self.application)
        self.assertEqual(waitress._SPOOL,
                         serving.engine._server.adj.outbuf_high_watermark)


class SlowSenderTests(EngineCase):

    engine: Any = staticmethod(waitress.WaitressEngine)

    @staticmethod
    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response('200 OK', [('Content-Length', '2')])
        return [b'ok']

    def dripped(self, beginning: bytes, drip: bytes, **options: Any) -> None:
        """See that a connection is closed on which bytes keep dripping."""
        serving = self.serve(self.application, **options)
        closed = threading.Event()
        with serving.connect() as sock:
            sock.sendall(beginning)

            def read() -> None:
                try:
                    while sock.recv(100):
                        pass
                except TimeoutError:
                    return
                except ConnectionError:
                    pass
                closed.set()

            thread = threading.Thread(target=read)
            thread.start()
            for _ in range(int(DEADLINE / 0.1)):
                if closed.is_set():
                    break
                try:
                    sock.sendall(drip)
                except OSError:
                    pass
                closed.wait(0.1)
            self.assertTrue(closed.is_set(), 'it is still open')
            thread.join()

    def test_header(self):
        """A header that drips is closed after header_timeout."""
        self.dripped(b'GET / HTTP/1.1\r\nA: ', b'x', header_timeout=1.0)

    def test_empty_lines(self):
        """So are empty lines before a header."""
        self.dripped(b'\r\n', b'\r\n', header_timeout=1.0)

    def test_body(self):
        """A body that drips is closed when it is below min_body_rate."""
        self.dripped(b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999'
                     b'\r\n\r\n', b'x',
                     idle_timeout=1.0)

    def test_chunks(self):
        """So are chunks, and a trailer."""
        self.dripped(b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: '
                     b'chunked\r\n\r\n', b'1\r\nx\r\n',
                     idle_timeout=1.0)
        self.dripped(b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: '
                     b'chunked\r\n\r\n0\r\nA: ', b'x',
                     idle_timeout=1.0)


class LateTests(unittest.TestCase):

    pace = Pace(header_timeout=10.0, pause=60.0, min_body_rate=500)

    def channel(self, **values: Any) -> Any:
        channel = waitress.WaitressChannel.__new__(waitress.WaitressChannel)
        channel.__dict__.update({
            'requests': [], 'total_outbufs_len': 0, **values})
        return channel

    def test_new_request(self):
        """The clock starts again with each request, and with its body."""
        channel = self.channel()
        request = SimpleNamespace(body_rcv=None, body_received=0)
        channel._restart(request)
        since = channel._slow_since
        self.assertTrue(channel._is_late(self.pace, since + 10.1))
        request.body_rcv = object()
        channel._restart(request)
        self.assertFalse(channel._is_late(self.pace, since + 10.1))
        self.assertTrue(channel._is_late(
            self.pace, channel._slow_since + 60.1))
        channel._restart(None)
        self.assertFalse(channel._is_late(self.pace, since + 1000.0))

    def test_unread(self):
        """What is sent late is not late for a client that reads it."""
        channel = self.channel(total_outbufs_len=5, last_activity=7.0)
        for now, late in ((1000.0, False), (1060.0, False), (1060.1, True)):
            self.assertEqual(late, channel._is_late(self.pace, now))
        channel.last_activity = 8.0
        self.assertFalse(channel._is_late(self.pace, 1061.0))
        channel.total_outbufs_len = 0
        self.assertFalse(channel._is_late(self.pace, 1200.0))
        channel.total_outbufs_len = 5
        self.assertFalse(channel._is_late(self.pace, 1201.0))

    def test_request_before(self):
        """It stands still while a request before is worked on."""
        channel = self.channel(requests=[object()])
        channel._restart(SimpleNamespace(body_rcv=None))
        since = channel._slow_since
        self.assertFalse(channel._is_late(self.pace, since + 100.0))
        channel.requests = []
        self.assertFalse(channel._is_late(self.pace, since + 110.0))
        self.assertTrue(channel._is_late(self.pace, since + 110.1))


class WritableTests(unittest.TestCase):

    def test_thread_sends(self) -> None:
        """The loop does not look at a connection whose thread sends."""
        channel: Any = object.__new__(waitress.WaitressChannel)
        channel.will_close = channel.close_when_flushed = False
        channel.requests, channel.total_outbufs_len = [object()], 5
        channel.outbuf_lock = threading.Condition()
        self.assertTrue(channel.writable())
        found: list[bool] = []
        other = threading.Thread(
            target=lambda: found.append(channel.writable()))
        with channel.outbuf_lock:
            other.start()
            other.join(DEADLINE)
        self.assertEqual([False], found)
        channel.total_outbufs_len = 0
        self.assertFalse(channel.writable())
