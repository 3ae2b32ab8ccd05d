"""Commands that look into a process, and the scripts that ask for them."""
from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from typing import Any
from unittest import mock

import zc.zk
import zc.zk.event
from zc.zk import monitor
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import ZooKeeperCase


def ask(address: Any, line: str) -> str:
    """Return what a monitor server answers."""
    family = (socket.AF_UNIX if isinstance(address, str)
              else socket.AF_INET)
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(DEADLINE)
        sock.connect(address)
        sock.sendall(f'{line}\n'.encode())
        with sock.makefile() as stream:
            return stream.read()


class MonitorCase(unittest.TestCase):

    def setUp(self) -> None:
        monitor._servers.clear()
        self.addCleanup(monitor._servers.clear)

    def start(self, *args: Any) -> Any:
        address = monitor.start(*args)
        self.addCleanup(monitor.stop, address)
        return address

    def notify(self, name: str, path: str, **properties: Any) -> None:
        monitor.notify(zc.zk.RegisteringServer(name, path, properties))


class StartTests(MonitorCase):

    def test_loopback(self):
        """Unless told otherwise it listens on this machine alone."""
        for args in ((), (0,), ('0',), ('127.0.0.1:0',), (('127.0.0.1', 0),)):
            host, port = self.start(*args)
            self.assertEqual('127.0.0.1', host)
            self.assertTrue(port)

    def test_told_otherwise(self):
        """An empty host means all interfaces."""
        self.assertEqual('0.0.0.0', self.start(':0')[0])

    def test_unix_domain(self):
        """An address with a slash is a path."""
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, 'monitor')
            self.assertEqual(path, self.start(path))
            self.assertEqual('[]\n', ask(path, 'servers'))

    def test_no_address(self):
        """Anything else is refused."""
        for address in ('nowhere', 'a:b', '::1:2'):
            with self.assertRaises(zc.zk.AddressError):
                monitor.start(address)

    def test_stop(self):
        """Stopping takes the address back; again is no error."""
        address = monitor.start()
        monitor.stop(address)
        monitor.stop(address)
        with self.assertRaises(OSError):
            ask(address, 'help')

    def test_events(self):
        """A running monitor hears of servers that are registered."""
        address = self.start()
        zc.zk.event.notify(zc.zk.RegisteringServer('a:1', '/p', {'pid': 1}))
        zc.zk.event.notify('another event')
        self.assertEqual('a:1\n', ask(address, 'servers /p'))


class CommandTests(MonitorCase):

    def setUp(self) -> None:
        super().setUp()
        self.address = self.start()
        patch = mock.patch.dict(monitor.commands)
        patch.start()
        self.addCleanup(patch.stop)

    def ask(self, line: str) -> str:
        return ask(self.address, line)

    def test_servers(self):
        """Without a path, the servers come as JSON."""
        self.notify('1.2.3.4:8080', '/foo/bar', pid=42)
        self.notify('1.2.3.4:8081', '/foo/baz', pid=42)
        self.assertEqual(
            '[{"path": "/foo/bar", "pid": 42, "address": "1.2.3.4:8080"}, '
            '{"path": "/foo/baz", "pid": 42, "address": "1.2.3.4:8081"}]\n',
            self.ask('servers'))

    def test_servers_of_a_path(self):
        """With a path, the addresses alone."""
        self.notify('1.2.3.4:8080', '/foo/bar')
        self.notify('1.2.3.4:8081', '/foo/bar')
        self.assertEqual('1.2.3.4:8080 1.2.3.4:8081\n',
                         self.ask('servers /foo/bar'))
        self.assertEqual('\n', self.ask('servers /foo'))

    def test_registered_again(self):
        """A server that is registered again is there once, as it is now."""
        self.notify('a:1', '/p', pid=1)
        self.notify('a:1', '/p', pid=2)
        [found] = json.loads(self.ask('servers'))
        self.assertEqual(2, found['pid'])

    def test_properties_called_path_and_address(self):
        """Properties do not hide where the server is."""
        monitor.notify(zc.zk.RegisteringServer(
            'a:1', '/p', {'path': 'x', 'address': 'y'}))
        self.assertEqual([{'path': '/p', 'address': 'a:1'}],
                         json.loads(self.ask('servers')))

    def test_help(self):
        """`help` lists the commands with their summaries."""
        lines = self.ask('help').splitlines()
        self.assertEqual('Commands:', lines[0])
        self.assertEqual(
            ['connection', 'help', 'interactive', 'quit', 'servers',
             'threads'], [line.split()[0] for line in lines[1:]])
        self.assertIn('  quit -- Close the connection', lines)

    def test_help_of_a_command(self):
        """With a name, it shows the whole documentation."""
        self.assertEqual(
            'interactive: Keep the connection open after each command\n\n'
            'Until "quit".  An empty line gives the last command again.\n',
            self.ask('help interactive'))

    def test_unknown_command(self):
        """What is no command is said to be none."""
        expected = 'There is no command \'xyzzy\'.  Try "help".\n'
        self.assertEqual(expected, self.ask('xyzzy'))
        self.assertEqual(expected, self.ask('help xyzzy'))

    def test_interactive(self):
        """Interactively, an empty line repeats the last command."""
        self.notify('a:1', '/p')
        self.assertEqual(
            'Interactive; "quit" ends it.\na:1\na:1\nGoodbye.\n',
            self.ask('interactive\nservers /p\n\nquit\nhelp'))

    def test_empty_line(self):
        """Otherwise an empty line gives nothing."""
        self.assertEqual('', self.ask(''))

    def test_threads(self):
        """`threads` shows the stack of each thread."""
        found = self.ask('threads')
        self.assertIn('Thread MainThread:\n', found)
        self.assertIn('in test_threads', found)

    def test_own_command(self):
        """A function may be registered as a command."""
        def greet(connection, name='world'):
            """Say hello"""
            connection.write(f'Hello {name}\n')

        monitor.register(greet)
        monitor.register(greet, 'hello')
        self.assertEqual('Hello Jim\n', self.ask('greet Jim'))
        self.assertEqual('Hello world\n', self.ask('hello'))
        with self.assertLogs('zc.zk._commandserver', 'WARNING'):
            self.assertIn('TypeError', self.ask('greet a b'))


class ConnectionTests(ZooKeeperCase):

    tree = '/p\n'

    def ask(self) -> str:
        out = io.StringIO()
        monitor.connection(out)
        return out.getvalue()

    def setUp(self) -> None:
        super().setUp()
        patch: Any = mock.patch.object(monitor, '_observed', set())
        patch.start()
        self.addCleanup(patch.stop)

    def test_nothing(self):
        """Without sessions it says so."""
        self.assertEqual('no ZooKeeper sessions are observed\n', self.ask())

    def test_connection(self):
        """It shows the session, the registrations and the watches."""
        zk = self.zk()
        monitor.observe(zk)
        zk.register('/p', 'a:1')
        children = zk.children('/p')
        self.assertEqual(['a:1'], sorted(children))
        session = zk.client.client_id[0]
        lines = self.ask().splitlines()
        self.assertRegex(
            lines[0], f'^session 0x{session:x} at .*: CONNECTED$')
        self.assertIn('  registration /p/a:1: registered', lines)
        self.assertRegex(lines[2], '^  watched nodes: [1-9]')
        zk.close()
        self.assertIn(': LOST\n', self.ask())


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

    def test_get_addr_fails(self):
        """What is wrong is said in one line."""
        self.assertEqual(
            (1, '', f'{self.monitor}: no server at /p\n'),
            self.run_script(monitor.get_addr, self.monitor, '/p'))
        status, out, error = self.run_script(
            monitor.get_addr, '127.0.0.1:1', '/p')
        self.assertEqual((1, ''), (status, out))
        self.assertEqual(1, error.count('\n'))

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


class WithoutInterfacesTests(unittest.TestCase):

    def test_import(self):
        """The module needs nothing of the extra [monitor]."""
        found = subprocess.run(
            [sys.executable, '-c', 'import sys\n'
             "sys.modules['zope.interface'] = None\n"
             "sys.modules['zope.component'] = None\n"
             'import zc.zk.monitor\n'
             'address = zc.zk.monitor.start()\n'
             'zc.zk.monitor.help(sys.stdout)\n'
             'zc.zk.monitor.stop(address)\n'],
            check=True, capture_output=True, text=True)
        self.assertIn('  servers -- ', found.stdout)
