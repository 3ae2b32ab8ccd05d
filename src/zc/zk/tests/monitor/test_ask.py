"""Tests of ask: the scripts that ask a monitor."""
from __future__ import annotations

import contextlib
import io
import logging
import os
import socket
import sys
import tempfile
import threading
from typing import Any
from unittest import mock

from zc.zk import monitor
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.monitorcase import MonitorCase


class ScriptTests(MonitorCase):

    def setUp(self) -> None:
        super().setUp()
        host, port = self.start()
        self.monitor = f'{host}:{port}'
        self.server = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.server.close)
        self.port = self.server.getsockname()[1]

    def run_script(self, script: Any, *args: str) -> tuple[int, str, str]:
        out, error = io.StringIO(), io.StringIO()
        status = 0
        with contextlib.redirect_stdout(out):
            with contextlib.redirect_stderr(error):
                try:
                    script([*args])
                except SystemExit as e:
                    status = int(e.code or 0)
        return status, out.getvalue(), error.getvalue()

    def test_check(self):
        """A server that accepts connections is all right."""
        self.notify(f':{self.port}', '/p')
        self.assertEqual((0, '', ''), self.run_script(
            monitor.check, self.monitor, '/p'))

    def test_check_fails(self):
        """Otherwise it exits with 1, and says why."""
        self.notify(f':{self.port}', '/p')
        self.notify(f'127.0.0.1:{self.port}', '/q')
        self.server.close()
        for path, asked, reason in (
                ('/p', f':{self.port}', 'Connection refused'),
                ('/q', f'127.0.0.1:{self.port}', 'Connection refused'),
                ('/none', self.monitor, 'no server at /none')):
            with self.assertLogs('zc.zk.monitor', logging.DEBUG):
                self.assertEqual(
                    (1, '', f'{asked}: {reason}\n'),
                    self.run_script(monitor.check, self.monitor, path))

    def test_check_of_health(self):
        """A server that is down by its own checks is not all right."""
        self.notify(f':{self.port}', '/p')
        reasons = iter(['/health answers \x1b503', ''])
        told = reasons.__next__
        other = 'another server'.__str__
        for path, reason in [('/p', told), ('/q', other)]:
            monitor.observe_check(path, reason)
            self.addCleanup(monitor.forget_check, path, reason)
        with self.assertLogs('zc.zk.monitor', logging.DEBUG):
            self.assertEqual(
                (1, '', '/p: the server is down: /health answers \\x1b503\n'),
                self.run_script(monitor.check, self.monitor, '/p'))
        self.assertEqual((0, '', ''), self.run_script(
            monitor.check, self.monitor, '/p'))

    def test_check_of_an_older_monitor(self):
        """A monitor that knows no health does not make a server bad."""
        self.notify(f':{self.port}', '/p')
        for answer in ('There is no command', '{"a": 1}', '[1, {"path": 1}]',
                       '[{"path": "/p", "healthy": 0}]'):
            with self.subTest(answer), mock.patch.dict(monitor.commands, {
                    'health': lambda connection, answer=answer:
                    connection.write(answer + '\n')}):
                self.assertEqual((0, '', ''), self.run_script(
                    monitor.check, self.monitor, '/p'))

    def test_check_without_monitor(self):
        """So it does without a monitor."""
        with self.assertLogs('zc.zk.monitor', logging.DEBUG):
            self.assertEqual(
                (1, '', '127.0.0.1:1: Connection refused\n'),
                self.run_script(monitor.check, '127.0.0.1:1', '/p'))

    def test_get_addr(self):
        """The address of a server is printed."""
        self.notify('a:1', '/p')
        self.assertEqual((0, 'a:1\n', ''), self.run_script(
            monitor.get_addr, self.monitor, '/p'))

    def test_hostile_monitor(self):
        """What a monitor sends is printed in one line, and escaped."""
        answers = iter([b'a\x1b[2J\xc2\x9b:1\rb:2\n'] * 2
                       + ['\u202ea:\x1b1\n'.encode(), b'\xff\n'])

        def answer() -> None:
            for each in answers:
                sock, _ = self.server.accept()
                with sock:
                    sock.recv(1000)
                    sock.sendall(each)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        self.addCleanup(thread.join, DEADLINE)
        hostile = f'127.0.0.1:{self.port}'
        self.assertEqual(
            (0, 'a\\x1b[2J\\x9b:1\\rb:2\n', ''),
            self.run_script(monitor.get_addr, hostile, '/p'))
        with self.assertLogs('zc.zk.monitor', logging.DEBUG):
            found = [self.run_script(monitor.check, hostile, '/p')
                     for _ in range(2)]
        found.append(self.run_script(monitor.get_addr, hostile, '/p'))
        for status, out, error in found:
            self.assertEqual((1, ''), (status, out))
            self.assertTrue(error[:-1].isprintable(), error)

    def test_get_addr_fails(self):
        """What is wrong is said in one line."""
        self.assertEqual(
            (1, '', f'{self.monitor}: no server at /p\n'),
            self.run_script(monitor.get_addr, self.monitor, '/p'))
        self.assertEqual(
            (1, '', '127.0.0.1:1: Connection refused\n'),
            self.run_script(monitor.get_addr, '127.0.0.1:1', '/p'))

    def test_timeout(self):
        """A monitor that never answers is not waited for."""
        status, _, error = self.run_script(
            monitor.get_addr, f'127.0.0.1:{self.port}', '/p', '-t', '0.1')
        self.assertEqual(1, status)
        self.assertIn('timed out', error)

    def test_unix_domain(self):
        """The monitor may be at a path."""
        self.notify('a:1', '/p')
        with tempfile.TemporaryDirectory() as directory:
            path = self.start(os.path.join(directory, 'monitor'))
            self.assertEqual((0, 'a:1\n', ''), self.run_script(
                monitor.get_addr, path, '/p'))

    def test_usage(self):
        """Without arguments it tells what is needed."""
        self.assertEqual(2, self.run_script(monitor.check)[0])

    def test_arguments_of_the_process(self):
        """As a command it takes the process's arguments."""
        self.notify('a:1', '/p')
        with mock.patch.object(
                sys, 'argv', ['monitor_get_addr', self.monitor, '/p']):
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                monitor.get_addr()
        self.assertEqual('a:1\n', out.getvalue())
