"""Servers as real processes, while ZooKeeper is away."""
from __future__ import annotations

import contextlib
import os
import socket
from typing import Any

import zc.zk
import zc.zk.testing
from zc.zkzopeserver.tests.processcase import ServerCase
from zc.zkzopeserver.tests.support import Process
from zc.zkzopeserver.tests.support import fetch
from zc.zkzopeserver.tests.support import wait_for


class OutageTests(ServerCase):
    """ZooKeeper down at the start, or restarted under a server."""

    def restartable(self) -> Any:
        """Start a ZooKeeper server that the test may stop and start."""
        server: Any
        if os.environ.get('TEST_ZOOKEEPER_CONNECTION'):
            from zc.zk.tests.realserver import RealServer
            server = RealServer()
            self.addCleanup(server.close)
        else:
            server = zc.zk.testing.Server(
                tick_time=0.1, min_session_timeout=0.5,
                max_session_timeout=60.0)
            self.addCleanup(server.stop)
        server.start()
        with zc.zk.ZooKeeper(server.connection_string) as zk:
            zk.client.ensure_path('/service/providers')
        return server

    def test_restart(self):
        """ZooKeeper may be restarted under a server."""
        server = self.restartable()
        process = self.serve(f'zookeeper = {server.connection_string}')
        address = process.output.partition(
            'registered as /service/providers/')[2].split()[0]
        server.stop()
        process.wait_for_output('connection to ZooKeeper suspended')
        self.assertIn(b'200 OK', fetch(address))
        server.start()
        process.wait_for_output('connected to ZooKeeper again')
        self.assertIn(b'200 OK', fetch(address))
        with zc.zk.ZooKeeper(server.connection_string) as zk:
            node = f'/service/providers/{address}'
            wait_for(lambda: zk.exists(node), 'the node')
            process.send()
            self.assertEqual(0, process.wait())
            self.assertEqual([], zk.get_children('/service/providers'))
        self.assertEqual(1, process.output.count('suspended'))

    def test_wait(self):
        """With `wait`, it registers when ZooKeeper comes up."""
        server = self.restartable()
        server.stop()
        process = self.zkserve(self.ini(
            f'zookeeper = {server.connection_string}\nwait = true',
            use=self.use))
        process.wait_for_output('not registered, trying on: zookeeper')
        server.start()
        process.wait_for_output('registered as')
        process.send()
        self.assertEqual(0, process.wait())
        self.assertEqual(1, process.output.count('trying on'))

    def test_leave_without_zookeeper(self):
        """Without ZooKeeper, SIGTERM still ends the server, with 0."""
        server = self.restartable()
        process = self.serve(f'zookeeper = {server.connection_string}')
        server.stop()
        process.wait_for_output('connection to ZooKeeper suspended')
        process.send()
        self.assertEqual(0, process.wait())
        self.assertNotIn('took', process.output)
        self.assertIn('ZooKeeper has not taken the nodes away in 2 seconds; '
                      'going on without it', process.output)
        self.assertNotIn('kazoo', process.output)

    def test_zookeeper_back_while_leaving(self):
        """A node that could not be taken away goes as soon as it can be."""
        server = self.restartable()
        process = self.serve(f'zookeeper = {server.connection_string}\n'
                             'session_timeout = 60000\ndrain = 1000')
        server.stop()
        process.wait_for_output('connection to ZooKeeper suspended')
        process.send()
        process.wait_for_output('going on without it')
        server.start()
        process.wait_for_output('took /service/providers/')
        with zc.zk.ZooKeeper(server.connection_string) as zk:
            self.assertEqual([], zk.get_children('/service/providers'))
        process.send()
        self.assertEqual(0, process.wait())

    def hanging(self, options: str) -> Process:
        """Start a server whose ZooKeeper then hangs."""
        server = self.restartable()
        process = self.serve(f'zookeeper = {server.connection_string}\n'
                             f'session_timeout = 60000\n{options}')
        if hasattr(server, 'suspend'):
            server.suspend()        # the real one
        else:
            server.pause()
        self.addCleanup(server.resume)
        return process

    def test_leave_while_zookeeper_hangs(self):
        """Steps that hang, all of them, share one deadline."""
        process = self.hanging('shutdown_timeout = 2')
        address = process.output.partition(
            'registered as /service/providers/')[2].split()[0]
        with contextlib.ExitStack() as stack:
            answers = [stack.enter_context(self.asked(address))
                       for _ in range(4)]
            process.send()
            self.assertEqual(0, process.wait())
        self.assertEqual([[b'']] * 4, answers)
        steps = [
            'leaving',
            'ZooKeeper has not taken the nodes away in 1 seconds; going on '
            'without it',
            'gave up 4 connections with requests in work',
            'could not end the ZooKeeper session in time',
            'stopped']
        places = [process.output.find(step) for step in steps]
        self.assertEqual(sorted(places), places, process.output)
        self.assertNotIn(-1, places, process.output)

    def test_signals_while_zookeeper_hangs(self):
        """A second signal skips the waiting for ZooKeeper, too."""
        process = self.hanging('drain = 1000\nshutdown_timeout = 1000')
        process.send()
        process.wait_for_output(' leaving')
        process.send()
        self.assertEqual(0, process.wait())
        self.assertNotIn('going on without it', process.output)

    def test_down_at_the_start(self):
        """Without `wait`, a start without ZooKeeper fails."""
        process = self.zkserve(self.ini(
            'zookeeper = 127.0.0.1:1', use=self.use))
        self.assertEqual(2, process.wait())
        self.assertIn(
            'server.ini [server:main]: option zookeeper: ', process.output)

    def test_wait_and_leave(self):
        """With `wait` it serves meanwhile, and SIGTERM still ends it."""
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        process = self.zkserve(self.ini(
            f'zookeeper = 127.0.0.1:1\nwait = true\nport = {port}',
            use=self.use))
        process.wait_for_output('serving on')
        self.assertIn(b'200 OK', fetch(f'127.0.0.1:{port}'))
        process.send()
        self.assertEqual(0, process.wait())

    def test_wait_for_the_path(self):
        """With `wait` a path that comes later is waited for, too."""
        process = self.zkserve(self.ini(
            'wait = true\npath = /later', use=self.use))
        process.wait_for_output('not registered, trying on: path')
        self.zk.client.create('/later')
        process.wait_for_output('registered as /later/')
        process.send()
        self.assertEqual(0, process.wait())
