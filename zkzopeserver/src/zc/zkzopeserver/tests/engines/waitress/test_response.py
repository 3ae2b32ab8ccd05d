"""Answers on waitress that its own tasks give otherwise."""
from __future__ import annotations

import io
import socket
import unittest
from typing import Any

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import ClientDisconnected

from zc.zkzopeserver._engines.refusal import bad
from zc.zkzopeserver._engines.waitress import engine as waitress
from zc.zkzopeserver._engines.waitress.request import WaitressRequest
from zc.zkzopeserver._engines.waitress.response import Refused
from zc.zkzopeserver._engines.waitress.response import checked
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import EngineCase
from zc.zkzopeserver.tests.support import Response
from zc.zkzopeserver.tests.support import wait_for


GET = b'GET /ok HTTP/1.1\r\nHost: x\r\n\r\n'


class FileTests(EngineCase):

    engine = staticmethod(waitress.WaitressEngine)

    def setUp(self) -> None:
        self.file = io.BytesIO(b'from a file')
        self.serving = self.serve(self.application)

    def application(self, environ: Any, start_response: Any) -> Any:
        """Answer with a file, and a status from the path."""
        if environ['PATH_INFO'] == '/ok':
            start_response('200 OK', [('Content-Length', '2')])
            return [b'ok']
        start_response(environ['PATH_INFO'][1:] + ' X', [])
        return environ['wsgi.file_wrapper'](self.file)

    def test_get(self):
        """A file is sent as the body."""
        found = self.serving.ask(b'GET /200 HTTP/1.0\r\n\r\n')
        self.assertTrue(found.endswith(b'\r\n\r\nfrom a file'))
        wait_for(lambda: self.file.closed, 'the end of the file')

    def test_no_body(self):
        """It is not where the answer has no body, and it is closed."""
        for request in (b'HEAD /200', b'GET /204', b'GET /304'):
            self.file = io.BytesIO(b'from a file')
            with self.subTest(request):
                found = self.serving.ask(
                    request + b' HTTP/1.1\r\nHost: x\r\n\r\n')
                self.assertTrue(found.endswith(b'\r\n\r\n'), found)
                self.assertNotIn(b'from', found)
                self.assertTrue(self.file.closed)

    def test_unread(self):
        """An object without a close method need not be closed."""
        class Found(ReadOnlyFileBasedBuffer):
            close = None

            def __getattribute__(self, name: str) -> Any:
                if name == 'close':
                    raise AttributeError(name)
                return super().__getattribute__(name)

        def application(environ, start_response):
            start_response('200 OK', [])
            return Found(self.file)

        result = checked(application)(
            {'REQUEST_METHOD': 'HEAD'}, lambda *args: None)
        self.assertEqual([], list(result))
        result.close()
        self.assertFalse(self.file.closed)


class GoneTests(EngineCase):

    engine = staticmethod(waitress.WaitressEngine)

    def test_refused_client_that_goes(self):
        """A refused client that goes away leaves no line in the log."""
        def application(environ, start_response):
            start_response('200 OK', [('Content-Length', '2')])
            return [b'ok']

        serving = self.serve(application, threads=1)
        with self.assertNoLogs('waitress'), self.assertNoLogs(
                'zc.zkzopeserver'):
            for _ in range(20):
                sock = serving.connect()
                sock.sendall(b'garbage\r\n\r\n')
                # Reset, with the answer unread.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                b'\1\0\0\0\0\0\0\0')
                sock.close()
            with serving.connect() as sock, sock.makefile('rb') as stream:
                sock.settimeout(DEADLINE)
                sock.sendall(GET)
                self.assertEqual(b'ok', Response(stream).body)


class DisconnectedTests(unittest.TestCase):

    def test_log(self):
        """A client that left in the middle is not logged with its path."""
        # With a real socket it is a race.
        class Channel:
            server = type('Server', (), {
                'retired': False, 'adj': type('Adj', (), {'ident': ''})})
            linger = False

            def write_soon(self, data: bytes) -> None:
                raise ClientDisconnected()

        request = WaitressRequest(None)
        request.error = bad('it is malformed')
        task = Refused(Channel(), request)
        with self.assertNoLogs():
            task.service()
        self.assertTrue(task.close_on_finish)
