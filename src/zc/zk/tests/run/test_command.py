"""What is said of command lines that cannot work; no process is started."""
from __future__ import annotations

import contextlib
import io
import os
import socket
import unittest
from unittest import mock

from zc.zk._checks import owners
from zc.zk._run import command


class CommandTests(unittest.TestCase):

    def fails(self, *args, path=('--path', '/a')):
        """Return what is said of arguments; the exit status is 2."""
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            with self.assertRaises(SystemExit) as caught:
                command.main([*path, *args])
        self.assertEqual(2, caught.exception.code)
        return error.getvalue()

    def test_bad(self):
        """What is at fault is named."""
        for args, message in [
                ([], "give '--' and then the command"),
                (['true'], "give '--' and then the command"),
                (['--'], "give '--' and then the command"),
                (['--properties', 'x', '--', 'true'], '--properties: '),
                (['--unix', '/tmp/x', '--port', '1', '--', 'true'],
                 '--port: not with --unix'),
                (['--unix', '/no/where/x', '--', 'true', '{fd}'],
                 'cannot listen on /no/where/x: No such file'),
                (['--host', 'no host', '--', 'true'],
                 'cannot listen on no host:0'),
                (['--', 'no\x1bcommand'],
                 r"there is no command 'no\x1bcommand'"),
                (['--auth', 'digest', '--', 'true'],
                 '--auth must be SCHEME:FILE'),
                (['--monitor', '127.0.0.1:65536', '--', 'true'],
                 'the port must be at most')]:
            with self.subTest(args):
                self.assertIn(message, self.fails(*args))

    def test_no_path(self):
        """--path is required."""
        self.assertIn('--path', self.fails('--', 'true', path=()))

    def test_port_in_use(self):
        """A port that another server has is named."""
        with socket.create_server(('127.0.0.1', 0)) as sock:
            port = sock.getsockname()[1]
            for words in (['{fd}'], []):
                self.assertIn(
                    f'cannot listen on 127.0.0.1:{port}: Address already',
                    self.fails('--host', '127.0.0.1', '--port', str(port),
                               '--', 'true', *words))

    def test_proves_nothing(self):
        """A check that the launcher itself would pass is refused."""
        with mock.patch.object(owners, 'available', return_value=False):
            for check in ([], ['--check', 'tcp']):
                self.assertIn('proves nothing', self.fails(
                    *check, '--', 'true', '{fd}'))

    def test_inherited(self):
        """Sockets from systemd have to fit the options."""
        for count, args, message in [
                ('2', ['--', 'true', '{fd}'], '2 sockets are passed'),
                ('1', ['--port', '1', '--', 'true', '{fd}'],
                 '--port: a socket is passed'),
                ('1', ['--', 'true'], 'does not hold {fd}')]:
            with self.subTest(args), mock.patch.dict(os.environ, {
                    'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': count}):
                self.assertIn(message, self.fails(*args))
