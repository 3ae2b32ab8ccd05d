"""The parser alone: whole, byte by byte, and with rubbish after the end."""
from __future__ import annotations

import time
import unittest

from zope.server.adjustments import Adjustments

from zc.zkzopeserver._engines import request
from zc.zkzopeserver._engines.request import RequestParser


class Adj(Adjustments):
    max_header_size = 1000
    max_body_size = 1000


def parse(raw: bytes, step: int = 1 << 20) -> tuple[RequestParser, int]:
    """Return the parser and how much of `raw` it took."""
    parser = RequestParser(Adj())
    taken = 0
    while taken < len(raw) and not parser.completed:
        taken += parser.received(raw[taken:taken + step])
    return parser, taken


def summary(parser: RequestParser) -> tuple[object, ...]:
    body = parser.getBodyStream().read()
    parser.close()
    return (parser.completed, parser.error and parser.error.status,
            parser.command, parser.path, parser.query, parser.version,
            sorted(parser.headers.items()), body)


REQUESTS = [
    b'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    b'GET /a%2Fb?c=d#e HTTP/1.0\r\nHost: x\r\nA-B: c\r\n\r\n',
    b'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345',
    b'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n'
    b'2\r\n12\r\n3;x="y"\r\n345\r\n0\r\nTrailer: x\r\n\r\n',
    b'GET / HTTP/1.1\r\nHost: x\r\nA: \t b c\t \r\nE:f\r\n\r\n',
    b'POST / HTTP/1.1\r\nHost: x\r\nUpgrade: a\r\nConnection: upgrade\r\n'
    b'Content-Length: 4\r\n\r\n\r\n\r\n',
]


class RequestTests(unittest.TestCase):

    def test_pieces(self):
        """A request means the same however its bytes come."""
        for raw in REQUESTS:
            parser, taken = parse(raw)
            self.assertEqual(len(raw), taken, raw)
            whole = summary(parser)
            for step in (1, 2, 3, 7):
                parser, taken = parse(raw, step)
                self.assertEqual(len(raw), taken, raw)
                self.assertEqual(whole, summary(parser), raw)

    def test_rubbish_after_the_end(self):
        """What follows a request is left alone."""
        for raw in REQUESTS:
            for rest in (b'x', b'\r\n', b'GET / HTTP/1.1\r\nHost: x\r\n\r\n'):
                parser, taken = parse(raw + rest)
                self.assertEqual(len(raw), taken, raw)
                self.assertEqual(0, parser.received(rest))
                parser.close()

    def test_nothing_complete_too_soon(self):
        """No beginning of a request is taken for a whole one."""
        for raw in REQUESTS:
            for end in range(len(raw)):
                parser, _ = parse(raw[:end])
                self.assertFalse(parser.completed, raw[:end])
                parser.close()

    def test_empty_lines(self):
        """Empty lines alone are no request."""
        parser = RequestParser(Adj())
        self.assertEqual(4, parser.received(b'\r\n\r\n'))
        self.assertFalse(parser.completed)
        self.assertFalse(parser.started)

    def test_joined_fields(self):
        """A field that comes twice has both values."""
        parser, _ = parse(b'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\na: c\r\n'
                          b'Cookie: d=e\r\nCookie: f=g\r\n\r\n')
        self.assertEqual({'HOST': 'x', 'A': 'b, c', 'COOKIE': 'd=e; f=g'},
                         parser.headers)

    def test_folded_field(self):
        """A folded field is refused, as RFC 9112 has it."""
        parser, _ = parse(b'GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n'
                          b'\r\n')
        self.assertEqual('400 Bad Request', self.status(parser))

    @staticmethod
    def status(parser: RequestParser) -> str:
        assert parser.error is not None
        return parser.error.status

    def test_blanks(self):
        """Blanks and tabs around a value are no part of it, others are."""
        parser, _ = parse(b'GET / HTTP/1.1\r\nHost: x\r\n'
                          b'A: \t b\xa0\r\nB: c\x85 \r\nC:\r\n\r\n')
        self.assertEqual({'HOST': 'x', 'A': 'b\xa0', 'B': 'c\x85', 'C': ''},
                         parser.headers)

    def test_latin_1(self):
        """Bytes above ASCII come as the characters of their values."""
        parser, _ = parse(b'GET /%E4%C3%A4 HTTP/1.1\r\nHost: x\r\n'
                          b'A: \xe4\r\n\r\n')
        self.assertEqual('/\xe4\xc3\xa4', parser.path)
        self.assertEqual('\xe4', parser.headers['A'])

    def test_absolute_target(self):
        """An absolute target is taken to pieces, and its host counts."""
        parser, _ = parse(b'GET http://h:1?q HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertEqual(('http', 'h:1', '/', 'q'), (
            parser.proxy_scheme, parser.proxy_netloc, parser.path,
            parser.query))
        self.assertEqual('h:1', parser.headers['HOST'])

    def test_asterisk(self):
        """OPTIONS for the whole server comes as one for its root."""
        parser, _ = parse(b'OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertEqual('/', parser.path)

    def test_connect(self):
        """CONNECT is for proxies."""
        parser, _ = parse(b'CONNECT h:1 HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertEqual('501 Not Implemented', self.status(parser))

    def test_body_received(self):
        """The bytes of body that have come are counted."""
        for raw, count in ((REQUESTS[2][:-2], 3), (REQUESTS[0], 0),
                           (REQUESTS[3].partition(b'3;')[0], 2)):
            parser, _ = parse(raw)
            self.assertEqual(count, parser.body_received, raw)
            parser.close()

    def test_names_kept(self):
        """No client has the server keep a long name of a field."""
        before = dict(request._KEYS)
        parse(b'GET / HTTP/1.1\r\nHost: x\r\n' + b'a' * 100 + b': b\r\n\r\n')
        self.assertEqual(before, request._KEYS)

    def test_wants_continue(self):
        """A client that waits is seen until the body comes."""
        raw = (b'POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n'
               b'Content-Length: 2\r\n\r\n')
        parser, _ = parse(raw)
        self.assertTrue(parser.wants_continue)
        parser.received(b'a')
        self.assertFalse(parser.wants_continue)
        parser.close()

    def test_continue_without_body(self):
        """Without a body there is nothing to wait for."""
        for raw in (b'GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n'
                    b'\r\n',
                    b'GET / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n'
                    b'Content-Length: 0\r\n\r\n'):
            self.assertFalse(parse(raw)[0].wants_continue)

    def test_header_limit(self):
        """A header over the limit is refused before it is whole."""
        parser, _ = parse(b'GET / HTTP/1.1\r\nHost: x\r\n'
                          b'A: ' + b'x' * 1000, 10)
        assert parser.error is not None
        self.assertEqual('431 Request Header Fields Too Large',
                         parser.error.status)
        self.assertIn('1000 bytes', parser.error.text)

    def test_after_an_error(self):
        """A refused request takes all that came with it."""
        parser, taken = parse(b'x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n')
        self.assertEqual(len(b'x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n'
                             b'\r\n'), taken)

    def test_body_limit(self):
        """A body over the limit is refused when its length is known."""
        parser, _ = parse(b'POST / HTTP/1.1\r\nHost: x\r\n'
                          b'Content-Length: 1001\r\n\r\n')
        assert parser.error is not None
        self.assertEqual('413 Content Too Large', parser.error.status)

    def test_close(self):
        """A parser lets go of a body that nobody reads."""
        parser, _ = parse(b'POST / HTTP/1.1\r\nHost: x\r\n'
                          b'Content-Length: 5\r\n\r\n12')
        parser.close()
        self.assertTrue(parser.body_rcv.buf.file.closed)


class TimeTests(unittest.TestCase):

    def seconds(self, raw: bytes) -> float:
        """Return the least time that parsing took, of the processor's."""
        adj = Adj()
        adj.max_header_size = adj.max_body_size = 1 << 20
        found = []
        for _ in range(5):
            parser = RequestParser(adj)
            began = time.thread_time()
            position = 0
            while position < len(raw) and not parser.completed:
                position += parser.received(raw[position:position + 4096])
            found.append(time.thread_time() - began)
            parser.close()
        return min(found)

    def test_linear(self):
        """No request takes the square of its length, or worse."""
        for start, middle, end in (
            (b'A: a', b' ', b'b'), (b'A: a', b' ', b''),
            (b'A: a', b'\t ', b'b'),
            (b'', b'A:\r\n', b'A: b'), (b'', b'Cookie: b\r\n', b'A: b'),
            (b'', b'A', b': b'), (b'A: ', b',', b''), (b'A: ', b'a, ', b''),
            (b'Connection: ', b'close, ', b'a'), (b'Host: ', b'x', b''),
            (b'Transfer-Encoding: ', b'chunked, ', b'chunked'),
            (b'Transfer-Encoding: chunked\r\n\r\n', b'1\r\na\r\n', b''),
            (b'Transfer-Encoding: chunked\r\n\r\n10000\r\n', b'\r\n', b''),
        ):
            with self.subTest(middle):
                short, long = (
                    self.seconds(b'GET / HTTP/1.1\r\n' + start
                                 + middle * (length // len(middle))
                                 + end + b'\r\n\r\n')
                    for length in (20_000, 400_000))
                # 20 is right; joining fields one by one takes 75.
                self.assertLess(long / short, 50)
