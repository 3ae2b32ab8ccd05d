"""One table of raw requests, sent to both engines over real sockets."""
from __future__ import annotations

import contextlib
import io
import logging
import sys
import unittest
from typing import Any

from zc.zkzopeserver.tests.raw_requests import TABLE
from zc.zkzopeserver.tests.support import EngineCase
from zc.zkzopeserver.tests.support import Response
from zc.zkzopeserver.tests.support import for_engines


def echo(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """Tell what has come."""
    body = environ['wsgi.input'].read()
    text = '|'.join([
        environ['REQUEST_METHOD'], environ['PATH_INFO'],
        environ['QUERY_STRING'], environ.get('CONTENT_LENGTH', '-'),
    ]).encode('latin-1') + b'|' + body
    start_response('200 OK', [('Content-Type', 'text/plain'),
                              ('Content-Length', str(len(text)))])
    return [text]


class TableTests(EngineCase):

    def setUp(self) -> None:
        self.serving = self.serve(
            echo, max_header_size=2000, max_body_size=4000)

    def statuses(self, *pieces: bytes) -> list[int]:
        """Return the statuses of all responses to some raw bytes."""
        with self.serving.connect() as sock:
            # A server need not hear all of what it has refused.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                for piece in pieces:
                    sock.sendall(piece)
            stream = sock.makefile('rb')
            found: list[int] = []
            expected = self.expected
            while len(found) < len(expected):
                status = int(Response(stream).status)
                # Without need when the body has come already, but allowed.
                if status != 100:
                    found.append(status)
            if found[-1] >= 300:
                self.assertEqual(b'', stream.read(), 'it is still open')
            return found

    def check(
        self, name: str, raw: bytes, expected: list[int], step: int
    ) -> None:
        self.expected = expected
        pieces = [raw[i:i + step] for i in range(0, len(raw), step)]
        with self.subTest(name):
            self.assertEqual(expected, self.statuses(*pieces))

    def test_whole(self):
        """Each request of the table gets its status."""
        for name, raw, expected in TABLE:
            self.check(name, raw, expected, 1 << 20)

    def test_in_pieces(self):
        """The table's answers are the same when bytes come in threes."""
        for name, raw, expected in TABLE:
            if len(raw) < 1000:
                self.check(name, raw, expected, 3)


class ContentTests(EngineCase):

    def ask(self, raw: bytes) -> Response:
        with self.serve(echo).connect() as sock:
            sock.sendall(raw)
            return Response(sock.makefile('rb'), raw.split()[0].decode())

    def test_path_and_query(self):
        """The target is taken to pieces, and %XX undone in the path."""
        response = self.ask(b'GET /a%20b/%C3%A9?c=%20 HTTP/1.1\r\n'
                            b'Host: x\r\n\r\n')
        self.assertEqual(b'GET|/a b/\xc3\xa9|c=%20|-|', response.body)

    def test_two_slashes(self):
        """A path that begins with two slashes is no host."""
        response = self.ask(b'GET //a/b HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertEqual(b'GET|/a/b||-|', response.body)

    def test_chunked_length(self):
        """A chunked body has the length that it turned out to have."""
        response = self.ask(
            b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n'
            b'3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n')
        self.assertEqual(b'POST|/||13|abc0123456789', response.body)

    def test_underscore(self):
        """A field with an underscore does not pass for one with a dash."""
        response = self.ask(
            b'POST / HTTP/1.1\r\nHost: x\r\nContent_Length: 3\r\n\r\n')
        self.assertEqual(b'POST|/||-|', response.body)

    def test_continue(self):
        """A client that waits for 100 Continue gets it before the body."""
        with self.serve(echo).connect() as sock:
            sock.sendall(b'POST / HTTP/1.1\r\nHost: x\r\n'
                         b'Expect: 100-continue\r\n'
                         b'Content-Length: 3\r\n\r\n')
            stream = sock.makefile('rb')
            self.assertEqual('100', Response(stream).status)
            sock.sendall(b'abc')
            self.assertEqual(b'POST|/||3|abc', Response(stream).body)

    def test_continue_after_another(self):
        """100 Continue comes after the answer to the request before."""
        with self.serve(echo).connect() as sock:
            sock.sendall(b'GET /1 HTTP/1.1\r\nHost: x\r\n\r\n'
                         b'POST /2 HTTP/1.1\r\nHost: x\r\n'
                         b'Expect: 100-continue\r\n'
                         b'Content-Length: 3\r\n\r\n')
            stream = sock.makefile('rb')
            self.assertEqual(b'GET|/1||-|', Response(stream).body)
            self.assertEqual('100', Response(stream).status)
            sock.sendall(b'abc')
            self.assertEqual(b'POST|/2||3|abc', Response(stream).body)

    def test_refused_connection(self):
        """Who is refused is told one thing about the connection."""
        found = self.serve(echo).ask(
            b'POST / HTTP/1.0\r\nConnection: keep-alive\r\n'
            b'Transfer-Encoding: chunked\r\n\r\n')
        self.assertEqual(1, found.lower().count(b'\r\nconnection: '), found)
        self.assertIn(b'\r\nConnection: close\r\n', found)

    def test_odd_blanks(self):
        """A value keeps the bytes that only Unicode takes for blanks."""
        def application(environ, start_response):
            body = environ['HTTP_A'].encode('latin-1')
            start_response('200 OK', [('Content-Length', str(len(body)))])
            return [body]

        for value in (b'b\xa0', b'b\x85'):
            with self.serve(application).connect() as sock:
                sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n'
                             b'A: ' + value + b'\r\n\r\n')
                self.assertEqual(value, Response(sock.makefile('rb')).body)


class ApplicationErrorTests(EngineCase):

    def setUp(self) -> None:
        self.log = io.StringIO()
        handler = logging.StreamHandler(self.log)
        root = logging.getLogger()
        root.addHandler(handler)
        self.addCleanup(root.removeHandler, handler)

    def ask(self, application: Any) -> tuple[Response, bytes]:
        with self.serve(application).connect() as sock:
            sock.sendall(b'GET /x HTTP/1.1\r\nHost: x\r\n\r\n')
            stream = sock.makefile('rb')
            return Response(stream), stream.read()

    def assert_hidden(self, application: Any) -> None:
        response, rest = self.ask(application)
        self.assertEqual('500', response.status)
        self.assertNotIn(b'secret', response.body)
        self.assertEqual(b'', rest)
        self.assertIn('secret', self.log.getvalue())

    def test_exception(self):
        """An application that raises gets a 500 which tells nothing."""
        def application(environ, start_response):
            raise ValueError('secret')

        self.assert_hidden(application)

    def test_os_error(self):
        """An OSError of the application is not taken for the client's."""
        def application(environ, start_response):
            raise FileNotFoundError('secret')

        self.assert_hidden(application)

    def test_exception_in_the_iterator(self):
        """The same when it raises before the first block."""
        def application(environ, start_response):
            start_response('200 OK', [('Content-Length', '5')])
            raise ValueError('secret')
            yield b'never'

        self.assert_hidden(application)

    def test_exception_after_the_header(self):
        """An error after the first block closes the connection."""
        def application(environ, start_response):
            start_response('200 OK', [('Content-Length', '10')])
            yield b'12345'
            raise ValueError('secret')

        serving = self.serve(application)
        found = serving.ask(b'GET /x HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertTrue(found.endswith(b'\r\n\r\n12345'), found)
        self.assertIn('secret', self.log.getvalue())

    def test_header_injection(self):
        """A line break in a header of the application is an error."""
        def application(environ, start_response):
            start_response('200 OK', [('A', 'secret\r\nB: c')])
            return [b'']

        response, _ = self.ask(application)
        self.assertEqual('500', response.status)
        self.assertNotIn('b', response.headers)

    def test_too_much(self):
        """What is more than the announced length is not sent."""
        def application(environ, start_response):
            start_response('200 OK', [('Content-Length', '3')])
            return [b'12345']

        serving = self.serve(application)
        found = serving.ask(
            b'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
        self.assertTrue(found.endswith(b'\r\n\r\n123'), found)

    def test_too_little(self):
        """With less than the announced length, the connection is closed."""
        def application(environ, start_response):
            start_response('200 OK', [('Content-Length', '10')])
            return [b'12345']

        found = self.serve(application).ask(b'GET / HTTP/1.1\r\nHost: x\r\n'
                                            b'\r\n')
        self.assertTrue(found.endswith(b'\r\n\r\n12345'), found)

    def test_close_is_called(self):
        """The iterable's close is called, also when the iterator fails."""
        closed = []

        class Result:
            def __iter__(self):
                raise ValueError('secret')

            def close(self):
                closed.append(True)

        def application(environ, start_response):
            start_response('200 OK', [])
            return Result()

        self.assert_hidden(application)
        self.assertEqual([True], closed)

    def test_second_start_response(self):
        """start_response with exc_info replaces a header not yet sent."""
        def application(environ, start_response):
            start_response('200 OK', [('A', 'b')])
            try:
                raise ValueError('x')
            except ValueError:
                start_response('503 Busy', [('Content-Length', '0')],
                               sys.exc_info())
            return []

        response, _ = self.ask_open(application)
        self.assertEqual('503', response.status)
        self.assertNotIn('a', response.headers)

    def ask_open(self, application: Any) -> tuple[Response, bytes]:
        with self.serve(application).connect() as sock:
            sock.sendall(b'GET /x HTTP/1.1\r\nHost: x\r\n'
                         b'Connection: close\r\n\r\n')
            stream = sock.makefile('rb')
            return Response(stream), stream.read()

    def test_start_response_twice(self):
        """start_response twice without exc_info is an error."""
        def application(environ, start_response):
            start_response('200 OK', [])
            start_response('200 OK', [('A', 'secret')])
            return []

        response, _ = self.ask(application)
        self.assertEqual('500', response.status)

    def test_exc_info_after_the_header(self):
        """With exc_info after the header was sent, the error is raised."""
        def application(environ, start_response):
            write = start_response('200 OK', [('Content-Length', '10')])
            write(b'12345')
            try:
                raise ValueError('secret')
            except ValueError:
                start_response('500 Oops', [], sys.exc_info())
            return [b'67890']

        found = self.serve(application).ask(b'GET /x HTTP/1.1\r\n'
                                            b'Host: x\r\n\r\n')
        self.assertTrue(found.endswith(b'\r\n\r\n12345'), found)
        self.assertIn('secret', self.log.getvalue())

    def test_no_start_response(self):
        """An application that never calls start_response failed."""
        response, _ = self.ask(lambda environ, start_response: [b'secret'])
        self.assertEqual('500', response.status)

    def test_write(self):
        """The write function of start_response sends (PEP 3333)."""
        def application(environ, start_response):
            write = start_response('200 OK', [('Content-Length', '6')])
            write(b'abc')
            return [b'def']

        response, _ = self.ask_open(application)
        self.assertEqual(b'abcdef', response.body)

    def test_write_and_one_block(self):
        """What write has sent is no part of the list that is returned."""
        def application(environ, start_response):
            write = start_response('200 OK', [])
            write(b'wonderful ')
            return [b'world']

        response, _ = self.ask_open(application)
        self.assertEqual(b'wonderful world', response.body)


def test_suite():
    return unittest.TestSuite([
        for_engines(case) for case in (
            TableTests, ContentTests, ApplicationErrorTests)])
