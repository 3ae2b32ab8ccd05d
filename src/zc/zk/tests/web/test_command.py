"""Tests of command: zczk web, as a process."""
from __future__ import annotations

import contextlib
import io
import json
import logging
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from unittest import mock

import zc.zk
from zc.zk._commands.streams import Failure
from zc.zk._web import command
from zc.zk.tests.servercase import ServerCase
from zc.zk.tests.zczk.zczkcase import WordsCase


class Web(WordsCase):
    """A process that serves."""

    def start(self, *words: str, environ: object = None) -> None:
        """Start it, and wait until it says its address."""
        self.process = subprocess.Popen(
            [sys.executable, '-c', 'from zc.zk._zczk import main; main()',
             'web', '--port', '0', *words],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.process.communicate)
        self.addCleanup(self.process.kill)
        assert self.process.stdout is not None
        self.said: list[str] = []
        while not self.said or not self.said[-1].startswith('http://'):
            line = self.process.stdout.readline()
            if not line:
                self.fail(self.process.communicate())
            self.said.append(line.strip())
        self.address = self.said[-1]

    def get(self, path: str, **headers: str) -> dict[str, object]:
        request = urllib.request.Request(
            self.address + path, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as reply:
            found: dict[str, object] = json.load(reply)
            return found

    def end(self, number: int) -> None:
        """End it by a signal, after which it has nothing to say."""
        self.process.send_signal(number)
        self.assertEqual(('', ''), self.process.communicate(timeout=60))
        self.assertEqual(0, self.process.returncode)

    def test_tree(self) -> None:
        """It serves what a text describes, and ends with SIGTERM."""
        self.start('--tree', self.file('/a : web\n  /providers\n'))
        self.assertEqual(2, len(self.said))
        self.assertEqual(
            1, self.get('api/v1/services')['total'])
        with zc.zk.ZooKeeper(self.said[0].rpartition(' ')[2]) as zk:
            self.assertEqual({'type': 'web'}, dict(zk.properties('/a')))
        self.end(signal.SIGTERM)

    def test_open_streams(self) -> None:
        """It ends at once, also while pages are open."""
        self.start('--tree', self.file('/a\n'))
        host, port = self.address[7:-1].split(':')
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                page = stack.enter_context(
                    socket.create_connection((host, int(port)), 60))
                page.sendall(b'GET /api/v1/stream HTTP/1.1\r\n'
                             b'Host: localhost\r\n\r\n')
                found = b''
                while b'event: status' not in found:
                    found += page.recv(65536)
            if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
                self.end(signal.SIGTERM)
            else:
                self.end(signal.SIGINT)

    def test_endless_header(self) -> None:
        """A request whose header does not end is refused in time."""
        self.start('--tree', self.file('/a\n'))
        host, port = self.address[7:-1].split(':')
        with socket.create_connection((host, int(port)), 60) as other:
            with contextlib.suppress(ConnectionError):
                other.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\nX: '
                              + b'x' * 10_000_000)
            with contextlib.suppress(ConnectionError):
                self.assertIn(other.recv(12), (b'HTTP/1.1 400', b''))
        self.end(signal.SIGTERM)

    def test_token(self) -> None:
        """It wants the token that a file holds."""
        token = self.file('a-token-of-some-length\n', 'token')
        self.start('--tree', self.file('/a\n'), '--token-file', token,
                   '--name', 'zk.example.com')
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.get('api/v1/status')
        caught.exception.close()
        self.assertEqual(401, caught.exception.code)
        self.assertTrue(self.get(
            'api/v1/status', Authorization='Bearer a-token-of-some-length',
            Host='zk.example.com')['connected'])
        self.end(signal.SIGTERM)

    def test_changes(self) -> None:
        """With --allow-changes it says on the standard error who changed
        what.
        """
        self.start('--tree', self.file('/a\n'), '--allow-changes')
        body = json.dumps(
            {'path': '/a', 'properties': {'x': 1}, 'version': 0})
        request = urllib.request.Request(
            self.address + 'api/v1/set', body.encode('utf-8'), {
                'Content-Type': 'application/json',
                'X-CSRF-Token': str(self.get('api/v1/status')['csrf'])})
        with urllib.request.urlopen(request, timeout=60) as reply:
            self.assertEqual(200, reply.status)
        self.process.send_signal(signal.SIGTERM)
        _, errors = self.process.communicate(timeout=60)
        self.assertRegex(
            errors, r'^\S+ \S+ 127\.0\.0\.1 changed /a: set x\n$')


class Usage(WordsCase):

    def failed(self, *words: str) -> str:
        """Return what is said when it cannot serve."""
        status, out, error = self.zczk('web', *words)
        self.assertEqual((2, ''), (status, out))
        return error

    def test_help(self) -> None:
        """Its help says what it needs."""
        status, out, error = self.zczk('web', '--help')
        self.assertEqual((0, ''), (status, error))
        self.assertTrue(out.startswith('usage: zczk web '))
        self.assertIn('zc.zk[web]', out)

    def test_others(self) -> None:
        """Others may only come with a token, or through a proxy."""
        for host in '0.0.0.0', '::', '192.0.2.1', 'example.com':
            self.assertIn('--token-file', self.failed('--host', host))

    def test_wrong(self) -> None:
        """What makes no sense is said in one line."""
        for words, part in (
                (['--port', 'x'], 'is not a port'),
                (['--port', '65536'], 'is not a port'),
                (['--port', '9' * 5000], 'is not a port'),
                (['--token-file', self.file('short', 'short')], '16 char'),
                (['--token-file', '/no/file'], 'No such file'),
                (['--token-file', self.file(b'\xff', 'odd')], 'not UTF-8'),
                (['--trusted-proxy', 'x'], '--trusted-proxy'),
                (['--tree', '/no/file'], 'No such file'),
                (['--tree', self.file('nonsense', 'bad')], ':1:9: '),
                (['-z', 'localhost:1', '--tree', self.file('', 'empty')],
                 'server of its own'),
                (['what'], 'no arguments')):
            error = self.failed(*words)
            self.assertIn(part, error)
            self.assertNotIn('Traceback', error)

    def test_without_the_extra(self) -> None:
        """Without starlette or uvicorn one line says what to install."""
        for name in 'starlette', 'uvicorn':
            done = subprocess.run(
                [sys.executable, '-c', 'import sys\n'
                 f'sys.modules["{name}"] = None\n'
                 'from zc.zk._zczk import main\nmain()', 'web'],
                capture_output=True, text=True, timeout=60)
            self.assertEqual((2, '', f'zczk web: the page needs {name}: pip '
                              "install 'zc.zk[web]'\n"),
                             (done.returncode, done.stdout, done.stderr))


    def test_failures(self) -> None:
        """What fails in the page is said on the standard error."""
        with contextlib.ExitStack() as stack:
            for name in 'uvicorn.error', 'zc.zk._web':
                logger = logging.getLogger(name)
                stack.callback(logger.setLevel, logger.level)
                stack.enter_context(mock.patch.object(logger, 'handlers', []))
            errors = stack.enter_context(
                contextlib.redirect_stderr(io.StringIO()))
            command._log(False)
            logging.getLogger('zc.zk._web.picture').error('it failed')
            logging.getLogger('uvicorn.error').error('a stream was ended')
            logging.getLogger('uvicorn.error').error(
                'so did this', exc_info=ValueError('why'))
        self.assertRegex(
            errors.getvalue(), r'\A\S+ \S+ it failed\n\S+ \S+ so did this\n'
            r'Traceback (.*\n)+ValueError: why\n\Z')


class Live(ServerCase, WordsCase):

    def test_port_in_use(self) -> None:
        """An address that is in use is named."""
        with socket.create_server(('127.0.0.1', 0)) as other:
            port = other.getsockname()[1]
            status, _, error = self.zczk(
                '-z', self.server.connection_string, 'web', '--port',
                str(port))
        self.assertEqual(2, status)
        self.assertIn(f'port {port}: Address already in use', error)

    def test_no_such_host(self) -> None:
        """An address that is not this machine's is named."""
        with self.assertRaisesRegex(
                Failure, 'cannot listen at 192.0.2.1'), (
                command._listening('192.0.2.1', 0)):
            self.fail('it is no address of this machine')
