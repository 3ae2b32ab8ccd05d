"""The parser of requests, as waitress uses it."""
from __future__ import annotations

import unittest
from types import SimpleNamespace

from zc.zkzopeserver._engines.waitress.request import WaitressRequest


ADJ = SimpleNamespace(
    max_header_size=1000, max_body_size=10, inbuf_overflow=1000)
POST = b'POST /a%20b HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n'


class Tests(unittest.TestCase):

    def parse(self, data: bytes) -> WaitressRequest:
        request = WaitressRequest(ADJ)
        request.received(data)
        self.addCleanup(request.close)
        return request

    def test_header(self):
        """The header has come before the body."""
        request = self.parse(POST + b'Content-Length: 3\r\n')
        self.assertFalse(request.headers_finished)
        request.received(b'\r\n')
        self.assertTrue(request.headers_finished)
        self.assertFalse(request.completed)
        self.assertEqual('', request.query)
        self.assertEqual('/a%20b', request.request_uri)
        request.received(b'abc')
        self.assertTrue(request.completed)
        self.assertEqual(b'abc', request.get_body_stream().read())

    def test_continue(self):
        """A client that waits is told once to continue."""
        request = self.parse(POST + b'Content-Length: 3\r\n\r\n')
        self.assertTrue(request.expect_continue)
        request.expect_continue = False
        self.assertFalse(request.wants_continue)

    def test_continue_without_need(self):
        """A client is not told to continue that is refused, or done."""
        for length in (b'0', b'11', b'x'):
            request = self.parse(
                POST + b'Content-Length: ' + length + b'\r\n\r\n')
            self.assertFalse(request.expect_continue)
            self.assertTrue(request.completed)

    def test_malformed(self):
        """A malformed request has all that its refusal needs."""
        request = self.parse(b'garbage\r\n\r\n')
        self.assertEqual('400 Bad Request', request.error.status)
        self.assertTrue(request.headers_finished)
        self.assertEqual(('', '', '', '', {}), (
            request.command, request.path, request.query,
            request.request_uri, request.headers))
