"""Writes of a test return when their effects have been seen."""
from __future__ import annotations

import threading
import unittest
from typing import Any

import kazoo.client

import zc.zk
import zc.zk.testing
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for


class SettleTests(ZooKeeperCase):

    def setUp(self) -> None:
        super().setUp()
        self.calls: list[Any] = []

    def test_writes_of_other_clients(self) -> None:
        """A write by one client is seen by another when it returns."""
        writer, reader = self.zk(), self.zk()
        reader.children('/fooservice')
        children = reader.children('/fooservice')(
            lambda each: self.calls.append(list(each)))
        for i in range(20):
            writer.create(f'/fooservice/n{i}')
            self.assertEqual(len(self.calls[-1]), i + 2)
        self.assertEqual(len(self.calls), 21)
        self.assertEqual(len(children), 21)

    def test_plain_kazoo(self) -> None:
        """Plain kazoo clients of the test take part."""
        client = kazoo.client.KazooClient(self.connection_string)
        client.start()
        self.addCleanup(client.stop)
        children = self.zk().children('/fooservice')
        client.create('/fooservice/x')
        self.assertIn('x', children)
        transaction = client.transaction()
        transaction.delete('/fooservice/x')
        transaction.commit()
        self.assertNotIn('x', children)

    def test_chains(self) -> None:
        """What callbacks write is seen as well."""
        first, second = self.zk(), self.zk()
        data = [zk.properties('/fooservice') for zk in (first, second)]

        @second.properties('/fooservice')
        def follow(properties: Any) -> None:
            if properties['threads'] < 10:
                threads = properties['threads'] + 1
                second.set('/fooservice', f'{{"threads":{threads}}}')

        first.set('/fooservice', '{"threads":5}')
        self.assertEqual([each['threads'] for each in data], [10, 10])
        self.assertEqual(follow['threads'], 10)

    def test_registrations_and_their_end(self) -> None:
        """A closed client's servers are gone when close returns."""
        one, two = self.zk(), self.zk()
        addresses = two.children('/fooservice/providers')
        one.register('/fooservice/providers', '1.2.3.4:5')
        self.assertEqual(list(addresses), ['1.2.3.4:5'])
        one.close()
        self.assertEqual(list(addresses), [])

    def test_a_deleted_registration_is_back(self) -> None:
        """After an operator's delete, the node is there again."""
        one, two = self.zk(), self.zk()
        addresses = two.children('/fooservice/providers')(
            lambda each: self.calls.append(list(each)))
        one.register('/fooservice/providers', '1.2.3.4:5')
        two.delete('/fooservice/providers/1.2.3.4:5')
        self.assertEqual(list(addresses), ['1.2.3.4:5'])

    def test_writers_in_many_threads(self) -> None:
        """Writes of several threads at once all settle."""
        children = self.zk().children('/fooservice')
        client = self.zk()
        seen = []

        def work(i: int) -> None:
            client.create(f'/fooservice/t{i}')
            seen.append(f't{i}' in children)

        threads = [threading.Thread(target=work, args=(i,))
                   for i in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(seen, [True] * 8)


class SetUpTests(ZooKeeperCase):

    def test_the_default_tree(self) -> None:
        """Without a tree of its own, a test gets the documents' one."""
        self.assertEqual(self.zk().export_tree(), zc.zk.testing
                         .DEFAULT_TREE.lstrip())

    def test_names_for_the_test(self) -> None:
        """A test finds the server, its root, and two helpers."""
        names = vars(self)
        self.assertEqual(
            names['ZooKeeper'] is None,
            bool(zc.zk.testing.testing_with_real_zookeeper()))
        self.assertTrue(names['zookeeper_root'].startswith(
            '/zc.zk.testing.test-root'))
        names['wait_until'](lambda: True)
        with self.assertRaisesRegex(AssertionError, 'not within'):
            names['wait_until'](lambda: False, timeout=0.01)
        names['assert_'](True)
        with self.assertRaisesRegex(AssertionError, 'mess'):
            names['assert_'](False, 'mess')

    def test_other_connection_strings_do_not_connect(self) -> None:
        """A test cannot reach a server that is not its own."""
        for other in ('127.0.0.1:2181', 'zookeeper.example.com:2182', None):
            with self.assertRaises(zc.zk.FailedConnect):
                zc.zk.ZooKeeper(other)

    def test_a_chroot(self) -> None:
        """A chroot behind the connection string is below the test's root."""
        zk = self.zk(self.connection_string + '/fooservice')
        self.assertEqual(zk.get_children('/'), ['providers'])

    def test_walk_shows_what_a_server_has(self) -> None:
        """ZooKeeper's own nodes are there, as in a server's root."""
        self.assertEqual(list(self.zk().walk('/zookeeper')),
                         ['/zookeeper', '/zookeeper/quota'])


class TearDownTests(unittest.TestCase):

    def test_all_is_as_before(self) -> None:
        """tearDown stops clients, and gives kazoo its class back."""
        before = kazoo.client.KazooClient
        zc.zk.testing.setUp(self, '/x')
        self.assertIsNot(kazoo.client.KazooClient, before)
        threads = set(threading.enumerate())
        zk = zc.zk.ZooKeeper('zookeeper.example.com:2181')
        self.assertEqual(zk.export_tree(), '/x\n')
        zk.children('/x')(lambda each: None)
        zk.register('/x', '1.2.3.4:5')
        zc.zk.testing.tearDown(self)
        wait_for(lambda: set(threading.enumerate()) <= threads)
        self.assertIs(kazoo.client.KazooClient, before)
        self.assertFalse(zk.client.connected)
        zk.close()

    def test_a_bad_tree_leaves_nothing(self) -> None:
        """A setUp that fails undoes what it did."""
        before = kazoo.client.KazooClient
        with self.assertRaises(zc.zk.TreeSyntaxError):
            zc.zk.testing.setUp(self, 'nonsense')
        self.assertIs(kazoo.client.KazooClient, before)

    def test_doctests(self) -> None:
        """A doctest's names are its globals."""
        class DocTest:
            globs: dict[str, Any] = {}

        zc.zk.testing.setUp(DocTest)
        self.assertIn('wait_until', DocTest.globs)
        zc.zk.testing.tearDown(DocTest)
