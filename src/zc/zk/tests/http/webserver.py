"""Servers of HTTP on loopback that do as a test says.

Each runs in threads of the test's process, on a port of its own.
"""
from __future__ import annotations

import contextlib
import http.server
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from typing import Any


class Counted:
    """A server that knows how many requests it is answering."""

    def __init__(self, *args: Any) -> None:
        self._changed = threading.Condition()
        self._count = 0
        super().__init__(*args)

    @contextlib.contextmanager
    def busy(self) -> Iterator[None]:
        """Count a request for as long as it is answered."""
        with self._changed:
            self._count += 1
        try:
            yield
        finally:
            with self._changed:
                self._count -= 1
                self._changed.notify_all()

    def wait_until_idle(self, seconds: float) -> None:
        """Wait until there is none, or for so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: not self._count, seconds)


class Handler(http.server.BaseHTTPRequestHandler):
    """Does what its server's attribute ``mode`` says."""

    protocol_version = 'HTTP/1.1'
    server: WebServer
    # Headers and body in one piece: none is lost between the two.
    wbufsize = -1

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections.add(self.connection)

    def finish(self) -> None:
        with self.server.lock:
            self.server.connections.discard(self.connection)
        super().finish()

    def answer(self) -> None:
        if self.server.mode == 'deaf':
            self.server.requests.append((self.command, self.path, '', b''))
            self.do_hang()
            return
        length = int(self.headers.get('Content-Length', 0))
        body = self.rfile.read(length)
        if self.headers.get('Transfer-Encoding') == 'chunked':
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.server.requests.append(
            (self.command, self.path, self.headers.get('Host'), body))
        mode = self.server.mode
        getattr(self, 'do_' + mode if isinstance(mode, str) else 'status')()

    do_GET = do_HEAD = do_PUT = do_POST = answer

    def do_answer(self, status: int = 200, **headers: str) -> None:
        text = b'%d' % self.server.port
        self.send_response(status)
        self.send_header('Content-Length', str(len(text)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != 'HEAD':
            self.wfile.write(text)
        self.wfile.flush()

    def status(self) -> None:
        self.do_answer(self.server.mode)

    def do_redirect(self) -> None:
        self.do_answer(302, Location=self.server.location)

    def do_cookie(self) -> None:
        self.do_answer(200, **{'Set-Cookie': 'c=d'})

    def do_close(self) -> None:
        self.close_connection = True

    def do_reset(self) -> None:
        self.connection.setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.connection.close()
        self.close_connection = True

    def do_garbage(self) -> None:
        self.wfile.write(b'\x15\x03\x03 no HTTP\r\n\r\n')
        self.wfile.flush()
        self.close_connection = True

    def do_hang(self) -> None:
        self.server.released.wait(60)
        self.close_connection = True

    def do_slow_body(self) -> None:
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'a')
        self.wfile.flush()
        self.server.released.wait(60)
        self.wfile.write(b'b')

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


class WebServer(http.server.ThreadingHTTPServer):
    """One server.

    :ivar mode: ``'answer'``, a status, or another end of a method's name
    :ivar requests: method, target, header Host and body of each
    :ivar connections: the sockets that are open
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        mode: Any = 'answer',
        certificate: Any = None,
        family: socket.AddressFamily = socket.AF_INET,
    ) -> None:
        self.mode = mode
        self.address_family = family
        self.location = ''
        self.requests: list[tuple[str, str, str | None, bytes]] = []
        self.names: list[str | None] = []
        self.connections: set[socket.socket] = set()
        self.lock = threading.Lock()
        self.released = threading.Event()
        self.host = '127.0.0.1' if family == socket.AF_INET else '::1'
        super().__init__((self.host, 0), Handler)
        self.port: int = self.server_address[1]
        self._context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            context.sni_callback = self._named
            self._context = context
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={'poll_interval': 0.01},
            daemon=True)
        self._thread.start()

    def server_bind(self) -> None:
        # The original one looks the host's name up.
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()

    def _named(self, socket: Any, name: str | None, context: Any) -> None:
        self.names.append(name)

    def finish_request(self, request: Any, address: Any) -> None:
        if self._context is not None:
            with self._context.wrap_socket(
                    request, server_side=True) as request:
                super().finish_request(request, address)
        else:
            super().finish_request(request, address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass            # a client that went away

    @property
    def name(self) -> str:
        """The address, as a provider's name."""
        if self.address_family == socket.AF_INET6:
            return f'[{self.host}]:{self.port}'
        return f'{self.host}:{self.port}'

    def close(self) -> None:
        """Take no more connections, and close those that are open."""
        self.released.set()
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self.lock:
            for each in self.connections:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass        # it was closed meanwhile
