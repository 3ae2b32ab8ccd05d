"""The WSGI environment that the zope.server engine makes."""
from __future__ import annotations

import sys
import unittest
from typing import Any
from wsgiref.validate import check_environ  # type: ignore[attr-defined]

from zope.server.adjustments import Adjustments

from zc.zkzopeserver._engines.environ import constant_part
from zc.zkzopeserver._engines.environ import environment
from zc.zkzopeserver._engines.request import RequestParser


class Adj(Adjustments):
    max_header_size = 1000
    max_body_size = 1000


class EnvironTests(unittest.TestCase):

    def environ(self, raw: bytes) -> dict[str, Any]:
        """Return the environment of a raw request."""
        parser = RequestParser(Adj())
        self.addCleanup(parser.close)
        while raw:
            raw = raw[parser.received(raw):]
        assert parser.completed and parser.error is None, parser.error
        return environment(
            parser, constant_part('example.com', 8080, 'it'), '10.0.0.1')

    def test_keys(self):
        """It has the keys of PEP 3333 and of zope.server."""
        found = self.environ(
            b'POST //a%20b?c=d HTTP/1.1\r\nHost: h:1\r\nX-Y: z\r\n'
            b'Connection: close\r\nContent-Type: text/plain\r\n'
            b'Content-Length: 3\r\n\r\nabc')
        self.assertEqual(b'abc', found.pop('wsgi.input').read())
        self.assertIs(sys.stderr, found.pop('wsgi.errors'))
        self.assertEqual({
            'REQUEST_METHOD': 'POST', 'SCRIPT_NAME': '',
            'PATH_INFO': '/a b', 'QUERY_STRING': 'c=d',
            'CONTENT_TYPE': 'text/plain', 'CONTENT_LENGTH': '3',
            'SERVER_NAME': 'example.com', 'SERVER_PORT': '8080',
            'SERVER_PROTOCOL': 'HTTP/1.1', 'SERVER_SOFTWARE': 'it',
            'GATEWAY_INTERFACE': 'CGI/1.1', 'REMOTE_ADDR': '10.0.0.1',
            'HTTP_HOST': 'h:1', 'HTTP_X_Y': 'z', 'CONNECTION_TYPE': 'close',
            'wsgi.version': (1, 0), 'wsgi.url_scheme': 'http',
            'wsgi.multithread': True, 'wsgi.multiprocess': True,
            'wsgi.run_once': False,
            'zserver.proxy.scheme': None, 'zserver.proxy.host': None,
        }, found)

    def test_valid(self):
        """wsgiref's validator finds nothing wrong with it."""
        for line in (b'GET / HTTP/1.1', b'GET http://x HTTP/1.0',
                     b'OPTIONS * HTTP/1.1', b'GET /%00%ff?%00 HTTP/1.1'):
            check_environ(
                self.environ(line + b'\r\nHost: x\r\nA: \xff\r\n\r\n'))

    def test_proxy(self):
        """It has the host of an absolute target."""
        found = self.environ(b'GET HTTP://a:1/b HTTP/1.1\r\nHost: c\r\n\r\n')
        self.assertEqual(
            ('HTTP', 'a:1', 'a:1', '/b'),
            (found['zserver.proxy.scheme'], found['zserver.proxy.host'],
             found['HTTP_HOST'], found['PATH_INFO']))

    def test_each_its_own(self):
        """A change to one environment is seen in no other."""
        constant = constant_part('example.com', 8080, 'it')
        parser = RequestParser(Adj())
        parser.received(b'GET / HTTP/1.0\r\n\r\n')
        environment(parser, constant, 'x')['wsgi.run_once'] = True
        self.assertFalse(environment(parser, constant, 'x')['wsgi.run_once'])
