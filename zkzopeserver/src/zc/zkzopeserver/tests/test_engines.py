"""What both engines do right over real sockets, beside the raw table."""
from __future__ import annotations

import socket
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from zc.zkzopeserver.tests.digest import digest
from zc.zkzopeserver.tests.digest import expected
from zc.zkzopeserver.tests.support import DEADLINE
from zc.zkzopeserver.tests.support import EngineCase
from zc.zkzopeserver.tests.support import Response
from zc.zkzopeserver.tests.support import for_engines
from zc.zkzopeserver.tests.support import wait_for


class ConnectionTests(EngineCase):

    def test_keep_alive(self):
        """A connection serves one request after the other."""
        with self.serve(digest).connect() as sock:
            stream = sock.makefile('rb')
            for number in range(50):
                sock.sendall(b'GET /%d HTTP/1.1\r\nHost: x\r\n\r\n' % number)
                self.assertEqual(
                    expected(f'/{number}', b''), Response(stream).body)

    def test_keep_alive_1_0(self):
        """An HTTP/1.0 client may ask to keep the connection."""
        with self.serve(digest).connect() as sock:
            stream = sock.makefile('rb')
            for _ in range(2):
                sock.sendall(
                    b'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
                response = Response(stream)
                self.assertEqual(
                    'keep-alive', response.headers['connection'].lower())

    def test_1_0(self):
        """Otherwise its connection is closed after the response."""
        found = self.serve(digest).ask(b'GET / HTTP/1.0\r\n\r\n')
        self.assertTrue(found.endswith(expected('/', b'')))

    def test_close(self):
        """A client may ask to close the connection, among other wishes."""
        serving = self.serve(digest)
        for wish in (b'close', b'TE, Close'):
            found = serving.ask(b'GET / HTTP/1.1\r\nHost: x\r\nConnection: '
                                + wish + b'\r\n\r\n')
            self.assertIn(b'Connection: close', found)

    def test_head(self):
        """HEAD gets the header alone, and the connection stays usable."""
        with self.serve(digest).connect() as sock:
            stream = sock.makefile('rb')
            sock.sendall(b'HEAD /1 HTTP/1.1\r\nHost: x\r\n\r\n'
                         b'GET /2 HTTP/1.1\r\nHost: x\r\n\r\n')
            response = Response(stream, 'HEAD')
            self.assertEqual(str(len(expected('/1', b''))),
                             response.headers['content-length'])
            self.assertEqual(expected('/2', b''), Response(stream).body)

    def test_head_with_body(self):
        """The same when the length is unknown or the body is returned."""
        def application(environ, start_response):
            if environ['PATH_INFO'] == '/length':
                start_response('200 OK', [('Content-Length', '3')])
                return [b'abc']
            start_response('200 OK', [])
            return iter([b'abc', b'def'])

        serving = self.serve(application)
        for target in (b'/length', b'/unknown'):
            with serving.connect() as sock, sock.makefile('rb') as stream:
                sock.sendall(b'HEAD ' + target + b' HTTP/1.1\r\nHost: x\r\n'
                             b'\r\nGET /length HTTP/1.1\r\nHost: x\r\n'
                             b'Connection: close\r\n\r\n')
                Response(stream, 'HEAD')
                # waitress closes after a length that it does not know.
                rest = stream.read()
                self.assertNotIn(b'def', rest)
                if target == b'/length' or rest:
                    self.assertTrue(rest.startswith(b'HTTP/1.1 200'), rest)
                    self.assertTrue(rest.endswith(b'\r\n\r\nabc'), rest)

    def test_no_content(self):
        """204 and 304 have no body, whatever the application returns."""
        def application(environ, start_response):
            start_response(environ['PATH_INFO'][1:] + ' X', [])
            return [b'']

        with self.serve(application).connect() as sock:
            stream = sock.makefile('rb')
            sock.sendall(b'GET /204 HTTP/1.1\r\nHost: x\r\n\r\n')
            response = Response(stream)
            self.assertEqual('204', response.status)
            self.assertNotIn('content-length', response.headers)
            self.assertNotIn('transfer-encoding', response.headers)

    def test_pipelining(self):
        """Requests sent together are answered in their order."""
        with self.serve(digest, threads=4).connect() as sock:
            sock.sendall(b''.join(
                b'GET /%d HTTP/1.1\r\nHost: x\r\n'
                b'\r\n' % n for n in range(500)))
            stream = sock.makefile('rb')
            self.assertEqual(
                [expected(f'/{n}', b'') for n in range(500)],
                [Response(stream).body for n in range(500)])

    def test_length_of_one_block(self):
        """A list of one block gets its length as Content-Length."""
        def application(environ, start_response):
            start_response('200 OK', [])
            return [b'abc']

        with self.serve(application).connect() as sock:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            response = Response(sock.makefile('rb'))
            self.assertEqual('3', response.headers['content-length'])

    def test_chunked_response(self):
        """A body of unknown length goes in chunks to HTTP/1.1 clients."""
        def application(environ, start_response):
            start_response('200 OK', [])
            return iter([b'abc', b'', b'def' * 1000])

        with self.serve(application).connect() as sock:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            response = Response(sock.makefile('rb'))
            self.assertEqual('chunked', response.headers['transfer-encoding'])
            self.assertEqual(b'abc' + b'def' * 1000, response.body)

    def test_unknown_length_1_0(self):
        """To an HTTP/1.0 client it ends with the connection."""
        def application(environ, start_response):
            start_response('200 OK', [])
            return iter([b'abc', b'def'])

        found = self.serve(application).ask(b'GET / HTTP/1.0\r\n\r\n')
        self.assertTrue(found.endswith(b'\r\n\r\nabcdef'))

    def test_blocks_are_not_held_back(self):
        """A block is sent before the application makes the next one."""
        read = threading.Event()

        def application(environ, start_response):
            start_response('200 OK', [('Content-Length', '6')])
            yield b'abc'
            read.wait(DEADLINE)
            yield b'def'

        with self.serve(application).connect() as sock:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            found = b''
            while not found.endswith(b'abc'):
                found += sock.recv(65536)
            read.set()
            while not found.endswith(b'abcdef'):
                found += sock.recv(65536)

    def test_client_that_closed_its_side(self):
        """A client that will send no more still gets its answer."""
        with self.serve(digest).connect() as sock:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            sock.shutdown(socket.SHUT_WR)
            self.assertEqual(
                expected('/', b''), Response(sock.makefile('rb')).body)


class BodyTests(EngineCase):

    body = b'0123456789abcdef' * (5 << 16)          # 5 MB

    def test_large_post(self):
        """A large body arrives whole."""
        with self.serve(digest).connect() as sock:
            sock.sendall(b'POST /x HTTP/1.1\r\nHost: x\r\n'
                         b'Content-Length: %d\r\n\r\n'
                         % len(self.body) + self.body)
            self.assertEqual(expected('/x', self.body),
                             Response(sock.makefile('rb')).body)

    def test_large_chunked_post(self):
        """The same in chunks of many sizes."""
        chunks = []
        position = 0
        size = 1
        while position < len(self.body):
            chunk = self.body[position:position + size]
            chunks.append(b'%x\r\n%b\r\n' % (len(chunk), chunk))
            position += size
            size = size * 3 % 70001 + 1
        with self.serve(digest).connect() as sock:
            sock.sendall(b'POST /x HTTP/1.1\r\nHost: x\r\n'
                         b'Transfer-Encoding: chunked'
                         b'\r\n\r\n' + b''.join(chunks) + b'0\r\n\r\n')
            self.assertEqual(expected('/x', self.body),
                             Response(sock.makefile('rb')).body)

    def test_large_response(self):
        """A large response arrives whole, also when it is read late."""
        def application(environ, start_response):
            start_response('200 OK', [('Content-Length', str(len(self.body)))])
            return [self.body]

        served = threading.Event()

        def counting(environ, start_response):
            try:
                return application(environ, start_response)
            finally:
                served.set()

        with self.serve(counting).connect() as sock:
            sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
            served.wait(DEADLINE)
            self.assertEqual(self.body, Response(sock.makefile('rb')).body)

    def test_many_large_responses(self):
        """A connection does not grow with what it has sent."""
        block = b'x' * 100000

        def application(environ, start_response):
            start_response('200 OK', [('Content-Length', str(len(block)))])
            return [block]

        with self.serve(application).connect() as sock:
            stream = sock.makefile('rb')
            for _ in range(50):
                sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
                self.assertEqual(block, Response(stream).body)


class CrowdTests(EngineCase):

    def test_200_connections(self):
        """200 connections at once are all served, more than once."""
        serving = self.serve(digest, threads=4)
        socks = [serving.connect() for _ in range(200)]
        try:
            for turn in range(3):
                for number, sock in enumerate(socks):
                    sock.sendall(b'GET /%d/%d HTTP/1.1\r\nHost: x\r\n\r\n'
                                 % (turn, number))
                for number, sock in enumerate(socks):
                    with sock.makefile('rb') as stream:
                        self.assertEqual(
                            expected(f'/{turn}/{number}', b''),
                            Response(stream).body)
        finally:
            for sock in socks:
                sock.close()

    def test_slow_clients(self):
        """Clients that send byte by byte keep nobody else waiting."""
        serving = self.serve(digest, threads=1)
        slow = [serving.connect() for _ in range(20)]
        try:
            for sock in slow:
                sock.sendall(b'POST /slow HTTP/1.1\r\nHost: x\r\nContent-Le')
            with serving.connect() as sock:
                sock.sendall(b'GET /quick HTTP/1.1\r\nHost: x\r\n\r\n')
                self.assertEqual(expected('/quick', b''),
                                 Response(sock.makefile('rb')).body)
            for byte in b'ngth: 3\r\n\r\nabc':
                for sock in slow:
                    sock.sendall(bytes([byte]))
            for sock in slow:
                self.assertEqual(expected('/slow', b'abc'),
                                 Response(sock.makefile('rb')).body)
        finally:
            for sock in slow:
                sock.close()

    def test_clients_that_leave(self):
        """Clients that leave in the middle do no harm."""
        serving = self.serve(digest, threads=2)
        for text in (b'GET / HT', b'POST / HTTP/1.1\r\nHost: x\r\n'
                                  b'Content-Length: 9\r\n'
                     b'\r\nabc', b'GET / HTTP/1.1\r\nHost: x\r\n\r\n'):
            for _ in range(10):
                sock = serving.connect()
                sock.sendall(text)
                # Reset, where there is something unread.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                b'\1\0\0\0\0\0\0\0')
                sock.close()
        self.assertIn(b'200 OK', serving.ask(b'GET / HTTP/1.0\r\n\r\n'))

    def test_client_that_leaves_while_served(self):
        """A client that goes while it is served is noticed quietly."""
        blocks = []

        def application(environ, start_response):
            start_response('200 OK', [])
            if environ['PATH_INFO'] == '/ok':
                return [b'fine']
            return self.endless(blocks)

        serving = self.serve(application)
        sock = serving.connect()
        sock.sendall(b'GET / HTTP/1.1\r\nHost: x\r\n\r\n')
        sock.recv(1)
        sock.close()
        wait_for(lambda: 'closed' in blocks, 'the end of the iterator')
        self.assertIn(b'fine', serving.ask(b'GET /ok HTTP/1.0\r\n\r\n'))

    @staticmethod
    def endless(blocks: list[str]) -> Any:
        try:
            while True:
                yield b'x' * 10000
        finally:
            blocks.append('closed')

    def test_parallel_requests(self):
        """Requests on many connections run in as many threads as allowed."""
        together = threading.Barrier(4)

        def application(environ, start_response):
            together.wait(DEADLINE)
            start_response('200 OK', [('Content-Length', '2')])
            return [b'ok']

        serving = self.serve(application, threads=4)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(
                lambda _: serving.ask(b'GET / HTTP/1.0\r\n\r\n'), range(4)))
        self.assertTrue(all(each.endswith(b'ok') for each in answers))


def test_suite():
    return unittest.TestSuite([
        for_engines(case)
        for case in (ConnectionTests, BodyTests, CrowdTests)])
