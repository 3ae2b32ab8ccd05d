"""Tests of plugin: commands that look into a process."""
from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import unittest
from typing import Any
from unittest import mock

from kazoo.exceptions import InvalidACLError
from kazoo.exceptions import NodeExistsError

import zc.zk
import zc.zk.event
from zc.zk import monitor
from zc.zk._monitor import plugin
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.monitorcase import MonitorCase
from zc.zk.tests.monitorcase import ask


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

    def test_long_path(self):
        """A path that is too long for a socket is said to be that."""
        with self.assertRaises(OSError) as caught:
            monitor.start('/tmp/' + 'x' * 200)
        self.assertEqual('Unix-domain socket path too long',
                         caught.exception.strerror)

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
            ['connection', 'health', 'help', 'interactive', 'quit', 'servers',
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

    def test_number_of_words(self):
        """A wrong number of words is one line that says what is right."""
        def one(connection, name): ...
        def some(connection, first, second=None, /, *, other=None): ...
        def many(connection, first, *others): ...

        for function in one, some, many:
            monitor.register(function)
        for line, expected in (
            ('servers /a /b', 'servers takes 0 to 1 words ([PATH]), not 2.  '
             'Try "help servers".\n'),
            ('threads x', 'threads takes no words, not 1.  '
             'Try "help threads".\n'),
            ('one', 'one takes 1 word (NAME), not 0.  Try "help one".\n'),
            ('some 1 2 3', 'some takes 1 to 2 words (FIRST [SECOND]), not 3.'
             '  Try "help some".\n'),
            ('many', 'many takes at least 1 word (FIRST [OTHERS ...]), '
             'not 0.  Try "help many".\n'),
            ('many 1 2 3 4', ''),
        ):
            with self.subTest(line):
                self.assertEqual(expected, self.ask(line))

    def test_command_without_signature(self):
        """A function that does not tell what it takes is called."""
        function = mock.Mock(__signature__='none', __name__='odd')
        monitor.register(function)
        self.ask('odd 1 2')
        self.assertEqual(('1', '2'), function.call_args[0][1:])

    def test_stop_does_not_wait(self):
        """A command that hangs does not keep who stops the monitor."""
        started, stuck = threading.Event(), threading.Event()
        self.addCleanup(stuck.set)

        def hang(connection):
            started.set()
            stuck.wait(DEADLINE)

        monitor.register(hang)
        sock = socket.create_connection(self.address, DEADLINE)
        self.addCleanup(sock.close)
        sock.sendall(b'hang\n')
        self.assertTrue(started.wait(DEADLINE))
        monitor.stop(self.address, 0.0)
        self.assertFalse(stuck.is_set())
        self.assertEqual(b'', sock.recv(1))

    def test_failing_command(self):
        """An error in a command is logged, and shown to who asked."""
        def fail(connection):
            raise TypeError('mine')

        monitor.register(fail)
        with self.assertLogs('zc.zk._monitor.server', 'WARNING'):
            self.assertIn('TypeError: mine', self.ask('fail'))


class RegisteredTests(ZooKeeperCase):
    """`servers` shows what is registered, and nothing else."""

    tree = '/p\n/q\n'

    def setUp(self) -> None:
        super().setUp()
        plugin._servers.clear()
        self.addCleanup(plugin._servers.clear)
        self.address = monitor.start()
        self.addCleanup(monitor.stop, self.address)

    def shown(self) -> list[str]:
        return ask(self.address, 'servers /p').split()

    def test_unregistered(self):
        """A server that was unregistered is forgotten, by any way."""
        zk = self.zk()
        for name in 'a:1', 'b:2', 'c:3':
            zk.register('/p', name)
        zk.register('/q', 'a:1')
        self.assertEqual(['a:1', 'b:2', 'c:3'], self.shown())
        zk.unregister('/p', 'a:1')
        self.assertEqual(['b:2', 'c:3'], self.shown())
        zk.registrations['/p/b:2'].unregister()
        self.assertEqual(['c:3'], self.shown())
        zk.delete('/p/c:3')
        self.assertEqual([], self.shown())
        self.assertEqual('a:1\n', ask(self.address, 'servers /q'))
        self.assertEqual(1, len(plugin._servers))
        zk.close()
        self.assertEqual('[]\n', ask(self.address, 'servers'))

    def test_registered_again(self):
        """One that is registered again is shown as it is now, once."""
        zk = self.zk()
        for number in range(3):
            zk.register('/p', 'a:1', number=number)
            zk.unregister('/p', 'a:1')
        self.assertEqual([], self.shown())
        zk.register('/p', 'a:1', number=3)
        [found] = json.loads(ask(self.address, 'servers'))
        self.assertEqual(3, found['number'])

    def test_failed(self):
        """What could not be registered is not shown, and hides nothing."""
        zk = self.zk()
        zk.register('/p', 'a:1', number=1)
        with self.assertRaises(NodeExistsError):
            zk.register('/p', 'a:1', number=2)
        with self.assertRaises(InvalidACLError):
            zk.register('/p', 'b:2', acl=[])
        [found] = json.loads(ask(self.address, 'servers'))
        self.assertEqual(('a:1', 1), (found['address'], found['number']))

    def test_all_interfaces(self):
        """A server on all interfaces is shown until its last node goes."""
        zk = self.zk()
        with mock.patch('zc.zk._registration.registrar.ipv4_addresses',
                        return_value=['10.0.0.1', '10.0.0.2']):
            zk.register('/p', ':1')
        self.assertEqual([':1'], self.shown())
        for name in '10.0.0.1:1', '10.0.0.2:1':
            self.assertEqual([':1'], self.shown())
            zk.registrations[f'/p/{name}'].unregister()
        self.assertEqual([], self.shown())


class ConnectionTests(ZooKeeperCase):

    tree = '/p\n'

    def ask(self) -> str:
        out = io.StringIO()
        monitor.connection(out)
        return out.getvalue()

    def setUp(self) -> None:
        super().setUp()
        patch: Any = mock.patch.object(plugin, '_observed', set())
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
