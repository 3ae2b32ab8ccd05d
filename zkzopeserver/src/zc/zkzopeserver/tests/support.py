"""What the tests of this distribution share: engines, requests, processes.
"""
from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
import uuid
from collections.abc import Callable
from collections.abc import Iterator
from typing import Any

from kazoo.client import KazooClient

import zc.zk
from zc.zkzopeserver import _sockets
from zc.zkzopeserver._engines import zope
from zc.zkzopeserver._engines.waitress import engine as waitress
from zc.zkzopeserver._options.table import Options


#: Seconds until a test gives up waiting for something that must happen.
DEADLINE = 30.0

ENGINES: dict[str, Any] = {
    'zope.server': zope.ZopeEngine, 'waitress': waitress.WaitressEngine}


def wait_for(condition: Callable[[], Any], what: str = 'condition') -> Any:
    """Return the condition's value as soon as it is true."""
    until = time.monotonic() + DEADLINE
    pause = threading.Event()
    while not (value := condition()):
        if time.monotonic() > until:
            raise AssertionError(f'waited in vain for {what}')
        pause.wait(0.01)
    return value


class Serving:
    """An engine that serves in a thread of its own."""

    def __init__(self, engine: Any, application: Any, **options: Any) -> None:
        self.listener = _sockets.listen('127.0.0.1', 0)
        self.address = self.listener.getsockname()[:2]
        before = set(threading.enumerate())
        self.engine = engine(application, self.listener, Options(**options))
        self.workers = set(threading.enumerate()) - before
        self.thread = threading.Thread(target=self.engine.run, daemon=True)
        self.thread.start()

    def stop(self, timeout: float = 0) -> None:
        """Finish, and see that the engine comes to an end."""
        self.engine.finish(timeout)
        self.thread.join(DEADLINE)
        if self.thread.is_alive():
            raise AssertionError('the engine did not end')
        self.listener.close()
        for thread in self.workers:
            thread.join(DEADLINE)

    def connect(self) -> socket.socket:
        """Return a connection to the server."""
        return socket.create_connection(self.address, timeout=DEADLINE)

    def ask(self, *pieces: bytes) -> bytes:
        """Send pieces, and return all that comes until the end."""
        with self.connect() as sock:
            for piece in pieces:
                sock.sendall(piece)
            return read_all(sock)


def read_all(sock: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    found = b''
    with contextlib.suppress(ConnectionResetError):
        while data := sock.recv(65536):
            found += data
    return found


class Response:
    """One response, read from a file over a socket."""

    def __init__(self, stream: Any, method: str = 'GET') -> None:
        line = stream.readline()
        if not line:
            raise EOFError()
        self.version, self.status, self.reason = (
            line.decode('latin-1').rstrip('\r\n').split(' ', 2))
        self.headers: dict[str, str] = {}
        while (line := stream.readline()) not in (b'\r\n', b''):
            name, _, value = line.decode('latin-1').partition(':')
            self.headers[name.lower()] = value.strip()
        self.body = b''
        if (method == 'HEAD' or self.status in ('204', '304')
                or self.status[0] == '1'):
            return
        if self.headers.get('transfer-encoding') == 'chunked':
            while size := int(stream.readline(), 16):
                self.body += stream.read(size)
                stream.readline()
            stream.readline()
        elif 'content-length' in self.headers:
            self.body = stream.read(int(self.headers['content-length']))
        else:
            self.body = stream.read()


class EngineCase(unittest.TestCase):
    """A test that is made once for each engine."""

    engine: Any = None

    def serve(self, application: Any, **options: Any) -> Serving:
        """Serve until the test ends."""
        serving = Serving(self.engine, application, **options)
        self.addCleanup(serving.stop)
        return serving


def for_engines(case: type[EngineCase]) -> Any:
    """Return a suite with `case` for each engine."""
    suite = unittest.TestSuite()
    for name, engine in ENGINES.items():
        made = type(f'{case.__name__}[{name}]', (case,),
                    {'engine': staticmethod(engine),
                     'engine_name': name,
                     '__module__': case.__module__,
                     '__qualname__': f'{case.__name__}[{name}]'})
        suite.addTests(
            unittest.defaultTestLoader.loadTestsFromTestCase(made))
    return suite


# Real processes

APPLICATION = '''
import os
import threading
import time


def make(global_conf, **settings):
    def application(environ, start_response):
        path = environ['PATH_INFO']
        if path == '/wait':
            # Until the file that the test makes is there.
            name = environ['QUERY_STRING']
            open(name + '.asked', 'w').close()
            while not os.path.exists(name):
                threading.Event().wait(0.01)
        if path == '/fail':
            raise ValueError('a secret')
        body = str(os.getpid()).encode()
        start_response('200 OK', [('Content-Type', 'text/plain'),
                                  ('Content-Length', str(len(body)))])
        return [body]
    return application
'''


class ZooKeeperCase(unittest.TestCase):
    """A test with a ZooKeeper server, and processes that register there.

    :ivar connection_string: of the server, for processes
    :ivar directory: where the processes run
    """

    zk: Any

    def setUp(self) -> None:
        self.directory = self.enterContext_(
            tempfile.TemporaryDirectory(prefix='zkzopeserver-'))
        self.write('testapplication.py', APPLICATION)
        self.server: Any = None
        self.connection_string = self._connection_string()
        self.zk = zc.zk.ZooKeeper(self.connection_string)
        self.addCleanup(self.zk.close)
        self.zk.client.ensure_path('/service/providers')

    def enterContext_(self, manager: Any) -> Any:
        value = manager.__enter__()
        self.addCleanup(manager.__exit__, None, None, None)
        return value

    def _connection_string(self) -> str:
        given = os.environ.get('TEST_ZOOKEEPER_CONNECTION')
        if not given:
            from zc.zk.testing import Server
            self.server = Server(
                tick_time=0.1, min_session_timeout=0.5,
                max_session_timeout=60.0)
            self.server.start()
            self.addCleanup(self.server.stop)
            found: str = self.server.connection_string
            return found
        root = f'/zkzopeserver-{uuid.uuid4().hex}'
        client = KazooClient(given)
        client.start()
        client.create(root)

        def drop() -> None:
            client.delete(root, recursive=True)
            client.stop()
            client.close()

        self.addCleanup(drop)
        return given + root

    def write(self, name: str, text: str) -> str:
        """Write a file in the directory; return its path."""
        path = os.path.join(self.directory, name)
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(textwrap.dedent(text))
        return path

    def ini(
        self, options: str = '', name: str = 'server.ini',
        use: str = 'egg:zc.zkzopeserver', rest: str = '',
    ) -> str:
        """Write a paste-deploy file; return its path."""
        lines = textwrap.dedent(options).strip().splitlines()
        values = {'zookeeper': self.connection_string,
                  'path': '/service/providers', 'host': '127.0.0.1',
                  'session_timeout': '4000', 'threads': '4', 'drain': '0'}
        for line in lines:
            values.pop(line.partition('=')[0].strip(), None)
        lines += [f'{key} = {value}' for key, value in values.items()]
        return self.write(name, '\n'.join([
            rest, '[app:main]',
            'paste.app_factory = testapplication:make',
            '[server:main]', f'use = {use}', *lines, '']))

    def start(self, *command: str, **environ: str) -> Process:
        """Start a process that the test's end will have ended."""
        process = Process(self.directory, command, environ)
        self.addCleanup(process.end)
        return process

    def zkserve(self, *arguments: str, **environ: str) -> Process:
        """Start zkserve."""
        return self.start(sys.executable, '-m', 'zc.zkzopeserver.serve',
                          *arguments, **environ)

    def providers(self) -> list[str]:
        """Return the addresses that are registered now."""
        found: list[str] = self.zk.client.get_children('/service/providers')
        return sorted(found)

    def wait_for_providers(self, count: int = 1) -> list[str]:
        """Return the registered addresses when there are `count`."""
        found: list[str] = []

        def there() -> bool:
            found[:] = self.providers()
            return len(found) == count

        wait_for(there, f'{count} providers')
        return list(found)

    @contextlib.contextmanager
    def asked(self, address: str) -> Iterator[Any]:
        """A request that is in work until the block ends."""
        name = os.path.join(self.directory, uuid.uuid4().hex)
        answers: list[bytes] = []
        thread = threading.Thread(
            target=lambda: answers.append(fetch(address, f'/wait?{name}')))
        thread.start()
        wait_for(lambda: os.path.exists(name + '.asked'), 'the request')
        yield answers
        with open(name, 'w'):
            pass
        thread.join(DEADLINE)


def fetch(address: str, path: str = '/') -> bytes:
    """Return the response to a GET, all of it."""
    host, port = zc.zk.parse_addr(address)
    with socket.create_connection((host, port), timeout=DEADLINE) as sock:
        sock.sendall(f'GET {path} HTTP/1.1\r\nHost: {address}\r\n'
                     'Connection: close\r\n\r\n'.encode())
        return read_all(sock)


class Process:
    """A child process with its output in a file."""

    def __init__(
        self, directory: str, command: tuple[str, ...],
        environ: dict[str, str],
    ) -> None:
        self._output = tempfile.TemporaryFile(dir=directory)
        self.popen = subprocess.Popen(
            command, cwd=directory, stdin=subprocess.DEVNULL,
            stdout=self._output, stderr=subprocess.STDOUT,
            env={**os.environ, 'PYTHONPATH': directory,
                 'PYTHONFAULTHANDLER': '1', **environ})

    @property
    def output(self) -> str:
        """What the process has written so far."""
        fd = self._output.fileno()
        return os.pread(fd, 1 << 24, 0).decode('utf-8', 'replace')

    def send(self, number: int = signal.SIGTERM) -> None:
        """Send a signal."""
        self.popen.send_signal(number)

    def wait(self) -> int:
        """Return the exit status."""
        try:
            return self.popen.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            # It shows where its threads are.
            self.popen.send_signal(signal.SIGABRT)
            self.popen.wait(DEADLINE)
            raise AssertionError(
                f'the process did not end:\n{self.output}') from None

    def wait_for_output(self, text: str) -> None:
        """Wait until the process has written `text`."""
        def there() -> bool:
            if text in self.output:
                return True
            if self.popen.poll() is not None and text not in self.output:
                raise AssertionError(
                    f'it ended without {text!r}:\n{self.output}')
            return False

        wait_for(there, repr(text))

    def end(self) -> None:
        """Kill the process if it is still there."""
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        self._output.close()
