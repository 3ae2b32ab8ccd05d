"""Faulty applications get the same 500 and a line in the log, on both engines.
"""
from __future__ import annotations

import logging
import unittest
from collections.abc import Callable
from typing import Any

from zc.zkzopeserver._engines import faults
from zc.zkzopeserver._engines.faults import WrongAnswer
from zc.zkzopeserver.tests.support import EngineCase
from zc.zkzopeserver.tests.support import Response
from zc.zkzopeserver.tests.support import for_engines


OK = '200 OK'

#: What a faulty application gives to start_response, and what the log says.
HEADS: list[tuple[Any, Any, str]] = [
    (OK, [('Content-Length', '1_0')],
     "Content-Length is '1_0', not a number"),
    (OK, [('Content-Length', '-5')], "Content-Length is '-5', not a number"),
    (OK, [('Content-Length', '+5')], "Content-Length is '+5', not a number"),
    (OK, [('Content-Length', '')], "Content-Length is '', not a number"),
    (OK, [('Content-Length', '\xb2')],
     "Content-Length is '\xb2', not a number"),
    (OK, [('Content-Length', '9' * 19)],
     f"Content-Length is '{'9' * 19}', not a number"),
    (OK, [('Content-Length', '5'), ('content-length', '6')],
     'there are two different values of content-length, 5 and 6'),
    (OK, [('A', 'secret\0')], 'the value of A holds a control character'),
    (OK, [('A', 'secret\r\nB: c')],
     'the value of A holds a control character'),
    (OK, [('A', '\x7f')], 'the value of A holds a control character'),
    (OK, [('A', 'secret\u20ac')], 'the value of A holds a control character'),
    (OK, [('A b', 'c')], "'A b' cannot be the name of a header field"),
    (OK, [('A:', 'c')], "'A:' cannot be the name of a header field"),
    (OK, [('A\r\nB', 'c')],
     r"'A\r\nB' cannot be the name of a header field"),
    (OK, [('', 'c')], "'' cannot be the name of a header field"),
    (OK, [('A', 5)], 'the value of A must be a str, not int'),
    (OK, [(b'A', 'c')],
     'the name of a header field must be a str, not bytes'),
    (OK, [('Transfer-Encoding', 'chunked')],
     "Transfer-Encoding is the server's, not the application's"),
    ('100 Continue', [], 'the status 100 is not a final one'),
    ('101 Switching Protocols', [], 'the status 101 is not a final one'),
    ('200', [], "the status '200' is not three digits, a blank and a text"),
    ('2000 OK', [],
     "the status '2000 OK' is not three digits, a blank and a text"),
    ('200 OK\r\nA: b', [], r"the status '200 OK\r\nA: b' is not three"),
    ('200 \0', [], r"the status '200 \x00' is not three digits"),
    (b'200 OK', [], 'the status must be a str, not bytes'),
    (200, [], 'the status must be a str, not int'),
]

RESULTS: list[tuple[Any, str]] = [
    ('text', 'the application must return an iterable of bytes, not str'),
    (b'bytes', 'the application must return an iterable of bytes, not bytes'),
    (None, 'the application must return an iterable of bytes, not None'),
    (['text'], 'a block of the body must be bytes, not str'),
    (['te', 'xt'], 'a block of the body must be bytes, not str'),
]


class HeadTests(unittest.TestCase):

    def test_right(self):
        """A status and a header that are right are handed on."""
        headers = [('Content-Type', 'text/plain'), ('content-length', '05'),
                   ('Set-Cookie', 'a=b\t\xe9'), ('Set-Cookie', 'c=d')]
        self.assertEqual(('404', 'Not Found', headers, 5),
                         faults.check_head('404 Not Found', iter(headers)))
        self.assertEqual(('200', '', [], None), faults.check_head('200 ', []))

    def test_same_length_twice(self):
        """The same length given twice is sent once."""
        self.assertEqual(
            ('200', 'OK', [('Content-Length', '5')], 5),
            faults.check_head(OK, [('Content-Length', '5')] * 2))

    def test_no_content(self):
        """204 has no length, whatever the application says."""
        self.assertEqual(
            ('204', 'X', [('A', 'b')], None), faults.check_head(
                '204 X', [('Content-Length', '5'), ('A', 'b')]))

    def test_wrong(self):
        """Each fault is named, without the values of header fields."""
        for status, headers, text in HEADS:
            with self.subTest(text), self.assertRaises(WrongAnswer) as raised:
                faults.check_head(status, headers)
            self.assertTrue(str(raised.exception).startswith(text),
                            raised.exception)
            self.assertNotIn('secret', str(raised.exception))

    def test_many_names(self):
        """Names and statuses are remembered up to a limit."""
        for number in range(faults._KNOWN_LIMIT + 10):
            faults.check_head(f'200 {number}', [(f'Name-{number}', '')])
        self.assertEqual(faults._KNOWN_LIMIT, len(faults._names))
        self.assertEqual(faults._KNOWN_LIMIT, len(faults._statuses))


    def test_again(self):
        """What was found to be right once is right again."""
        for _ in range(2):
            self.assertEqual(
                ('200', 'Fine', [('X-A', 'b')], None),
                faults.check_head('200 Fine', [('X-A', 'b')]))


class BlockTests(unittest.TestCase):

    def test_bytes(self):
        """Whatever holds bytes may be a block."""
        for block in (b'ab', bytearray(b'ab'), memoryview(b'ab')):
            found = faults.check_block(block)
            self.assertIs(bytes, type(found))
            self.assertEqual(b'ab', found)

    def test_wrong(self):
        """Anything else is refused."""
        for block in ('ab', 5, None):
            with self.assertRaises(WrongAnswer):
                faults.check_block(block)

    def test_memoryview_of_integers(self):
        """A block is counted in bytes, whatever its items are."""
        self.assertEqual(8, len(faults.check_block(
            memoryview(bytes(8)).cast('I'))))


class PrintableTests(unittest.TestCase):

    def test_printable(self):
        """What a client sent is one line of ASCII in the log."""
        self.assertEqual("/it's/\\x1b[1m\\n\\x9b\\xe9",
                         faults.printable("/it's/\x1b[1m\n\x9b\xe9"))


class AnswerTests(EngineCase):

    def setUp(self) -> None:
        self.faulty: Any = None
        self.serving = self.serve(self.application, max_connections=1)

    def application(self, environ: Any, start_response: Any) -> Any:
        if environ['PATH_INFO'] != '/ok':
            return self.faulty(environ, start_response)
        start_response(OK, [('Content-Length', '2')])
        return [b'ok']

    def fails(self, faulty: Any, method: str = 'GET') -> logging.LogRecord:
        """See that a request gets 500, and the next one is answered."""
        self.faulty = faulty
        serving = self.serving
        with self.assertLogs('zc.zkzopeserver.http', 'ERROR') as logs:
            with serving.connect() as sock, sock.makefile('rb') as stream:
                sock.sendall(f'{method} /a%0ab HTTP/1.1\r\nHost: x\r\n\r\n'
                             .encode())
                self.assertEqual('500', Response(stream, method).status)
                self.assertEqual(b'', stream.read())
        # The only connection that it may have is free again.
        with serving.connect() as sock, sock.makefile('rb') as stream:
            sock.sendall(b'GET /ok HTTP/1.1\r\nHost: x\r\n\r\n')
            self.assertEqual(b'ok', Response(stream).body)
        [record] = logs.records
        self.assertTrue(record.getMessage().startswith(
            f'the application failed at {method} /a%0ab'))
        return record

    def test_heads(self):
        """A faulty status or header gets 500, and the log names the fault."""
        for status, headers, text in HEADS:
            with self.subTest(text):
                record = self.fails(answering(status, headers, [b'12345']))
                self.assertIn(f'/a%0ab: {text}', record.getMessage())

    def test_results(self):
        """So does a faulty body."""
        for result, text in RESULTS:
            with self.subTest(text):
                record = self.fails(answering(OK, [], result))
                self.assertIn(f'/a%0ab: {text}', record.getMessage())

    def test_write(self):
        """So does text that is given to write()."""
        def application(environ, start_response):
            start_response(OK, [])('text')
            return []

        self.assertIn('/a%0ab: a block of the body must be bytes, not str',
                      self.fails(application).getMessage())

    def test_length_of_one_wrong_block(self):
        """A single block that has no length is named as well."""
        self.fails(answering(OK, [], [5]))

    def test_leaving(self):
        """An application that wants to end the process gets 500 as well."""
        for error in (SystemExit, KeyboardInterrupt, GeneratorExit):
            for application in leavers(error):
                with self.subTest(error=error, by=application.__name__):
                    record = self.fails(application)
                    self.assertIs(error, record.exc_info[0])

    def test_leaving_after_the_header(self):
        """When the header was sent, its connection is closed."""
        def application(environ, start_response):
            start_response(OK, [('Content-Length', '10')])
            yield b'12345'
            raise SystemExit()

        serving = self.serve(application, max_connections=1)
        with self.assertLogs('zc.zkzopeserver.http', 'ERROR'):
            for _ in range(3):
                found = serving.ask(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
                self.assertTrue(found.endswith(b'\r\n\r\n12345'), found)

    def test_head(self):
        """An application that fails at HEAD gets 500 without a body."""
        def application(environ, start_response):
            raise ValueError()

        self.fails(application, 'HEAD')


def answering(status: Any, headers: Any, result: Any) -> Callable[..., Any]:
    """Return an application that answers like that."""
    def application(environ, start_response):
        start_response(status, headers)
        return result

    return application


def leavers(error: type[BaseException]) -> list[Callable[..., Any]]:
    """Return applications that raise `error`, each in another moment."""

    def call(environ, start_response):
        raise error()

    def after_start(environ, start_response):
        start_response(OK, [('Content-Length', '5')])
        raise error()

    def iterator(environ, start_response):
        start_response(OK, [('Content-Length', '5')])
        raise error()
        yield b'12345'

    return [call, after_start, iterator]


def test_suite():
    load = unittest.defaultTestLoader.loadTestsFromTestCase
    return unittest.TestSuite([
        load(HeadTests), load(BlockTests), load(PrintableTests),
        for_engines(AnswerTests)])
