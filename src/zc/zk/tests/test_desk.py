"""Tests of `python -m zc.zk.testing`, the server on a developer's desk."""
from __future__ import annotations

import contextlib
import io
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

from ..testing import __main__ as desk
from .rawclient import RawClient


NOTICE = ('A ZooKeeper server for tests and development, not for '
          'production: all data are in memory, and lost at the end.\n')
TREE = """
/service
  threads = 1 + 2
  /providers
"""


class ProcessTest(unittest.TestCase):
    """The program as a process of its own."""

    def start(self, *options, text=''):
        process = subprocess.Popen(
            [sys.executable, '-m', 'zc.zk.testing', '--port', '0', *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        assert process.stdin is not None
        process.stdin.write(text)
        process.stdin.close()
        process.stdin = None
        return process

    def test_serves(self):
        """It says what it is for, then where; a signal ends it cleanly."""
        for number in (signal.SIGINT, signal.SIGTERM):
            process = self.start('--tree', '-', text=TREE)
            self.assertEqual(NOTICE, process.stdout.readline())
            host, port = process.stdout.readline().strip().split(':')
            client = RawClient((host, int(port)))
            # Ticks are of 2 seconds, as ZooKeeper's usually are.
            self.assertEqual(4000, client.connect(timeout=1).timeout)
            process.send_signal(number)
            self.assertTrue(client.closed())
            client.close()
            self.assertEqual(('', ''), process.communicate(timeout=20))
            self.assertEqual(0, process.returncode)


class MainTest(unittest.TestCase):
    """What it says when it cannot serve."""

    def setUp(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            self.addCleanup(
                signal.signal, number, signal.getsignal(number))
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.tree = pathlib.Path(directory.name, 'a.tree')

    def assert_fails(self, status, message, *options, part=False):
        out, error = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), \
                contextlib.redirect_stderr(error):
            try:
                found = desk.main(options)
            except SystemExit as exit:
                found = exit.code
        self.assertEqual(status, found)
        last = error.getvalue().splitlines()[-1]
        self.assertEqual(f'python -m zc.zk.testing: {message}',
                         last[:len(message) + 25] if part else last)
        self.assertIn(out.getvalue(), (NOTICE, ''))

    def test_tree_is_imported(self):
        """The tree is there before the address is told."""
        self.tree.write_text(TREE)

        def told(text, flush):
            if text == NOTICE.strip():
                return
            host, _, port = text.rpartition(':')
            client = RawClient((host, int(port)))
            client.connect()
            found = client.request(4, b'\0\0\0\x08/service\0')
            self.assertIn(b'{"threads":3}', found.body)
            client.close()
            signal.raise_signal(signal.SIGTERM)

        desk.print = told
        self.addCleanup(delattr, desk, 'print')
        self.assertEqual(
            0, desk.main(['--port', '0', '--tree', str(self.tree)]))

    def test_port_in_use(self):
        """A port that is taken is named, with exit status 2."""
        with socket.create_server(('127.0.0.1', 0)) as taken:
            port = taken.getsockname()[1]
            self.assert_fails(
                2, f'cannot listen at 127.0.0.1:{port}: '
                'Address already in use', '--port', str(port))

    def test_bad_usage(self):
        """So are options that make no sense."""
        for option, value, message in (
                ('--port', 'x', "'x' is not a port (0 to 65535)"),
                ('--port', '65536', "'65536' is not a port (0 to 65535)"),
                ('--tick-time', 'x',
                 "'x' is not a positive number of seconds"),
                ('--min-session-timeout', '0',
                 "'0' is not a positive number of seconds")):
            self.assert_fails(
                2, f'error: argument {option}: {message}', option, value)
        self.assert_fails(
            2, 'the shortest session timeout is longer than the longest',
            '--port', '0', '--min-session-timeout', '10',
            '--max-session-timeout', '1')

    def test_no_tree(self):
        """A tree that is not there, or not text, has exit status 1."""
        tree = str(self.tree)
        self.assert_fails(1, f'{tree}: No such file or directory',
                          '--port', '0', '--tree', tree)
        self.tree.write_bytes(b'\xff')
        self.assert_fails(
            1, f"{tree}: 'utf-8' codec can't decode byte 0xff in position 0: "
            'invalid start byte', '--port', '0', '--tree', tree)

    def test_bad_tree(self):
        """A tree with a fault names its line."""
        self.tree.write_text('/a\n  x = y\n')
        self.assert_fails(
            1, f'{self.tree}: line 2, column 7: ',
            '--port', '0', '--tree', str(self.tree), part=True)
