"""A ZooKeeper server, launchers as real processes, and clients of theirs."""
from __future__ import annotations

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import unittest
from collections import Counter
from typing import Any

from zc.zk import ZooKeeper
from zc.zk import parse_addr
from zc.zk.testing import Server


#: How long a test waits for what must come, in seconds.
DEADLINE = 60.0

#: A server that is ready when it says so: it accepts on the socket that it
#: gets and answers with its process id.  The words of its command line say
#: how it behaves.
SERVER = '''
import os, signal, socket, sys, threading
fd, words = int(sys.argv[1]), sys.argv[2:]
print('started', os.getpid(), flush=True)
if 'die' in words:
    sys.exit(3)
if 'deaf' in words:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    # It answers the connections that it has accepted.
    signal.signal(signal.SIGTERM, lambda *args: sys.exit(0))
if 'usr1' in words:
    signal.signal(signal.SIGUSR1, lambda *args: sys.exit(4))
if 'silent' in words:
    threading.Event().wait()
listener = socket.socket(fileno=fd)
if 'notify' in words:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.sendto(b'READY=1', os.environ['NOTIFY_SOCKET'])
while True:
    connection, _ = listener.accept()
    with connection:
        asked = connection.recv(65536)
        if not asked:
            continue
        bad = b' /health ' in asked and os.path.exists('bad')
        body = str(os.getpid()).encode()
        connection.sendall(
            b'HTTP/1.1 %s x\\r\\nContent-Length: %d\\r\\n'
            b'Connection: close\\r\\n\\r\\n%s'
            % (b'503' if bad else b'200', len(body), body))
'''


def wait_for(condition: Any, what: str) -> Any:
    """Return what the condition gives, as soon as it is true."""
    until = time.monotonic() + DEADLINE
    pause = threading.Event()
    while not (found := condition()):
        if time.monotonic() > until:
            raise AssertionError(f'waited in vain for {what}')
        pause.wait(0.01)
    return found


def fetch(address: str, path: str = '/') -> bytes:
    """Return the response to a GET over a connection of its own."""
    with socket.create_connection(parse_addr(address), DEADLINE) as sock:
        sock.sendall(f'GET {path} HTTP/1.1\r\nHost: {address}\r\n'
                     'Connection: close\r\n\r\n'.encode())
        found = b''
        while piece := sock.recv(65536):
            found += piece
        return found


def is_running(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    try:
        stat = pathlib.Path(f'/proc/{pid}/stat').read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(')')[2].split()[0] not in 'ZX'


class Launcher:
    """One launcher."""

    def __init__(self, directory: str, arguments: list[str],
                 before: list[str]) -> None:
        self._output = tempfile.TemporaryFile(dir=directory)
        environ = {name: value for name, value in os.environ.items()
                   if name not in ('NOTIFY_SOCKET', 'LISTEN_FDS')}
        self.popen = subprocess.Popen(
            [*before, sys.executable, '-m', 'zc.zk._run', *arguments],
            cwd=directory, stdin=subprocess.DEVNULL, stdout=self._output,
            stderr=subprocess.STDOUT, env=environ)

    @property
    def output(self) -> str:
        """What it and its children have written so far."""
        return os.pread(self._output.fileno(), 1 << 24, 0).decode()

    def children(self) -> list[int]:
        """Return the process ids that the test's server has printed."""
        return [int(line.split()[1]) for line in self.output.splitlines()
                if line.startswith('started ')]

    def send(self, number: int = signal.SIGTERM) -> None:
        """Send a signal to the launcher."""
        self.popen.send_signal(number)

    def wait(self) -> int:
        """Return the exit status."""
        try:
            return self.popen.wait(DEADLINE)
        except subprocess.TimeoutExpired:
            raise AssertionError(
                f'it does not end:\n{self.output}') from None

    def wait_for(self, text: str, count: int = 1) -> None:
        """Wait until it has written `text` so often."""
        def there() -> bool:
            if self.output.count(text) >= count:
                return True
            if self.popen.poll() is not None:
                if self.output.count(text) >= count:
                    return True
                raise AssertionError(
                    f'it ended without {text!r}:\n{self.output}')
            return False

        try:
            wait_for(there, repr(text))
        except AssertionError as e:
            raise AssertionError(f'{e}:\n{self.output}') from None

    def end(self) -> None:
        """Have it gone, and what it started."""
        if self.popen.poll() is None:
            # It takes its children along; SIGKILL might not.
            for _ in range(3):
                self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.popen.kill()
                self.popen.wait()
        self._output.close()


class LauncherCase(unittest.TestCase):
    """A test with launchers, on a ZooKeeper server of its own."""

    def setUp(self) -> None:
        directory = tempfile.TemporaryDirectory(prefix='zczk-')
        self.addCleanup(directory.cleanup)
        self.directory = directory.name
        self.write('server.py', SERVER)
        self.server = Server(
            tick_time=0.1, min_session_timeout=0.5, max_session_timeout=60.0)
        self.server.start()
        self.addCleanup(self.server.stop)
        self.zk = ZooKeeper(self.server.connection_string)
        self.addCleanup(self.zk.close)
        self.zk.client.ensure_path('/web/providers')

    def write(self, name: str, text: str) -> str:
        """Write a file in the directory; return its path."""
        path = os.path.join(self.directory, name)
        with open(path, 'w', encoding='utf-8') as stream:
            stream.write(textwrap.dedent(text))
        return path

    def launch(self, *arguments: str, before: Any = ()) -> Launcher:
        """Start a launcher.

        :param arguments: options, ``--``, and the command
        :param before: what runs the launcher
        """
        own, command = list(arguments), []
        if '--' in own:
            at = own.index('--')
            own, command = own[:at], own[at:]
        options = {'--zookeeper': self.server.connection_string,
                   '--path': '/web/providers', '--drain': '0',
                   '--host': '127.0.0.1', '--session-timeout': '4'}
        if '--unix' in own or '--inherited' in own:
            del options['--host']
            own = [each for each in own if each != '--inherited']
        for name, value in options.items():
            if name not in own:
                own += [name, value]
        launcher = Launcher(self.directory, [*own, *command], list(before))
        self.addCleanup(launcher.end)
        return launcher

    def serve(self, *arguments: str, words: Any = ()) -> Launcher:
        """Start a launcher of the test's own server, and wait for its node.
        """
        launcher = self.launch(
            *arguments, '--', sys.executable, 'server.py', '{fd}', *words)
        launcher.wait_for('registered as')
        return launcher

    def providers(self) -> list[str]:
        """Return the addresses that are registered now."""
        return sorted(self.zk.get_children('/web/providers'))

    def wait_for_providers(self, count: int = 1) -> list[str]:
        """Return the registered addresses when there are `count`."""
        found: list[str] = []

        def there() -> bool:
            found[:] = self.providers()
            return len(found) == count

        wait_for(there, f'{count} providers')
        return found

    def properties(self) -> dict[str, Any]:
        """Return what the node of the only provider says, but for its pid.
        """
        [name] = self.providers()
        found = dict(self.zk.get_properties(f'/web/providers/{name}'))
        del found['pid']
        return found


class Load:
    """Plain connections to the listed addresses, in a thread.

    :ivar results: how many ended how: 'ok', 'refused', or what else
    """

    def __init__(self, case: LauncherCase) -> None:
        self.results: Counter[str] = Counter()
        self._children = case.zk.children('/web/providers')
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self._stopped.set()
        self._thread.join(DEADLINE)
        self._children.close()

    def _run(self) -> None:
        turn = 0
        while not self._stopped.is_set():
            names = list(self._children)
            if not names:
                self.results['none listed'] += 1
                self._stopped.wait(0.01)
                continue
            turn += 1
            try:
                answer = fetch(names[turn % len(names)])
            except ConnectionRefusedError:
                self.results['refused'] += 1
            except OSError as e:
                self.results[type(e).__name__] += 1
            else:
                ok = answer.startswith(b'HTTP/1.') and b' 200 ' in answer[:14]
                self.results['ok' if ok else 'no answer'] += 1
            # The servers are the test, not the processor.
            self._stopped.wait(0.002)


@contextlib.contextmanager
def loaded(case: LauncherCase) -> Any:
    """Have connections come meanwhile; none may be refused."""
    with Load(case) as load:
        wait_for(lambda: load.results['ok'] or load.results['refused'],
                 'the first answer')
        yield load
        before = load.results['ok']
        wait_for(lambda: load.results['ok'] > before, 'the last answer')
    case.assertEqual(0, load.results['refused'], load.results)
    case.assertEqual(0, load.results['none listed'], load.results)
