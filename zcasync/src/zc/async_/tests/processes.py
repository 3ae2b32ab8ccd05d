"""Real processes for tests: a ZEO server, and dispatchers that use it."""
from __future__ import annotations

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import ZEO
import ZODB


SECONDS = 60.0


def free_port() -> int:
    """Return a port on loopback that nobody listens at."""
    with socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        port: int = sock.getsockname()[1]
        return port


def connected(port: int) -> None:
    """Wait until a port on loopback takes connections."""
    until = time.monotonic() + SECONDS
    while True:
        try:
            with socket.create_connection(('127.0.0.1', port), timeout=1):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


class Process:
    """A program in a process of its own, with its output in a file."""

    def __init__(self, name: str, directory: str, *command: str,
                 **environment: str) -> None:
        self.name = name
        self.log = os.path.join(directory, f'{name}.log')
        self._command = [sys.executable, *command]
        self._environment = {**os.environ, **environment,
                             'PYTHONUNBUFFERED': '1'}
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Start it; it may have run before."""
        with open(self.log, 'ab') as stream:
            self._process = subprocess.Popen(
                self._command, env=self._environment,
                stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process."""
        assert self._process is not None
        return self._process

    def send(self, number: int) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def kill(self) -> None:
        """kill -9, and wait."""
        self.process.kill()
        self.process.wait(SECONDS)

    def end(self) -> int:
        """End it by SIGTERM; return its exit status."""
        if self.process.poll() is None:
            self.send(signal.SIGCONT)
            self.send(signal.SIGTERM)
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def output(self) -> str:
        """Return what it wrote so far."""
        with open(self.log, encoding='utf-8', errors='replace') as stream:
            return stream.read()


class Server(Process):
    """A ZEO server on loopback, with a file storage.

    It has no transaction timeout: after one, ZEO 6.2 commits for nobody any
    more.  A client that is stopped while it commits holds up all until it
    goes on.
    """

    def __init__(self, directory: str) -> None:
        self.port = free_port()
        self.directory = directory
        super().__init__(
            'zeo', directory, '-m', 'ZEO.runzeo',
            '-a', f'127.0.0.1:{self.port}',
            '-f', os.path.join(directory, 'server.fs'))

    def open(self) -> Any:
        """Open the database."""
        connected(self.port)
        return ZODB.DB(ZEO.client(
            ('127.0.0.1', self.port), wait_timeout=SECONDS))

    def fill_disk(self) -> None:
        """Let the server's file grow no more, as on a disk that is full."""
        size = os.path.getsize(os.path.join(self.directory, 'server.fs'))
        self._limit(size)

    def make_room(self) -> None:
        """Undo `fill_disk`."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE,
                         (size, resource.RLIM_INFINITY))


def dispatcher(name: str, directory: str, port: int, uuid: str | None = None,
               *options: str) -> Process:
    """Start a dispatcher.

    :param uuid: the name of its UUID's file; its own if not given
    """
    return Process(
        name, directory, '-m', 'zc.async_.tests.worker', str(port), *options,
        ZC_ASYNC_UUID=os.path.join(directory, f'{uuid or name}.uuid'))
