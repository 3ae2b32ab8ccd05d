"""Figures about a ZooKeeper object, and the point at which all is settled."""
from __future__ import annotations

import gc
import os
import threading
import unittest.mock
from typing import Any

import zc.zk
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import wait_for
from zc.zk.tests.servercase import ServerCase


class Case(ServerCase):

    def setUp(self) -> None:
        super().setUp()
        self.zk.import_tree('/s\n  a = 1\n')


class StatisticsTests(Case):

    def test_idle(self) -> None:
        """An object that does nothing yet has no threads and no watches."""
        self.assertEqual(
            zc.zk.Statistics(
                threads=(), watches=0,
                registrations={'registered': 0, 'pending': 0, 'waiting': 0,
                               'failed': 0},
                reconnections=0, session_timeout=4.0, requests_in_flight=0,
                providers=()),
            self.zk.statistics())

    def test_threads_and_watches(self) -> None:
        """The threads that are at work are named; close ends them all."""
        children = self.zk.children('/s')(lambda each: None)
        self.zk.create('/s/c')
        wait_for(lambda: len(self.zk.statistics().threads) == 2)
        kinds = [' '.join(name.split()[:2])
                 for name in self.zk.statistics().threads]
        self.assertEqual(['zc.zk watches', 'zc.zk callbacks'], kinds)
        self.assertEqual(1, self.zk.statistics().watches)
        children.close()
        wait_for(lambda: self.zk.statistics().watches == 0)
        self.zk.close()
        wait_for(lambda: not self.zk.statistics().threads)

    def test_registrations(self) -> None:
        """Registrations are counted by their states."""
        self.zk.register('/s', '1.2.3.4:5')
        self.zk.register('/s', '1.2.3.4:6')
        self.assertEqual(
            {'registered': 2, 'pending': 0, 'waiting': 0, 'failed': 0},
            self.zk.statistics().registrations)
        self.zk.unregister('/s', '1.2.3.4:5')
        self.assertEqual(1, self.zk.statistics().registrations['registered'])

    def test_reconnections(self) -> None:
        """A connection that came back counts."""
        self.server.drop_connections(self.zk.client.client_id[0])
        wait_for(lambda: self.zk.statistics().reconnections == 1)

    def test_session_timeout(self) -> None:
        """It is the one that the server granted."""
        zk = zc.zk.ZooKeeper(self.server.connection_string, 0.001)
        self.addCleanup(zk.close)
        self.assertEqual(zk.recv_timeout(), zk.statistics().session_timeout)
        self.assertGreater(zk.statistics().session_timeout, 0.001)

    def test_providers(self) -> None:
        """Services are there for as long as they are followed."""
        first, second = self.zk.providers('/s'), self.zk.providers('/s')
        self.assertEqual({first, second},
                         set(self.zk.statistics().providers))
        self.assertFalse(first.closed)
        first.close()
        self.assertTrue(first.closed)
        self.assertEqual((second,), self.zk.statistics().providers)
        del second
        gc.collect()
        self.assertEqual((), self.zk.statistics().providers)

    def test_in_a_child_process(self) -> None:
        """A child has no threads: an error says so."""
        with unittest.mock.patch('os.getpid', return_value=os.getpid() + 1):
            for each in (self.zk.statistics, self.zk.settle):
                with self.assertRaises(zc.zk.ForkedError):
                    each()


class SettleTests(Case):

    def test_callbacks(self) -> None:
        """Callbacks of what others wrote before have run."""
        seen: list[int] = []
        self.properties = self.zk.properties('/s')(
            lambda each: seen.append(each['a']))
        for i in range(20):
            self.other.set('/s', b'{"a":%d}' % i)
            self.assertTrue(self.zk.settle(DEADLINE))
            self.assertEqual(i, self.properties['a'])
            self.assertEqual(i, seen[-1])

    def test_registrations(self) -> None:
        """A node of ours that someone deleted is there again."""
        self.zk.register('/s', '1.2.3.4:5')
        owner = self.zk.get('/s/1.2.3.4:5')[1].czxid
        self.other.delete('/s/1.2.3.4:5')
        self.assertTrue(self.zk.settle(DEADLINE))
        self.assertGreater(self.zk.get('/s/1.2.3.4:5')[1].czxid, owner)

    def test_in_time(self) -> None:
        """It tells when a callback takes longer, and when none does."""
        go = threading.Event()
        self.addCleanup(go.set)
        found: list[Any] = []

        @self.zk.properties('/s')
        def properties(each: Any) -> None:
            if found:
                go.wait(DEADLINE)
            found.append(each)

        self.zk.set('/s', '{"a":2}')
        self.assertFalse(self.zk.settle(0.1))
        go.set()
        self.assertTrue(self.zk.settle(DEADLINE))
        self.assertEqual(2, len(found))
        self.assertEqual(2, properties['a'])

    def test_in_a_callback(self) -> None:
        """What would wait for itself does not wait."""
        found: list[bool] = []
        properties = self.zk.properties('/s')(
            lambda each: found.append(self.zk.settle(DEADLINE)))
        self.zk.client.exists(
            '/new', lambda event: found.append(self.zk.settle(DEADLINE)))
        self.zk.set('/s', '{"a":2}')
        self.assertTrue(self.zk.settle(DEADLINE))
        self.assertEqual([True, False], found)
        self.zk.create('/new')
        self.assertTrue(self.zk.settle(DEADLINE))
        self.assertEqual([True, False, False], found)
        self.assertEqual(2, properties['a'])

    def test_closed(self) -> None:
        """After close, there is nothing to wait for."""
        self.zk.properties('/s')(lambda each: None)
        self.zk.close()
        self.assertTrue(self.zk.settle(DEADLINE))
