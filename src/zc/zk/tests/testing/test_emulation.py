"""What setUp and tearDown do besides: two clusters, lost sessions, order."""
from __future__ import annotations

import os
import shutil
import tempfile
import unittest
from typing import Any

import kazoo.client
from zope.testing import setupstack

import zc.zk
import zc.zk.testing
from zc.zk.testing import setUp
from zc.zk.testing import tearDown
from zc.zk.tests.base import ZooKeeperCase


FIRST = 'zookeeper.example.com:2181'
SECOND = 'other.example.com:2181'


class DocTest:
    """A test that is no unittest case."""

    def __init__(self) -> None:
        self.globs: dict[str, Any] = {}


class TearDownTests(unittest.TestCase):

    def test_twice(self) -> None:
        """A second tearDown does nothing, nor does one without setUp."""
        tearDown(self)
        before = kazoo.client.KazooClient
        setUp(self)
        tearDown(self)
        tearDown(self)
        self.assertIs(before, kazoo.client.KazooClient)

    def test_setupstack(self) -> None:
        """What the test gave to setupstack is torn down, last come first."""
        calls = []

        def note(name: str) -> None:
            calls.append((name, zk.exists('/fooservice') is not None
                          if name == 'later' else None))

        test = DocTest()
        setupstack.register(test, note, 'before')
        setUp(test)
        zk = zc.zk.ZooKeeper(FIRST)
        setupstack.register(test, note, 'later')
        tearDown(test)
        self.assertEqual([('later', True), ('before', None)], calls)
        self.assertFalse(zk.client.connected)
        zk.close()

    def test_by_setupstack(self) -> None:
        """setupstack's own tearDown does it all, as with zc.zk 2.1."""
        before = kazoo.client.KazooClient
        test = DocTest()
        setUp(test)
        setupstack.tearDown(test)
        self.assertIs(before, kazoo.client.KazooClient)
        tearDown(test)

    def test_a_failing_function(self) -> None:
        """The server goes even if a function of the test's fails."""
        before = kazoo.client.KazooClient
        test = DocTest()
        setUp(test)
        setupstack.register(test, int, 'x')
        with self.assertRaises(ValueError):
            tearDown(test)
        self.assertIs(before, kazoo.client.KazooClient)

    def test_working_directory(self) -> None:
        """The working directory is again what it was, however it left."""
        before = os.getcwd()
        setUp(self)
        setupstack.setUpDirectory(self)
        self.assertNotEqual(before, os.getcwd())
        tearDown(self)
        self.assertEqual(before, os.getcwd())
        directory = tempfile.mkdtemp()
        setUp(self)
        os.chdir(directory)
        shutil.rmtree(directory)
        tearDown(self)
        self.assertEqual(before, os.getcwd())


class ClusterTests(unittest.TestCase):

    def test_two_clusters(self) -> None:
        """Two connection strings are two servers, for one test."""
        before = kazoo.client.KazooClient
        setUp(self, '/one')
        self.addCleanup(tearDown, self)
        setUp(self, '/two', SECOND)
        self.addCleanup(tearDown, self)
        one, two = zc.zk.ZooKeeper(FIRST), zc.zk.ZooKeeper(SECOND)
        self.assertEqual('/one\n', one.export_tree())
        self.assertEqual('/two\n', two.export_tree())
        calls: list[Any] = []

        # What is copied from one to the other is there when it was written.
        @one.children('/one')
        def copy(children: Any) -> None:
            for name in children:
                two.create('/two/' + name)

        copied = two.children('/two')(
            lambda children: calls.append(list(children)))
        one.create('/one/a')
        self.assertEqual([[], ['a']], calls)
        self.assertEqual(list(copy), list(copied))
        with self.assertRaisesRegex(
                zc.zk.FailedConnect,
                f"only '{SECOND}' or '{FIRST}' connects in this test"):
            zc.zk.ZooKeeper('third.example.com')
        tearDown(self)
        self.assertIs(before, kazoo.client.KazooClient)
        for zk in one, two:
            self.assertFalse(zk.client.connected)
            zk.close()

    def test_nested(self) -> None:
        """A server in a server's place hides it, and goes by itself."""
        before = kazoo.client.KazooClient
        outer, inner = DocTest(), DocTest()
        setUp(outer, '/outer')
        self.addCleanup(tearDown, outer)
        first = zc.zk.ZooKeeper(FIRST)
        setUp(inner, '/inner')
        self.addCleanup(tearDown, inner)
        second = zc.zk.ZooKeeper(FIRST)
        self.assertEqual('/outer\n', first.export_tree())
        self.assertEqual('/inner\n', second.export_tree())
        tearDown(inner)
        self.assertFalse(second.client.connected)
        second.close()
        self.assertEqual('/outer\n', first.export_tree())
        third = zc.zk.ZooKeeper(FIRST)
        names = third.children('/outer')
        first.create('/outer/x')
        self.assertEqual(['x'], list(names))
        tearDown(outer)
        self.assertIs(before, kazoo.client.KazooClient)
        first.close()
        third.close()

    def test_a_bad_second_tree(self) -> None:
        """A second setUp that fails leaves the first as it was."""
        setUp(self, '/one')
        self.addCleanup(tearDown, self)
        with self.assertRaises(zc.zk.TreeSyntaxError):
            setUp(self, 'nonsense', SECOND)
        with zc.zk.ZooKeeper(FIRST) as zk:
            self.assertEqual('/one\n', zk.export_tree())


class LoseSessionTests(ZooKeeperCase):

    def test_registrations_are_back(self) -> None:
        """When it returns, there is a new session, and all is as before."""
        one, two = self.zk(), self.zk()
        addresses = two.children('/fooservice/providers')
        mine = one.children('/fooservice/providers')
        one.register('/fooservice/providers', 'test')
        one.create('/mine', ephemeral=True)
        for _ in range(2):
            old = one.client.client_id
            one.client.lose_session()
            self.assertNotEqual(old, one.client.client_id)
            self.assertEqual(['test'], list(addresses))
            self.assertEqual(['test'], list(mine))
            self.assertTrue(mine.current)
            stat = two.exists('/fooservice/providers/test')
            assert stat is not None
            self.assertEqual(one.client.client_id[0], stat.ephemeralOwner)
        self.assertIsNone(two.exists('/mine'))
        self.assertEqual('CONNECTED', two.state)

    def test_meanwhile(self) -> None:
        """A function is called while there is no connection."""
        one, two = self.zk(), self.zk()
        properties = one.properties('/fooservice')
        seen = []

        @one.client.lose_session
        def meanwhile() -> None:
            seen.append((one.state, properties.current, two.state))
            two.properties('/fooservice')['threads'] = 9
            seen.append(properties['threads'])

        self.assertEqual([('SUSPENDED', False, 'CONNECTED'), 1], seen)
        self.assertEqual(9, properties['threads'])
        self.assertTrue(properties.current)

    def test_an_error_meanwhile(self) -> None:
        """What the function raises comes out, and the session goes on."""
        zk = self.zk()
        with self.assertRaises(ZeroDivisionError):
            zk.client.lose_session(lambda: 1 / 0)
        zk.client.retry(zk.client.exists, '/')

    def test_no_session(self) -> None:
        """A client that never had a session cannot lose it."""
        client = kazoo.client.KazooClient(FIRST)
        with self.assertRaisesRegex(ValueError, 'there is no session'):
            client.lose_session()
