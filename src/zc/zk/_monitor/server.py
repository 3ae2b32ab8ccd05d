"""A server of one-line commands on TCP and Unix-domain sockets.

One thread accepts; each connection has a thread of its own, because a
command may take its time, and their number is limited.  Knows no command
and no ZooKeeper: it hands each line to a function.
"""
from __future__ import annotations

import contextlib
import errno
import logging
import os
import socket
import stat
import threading
import traceback
from collections.abc import Callable
from time import monotonic
from typing import Union


logger = logging.getLogger(__name__)

#: Connections at one time; one more is told so and closed.
MAX_CONNECTIONS = 50
#: The longest line, in bytes.
MAX_LINE = 4096
#: Seconds in which a line must come, and in which an answer must be taken.
IDLE = 60.0
#: The same in interactive mode, where somebody thinks and types.
IDLE_INTERACTIVE = 900.0
#: Seconds that `close` waits for threads, whose commands may be at work.
CLOSE_SECONDS = 1.0

Address = Union[str, 'tuple[str, int]']


class MonitorConnection:
    """What a command writes to.

    :ivar interactive: whether more commands may follow
    :ivar closing: set by a command that wants the connection to end
    """

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._held = b''
        self.interactive = False
        self.closing = False

    def write(self, text: str | bytes) -> None:
        """Send text to the client."""
        data = text if isinstance(text, bytes) else text.encode('utf-8')
        self._socket.settimeout(IDLE)
        self._socket.sendall(data)

    def read_line(self) -> str | None:
        """Return the next line without its end; None when there is none.

        :raises ValueError: when it is too long
        :raises TimeoutError: when it does not come in time
        """
        until = monotonic() + (IDLE_INTERACTIVE if self.interactive else IDLE)
        while b'\n' not in self._held:
            if len(self._held) > MAX_LINE:
                raise ValueError('the line is too long')
            left = until - monotonic()
            if left <= 0:
                raise TimeoutError()
            self._socket.settimeout(left)
            data = self._socket.recv(MAX_LINE)
            if not data:
                # A last line without its end is a line all the same.
                line, self._held = self._held, b''
                return _text(line) if line else None
            self._held += data
        line, _, self._held = self._held.partition(b'\n')
        if len(line) > MAX_LINE:
            raise ValueError('the line is too long')
        return _text(line)


Handler = Callable[[MonitorConnection, str], None]


class CommandServer:
    """Listens at one address until it is closed.

    :param address: a (host, port) pair, or the path of a Unix-domain
        socket; port 0 for any free one
    :param handle: called with the connection and each line
    :raises OSError: when it cannot listen at the address
    :ivar address: the address that was bound
    """

    def __init__(self, address: Address, handle: Handler) -> None:
        self._handle = handle
        self._closed = False
        self._lock = threading.Lock()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._listener = _listen(address)
        self.address: Address
        if isinstance(address, str):
            self.address = address
        else:
            host, port = self._listener.getsockname()[:2]
            self.address = host, port
        self._thread = threading.Thread(
            target=self._accept, daemon=True,
            name=f'zc.zk.monitor {self.address}')
        self._thread.start()

    def close(self, timeout: float = CLOSE_SECONDS) -> None:
        """Listen no more, and close all connections.

        :param timeout: how long to wait for commands at work, in seconds
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            connections = list(self._connections)
            threads = [self._thread, *self._connections.values()]
        # Only a shutdown wakes a thread that waits in accept or recv.
        for sock in [self._listener, *connections]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if isinstance(self.address, str):
            with contextlib.suppress(OSError):
                os.unlink(self.address)
        until = monotonic() + timeout
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(until - monotonic(), 0))

    def _accept(self) -> None:
        while not self._closed:
            try:
                sock, _ = self._listener.accept()
            except OSError as e:
                if self._closed:
                    return
                if e.errno in (errno.EMFILE, errno.ENFILE):
                    # Until a descriptor is free again, the connection
                    # stays in the queue and accept would fail at once.
                    threading.Event().wait(0.5)
                continue
            thread = threading.Thread(
                target=self._serve, args=(sock,), daemon=True,
                name='zc.zk.monitor connection')
            with self._lock:
                full = (self._closed
                        or len(self._connections) >= MAX_CONNECTIONS)
                if not full:
                    self._connections[sock] = thread
                    thread.start()
            if full:
                with contextlib.suppress(OSError):
                    sock.settimeout(0)
                    sock.sendall(b'too many connections\n')
                sock.close()

    def _serve(self, sock: socket.socket) -> None:
        connection = MonitorConnection(sock)
        try:
            while not (self._closed or connection.closing):
                try:
                    line = connection.read_line()
                except ValueError as e:
                    connection.write(f'{e}\n')
                    return
                if line is None:
                    return
                self._one(connection, line)
                if not connection.interactive:
                    return
        except OSError as e:
            # Gone, or too slow to be waited for.
            logger.debug('connection lost: %s', e)
        finally:
            with self._lock:
                self._connections.pop(sock, None)
            sock.close()

    def _one(self, connection: MonitorConnection, line: str) -> None:
        try:
            self._handle(connection, line)
        except OSError:
            raise
        except Exception:
            logger.warning('command %r failed', line, exc_info=True)
            connection.write(traceback.format_exc())


def _text(line: bytes) -> str:
    return line.decode('utf-8', 'replace').strip()


def _listen(address: Address) -> socket.socket:
    if isinstance(address, str):
        return _listen_unix(address)
    host, port = address
    family, kind, protocol, _, place = socket.getaddrinfo(
        host or '0.0.0.0', port, type=socket.SOCK_STREAM,
        flags=socket.AI_PASSIVE)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(MAX_CONNECTIONS)
    except BaseException:
        listener.close()
        raise
    return listener


def _listen_unix(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        try:
            listener.bind(path)
        except OSError as e:
            if e.errno is None:
                # Python's own check, which has no number and no strerror.
                raise OSError(
                    errno.ENAMETOOLONG, 'Unix-domain socket path too long',
                    path) from e
            if e.errno != errno.EADDRINUSE or not _is_left_behind(path):
                raise
            # Left behind by a process that was killed.
            os.unlink(path)
            listener.bind(path)
        # Only the user who runs the process may ask it.
        os.chmod(path, 0o600)
        listener.listen(MAX_CONNECTIONS)
    except BaseException:
        listener.close()
        raise
    return listener


def _is_left_behind(path: str) -> bool:
    """Tell whether `path` is a socket that nobody listens on."""
    if not stat.S_ISSOCK(os.stat(path).st_mode):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(1.0)
        try:
            sock.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
    return False
