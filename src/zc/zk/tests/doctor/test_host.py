"""Tests of host: what is known of this machine."""
from __future__ import annotations

import os
import socket
import subprocess
import sys
import unittest
from unittest import mock

from zc.zk._doctor import host


class Look(unittest.TestCase):

    def setUp(self):
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(self.listener.close)
        self.address = self.listener.getsockname()

    def ours(self, machine):
        return [each for each in machine.listeners
                if each.port == self.address[1]]

    def test_listener(self):
        """A socket that listens is found with its process."""
        machine = host.look([], [])
        if machine.listeners is None:
            self.assertFalse(os.path.exists('/proc/net/tcp'))
            return
        found, = self.ours(machine)
        self.assertEqual(('127.0.0.1', os.getpid(), False),
                         (found.host, found.pid, found.client))
        self.assertTrue(machine.listens(*self.address))
        self.assertTrue(machine.listens('localhost', self.address[1]))
        self.assertFalse(machine.listens('127.0.0.2', self.address[1]))

    def test_client(self):
        """A process that is connected to ZooKeeper is told apart."""
        self.check_client(True)

    def test_page(self):
        """A page of zczk web is no server, though it is a client."""
        self.check_client(False, '/usr/bin/zczk', '-z', 'host', 'web')
        self.check_client(True, '/usr/bin/zczk', 'run')

    def check_client(self, expected, *words):
        with socket.create_server(('127.0.0.1', 0)) as zookeeper, \
                subprocess.Popen(
                    [sys.executable, '-c',
                     'import socket, sys\n'
                     'a = socket.create_server(("127.0.0.1", 0))\n'
                     'b = socket.create_connection('
                     '("127.0.0.1", int(sys.argv[1])))\n'
                     'print(a.getsockname()[1], flush=True)\n'
                     'sys.stdin.read()\n',
                     str(zookeeper.getsockname()[1]), *words],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            port = int(child.stdout.readline())
            address = zookeeper.getsockname()
            machine = host.look([address], [])
            child.stdin.close()
        if machine.listeners is not None:
            self.assertEqual(
                [(child.pid, expected)], [
                    (each.pid, each.client) for each in machine.listeners
                    if each.port == port])
            # What listens where ZooKeeper does is ZooKeeper.
            self.assertEqual([False], [
                each.client for each in machine.listeners
                if each.port == address[1]])

    def test_dead(self):
        """A process that has ended is dead; one that lives is not."""
        child = subprocess.Popen([sys.executable, '-c', ''])
        child.wait()
        machine = host.look([], [os.getpid(), 1, child.pid, 10 ** 30])
        self.assertEqual({child.pid}, machine.dead)

    def test_addresses(self):
        """The loopback and the machine's own name are this machine."""
        machine = host.look([], [])
        for name in ('127.0.0.1', '::1', socket.gethostname()):
            self.assertTrue(machine.has(name), name)
        self.assertFalse(machine.has('203.0.113.250'))

    def test_without_proc(self):
        """Where there is no /proc, listeners are not known."""
        with mock.patch('zc.zk._checks.owners.available', return_value=False):
            self.assertIsNone(host.look([], []).listeners)


class LookedUp(unittest.TestCase):

    def test_names(self):
        """Names become addresses; those that are not known are left out."""
        self.assertEqual(
            {('127.0.0.1', 7)},
            host.looked_up([('127.0.0.1', 7), ('x' * 99, 8)]))
