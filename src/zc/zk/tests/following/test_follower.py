"""Branches that are followed, by one watch or by comparing."""
from __future__ import annotations

import threading
import unittest
import unittest.mock

from kazoo.protocol.states import EventType
from kazoo.protocol.states import WatchedEvent

from zc.zk._following import follower as module
from zc.zk.tests.base import wait_for
from zc.zk.tests.following.followercase import SECRET
from zc.zk.tests.following.followercase import FollowerCase


class Follows(FollowerCase):

    def test_first(self):
        """What is there at first is known, and no happening."""
        follower = self.follow()
        last, nodes = follower.snapshot()
        self.assertEqual((0, 0), (last, follower.last))
        self.assertEqual(['/s', '/s/a', '/s/a/b'], sorted(nodes))
        self.assertEqual(3, follower.count())
        self.assertEqual(b'text', follower.get('/s/a/b').data)
        self.assertIsNone(follower.get('/sister'))
        self.assertEqual([], self.lines(follower))
        self.assertEqual(([True], True, '/s'), (
            self.told, follower.current, follower.path))

    def test_each(self):
        """What comes, goes and changes is told, with the nodes."""
        follower = self.follow()
        self.other.create('/s/c', b'{"x":1}', ephemeral=True)
        wait_for(lambda: len(self.heard) == 1)
        self.other.set('/s/a', b'{"n":2}')
        wait_for(lambda: len(self.heard) == 2)
        self.other.set('/sister', b'1')
        self.other.delete('/s/a/b')
        wait_for(lambda: len(self.heard) == 3)
        came, changed, went = self.heard
        self.assertEqual(
            [(1, 'came', '/s/c'), (2, 'changed', '/s/a'),
             (3, 'went', '/s/a/b')],
            [(each.id, each.what, each.path) for each in self.heard])
        self.assertIsNone(came.old)
        self.assertTrue(came.new.ephemeral)
        self.assertEqual(({'n': 1}, {'n': 2}), (
            changed.old.properties(), changed.new.properties()))
        self.assertEqual((b'text', None), (went.old.data, went.new))
        last, nodes = follower.snapshot()
        self.assertEqual((3, ['/s', '/s/a', '/s/c']), (last, sorted(nodes)))

    def test_many(self):
        """Many at once come in order, a thousand in a call at most."""
        sizes = []

        def heard(happenings):
            sizes.append(len(happenings))
            self.heard.extend(happenings)

        follower = self.follow(heard=heard)
        for number in range(1100):
            self.other.create_async(f'/s/n{number:04}', b'')
        self.other.create('/s/last', b'')
        expected = [f'came /s/n{number:04}' for number in range(1100)]
        self.assertEqual([*expected, 'came /s/last'], self.lines(follower))
        self.assertLessEqual(max(sizes), 1000)
        self.assertEqual(1101, follower.last)

    def test_missed(self):
        """What happened without a connection is told afterwards."""
        follower = self.follow()
        heard = self.heard
        self.server.drop_connections(self.zk.client.client_id[0])
        self.other.set('/s/a', b'7')
        self.other.delete('/s/a/b')
        self.other.create('/s/c', b'')
        self.other.create('/s/c/d', b'')
        wait_for(lambda: len(heard) == 4)
        self.assertEqual(
            ['came /s/c', 'came /s/c/d', 'changed /s/a', 'went /s/a/b'],
            sorted(self.lines(follower)))
        wait_for(lambda: self.told == [True, False, True])
        self.other.set('/s/c/d', b'x')
        self.assertEqual(['changed /s/c/d'], self.lines(follower))

    def test_expired(self):
        """A new session goes on; a node made anew went and came."""
        follower = self.follow()
        self.server.expire(self.zk.client.client_id[0])
        self.other.delete('/s/a/b')
        self.other.create('/s/a/b', b'text')
        wait_for(lambda: len(self.heard) == 2)
        self.assertEqual(
            ['went /s/a/b', 'came /s/a/b'], self.lines(follower))

    def test_gone(self):
        """The top node may go, and come again."""
        follower = self.follow()
        self.other.delete('/s', recursive=True)
        self.assertEqual(
            ['went /s/a/b', 'went /s/a', 'went /s'], self.lines(follower))
        self.other.create('/s', b'')
        self.other.create('/s/new', b'')
        self.assertEqual(['came /s', 'came /s/new'], self.lines(follower))

    def test_root(self):
        """ZooKeeper's own nodes are left out."""
        follower = self.follow('/')
        self.assertEqual(
            ['/', '/s', '/s/a', '/s/a/b', '/sister'],
            sorted(follower.snapshot()[1]))
        self.other.create('/zookeeper/x', b'')
        self.addCleanup(self.other.delete, '/zookeeper/x')
        self.other.create('/t', b'')
        self.assertEqual(['came /t'], self.lines(follower))

    def test_hidden(self):
        """What may not be read is not there; what may not be read any more
        is forgotten, without a word.
        """
        self.other.add_auth('digest', 'x:y')
        self.other.create('/s/h', b'secret', acl=SECRET)
        follower = self.follow()
        self.assertIsNone(follower.get('/s/h'))
        self.other.set('/s/h', b'other')
        self.other.create('/s/h/below', b'')
        self.assertEqual([], self.lines(follower))
        self.other.set_acls('/s/a', SECRET)
        self.other.set('/s/a', b'now secret')
        # Some servers send this; see test_not_listed.
        follower._on_event(
            WatchedEvent(EventType.CHANGED, 'CONNECTED', '/s/a'))
        self.assertEqual([], self.lines(follower))
        self.assertNotIn('/s/a', follower.snapshot()[1])
        self.assertNotIn('/s/a/b', follower.snapshot()[1])

    def test_callback_fails(self):
        """A callback that fails is logged, and called again."""
        seen = []

        def heard(happenings):
            seen.append(len(happenings))
            raise ValueError('mine')

        follower = self.follow(heard=heard)
        with self.assertLogs('zc.zk', 'ERROR'):
            self.other.create('/s/c', b'')
            wait_for(lambda: len(seen) == 1)
            wait_for(lambda: follower.settle(20))
        with self.assertLogs('zc.zk', 'ERROR'):
            self.other.create('/s/d', b'')
            wait_for(lambda: len(seen) == 2)
            wait_for(lambda: follower.settle(20))
        self.assertEqual(2, follower.last)

    def test_callback_blocks(self):
        """While a callback blocks, nothing heaps up: each node that has
        changed meanwhile is told of once.
        """
        entered, leave = threading.Event(), threading.Event()
        self.addCleanup(leave.set)

        def heard(happenings):
            self.heard.extend(happenings)
            entered.set()
            leave.wait(30)

        follower = self.follow(heard=heard)
        self.other.create('/s/c', b'')
        self.assertTrue(entered.wait(30))
        for number in range(100):
            self.other.set('/s/a', b'%d' % number)
            self.other.create('/s/brief', b'')
            self.other.delete('/s/brief')
        leave.set()
        self.assertEqual(
            ['came /s/c', 'changed /s/a'], self.lines(follower))

    def test_close_in_callback(self):
        """A callback may close its follower, and nothing comes then."""
        def heard(happenings):
            self.heard.extend(happenings)
            follower.close()

        follower = self.follow(heard=heard)
        self.other.create('/s/c', b'')
        wait_for(lambda: follower.closed and self.heard)
        self.other.create('/s/d', b'')
        self.assertFalse(follower.settle(0.1))
        self.assertFalse(follower.current)
        self.assertFalse(follower.wait(30))
        self.assertEqual(['/s/c'], [each.path for each in self.heard])

    def test_settle_ends(self):
        """Who waits for a follower that is closed meanwhile goes on."""
        handling = threading.Event()
        release = threading.Event()
        self.addCleanup(release.set)

        def heard(happenings):
            handling.set()
            release.wait(60)

        follower = self.follow(heard=heard)
        self.other.create('/s/c', b'')
        self.assertTrue(handling.wait(20))
        found = []
        waiter = threading.Thread(
            target=lambda: found.append(follower.settle(3600)))
        waiter.start()
        closer = threading.Thread(target=follower.close)
        closer.start()
        waiter.join(60)
        self.assertEqual([False], found)
        release.set()
        closer.join(60)
        self.assertFalse(follower.settle(3600))


class Polls(Follows):
    """The same without a watch."""

    recursive = False

    def setUp(self):
        super().setUp()
        patch = unittest.mock.patch.object(module, 'POLL_SECONDS', 0.02)
        patch.start()
        self.addCleanup(patch.stop)

    def test_callback_blocks(self):
        """Between two looks, nothing heaps up."""
        follower = self.follow()
        for number in range(10):
            self.other.set('/s/a', b'%d' % number)
        self.assertEqual({'changed /s/a'}, set(self.lines(follower)))

    def test_many(self):
        """Many at once come, each after its parent."""
        follower = self.follow()
        for number in range(300):
            self.other.create_async(f'/s/n{number:04}', b'')
        self.other.create('/s/last', b'')
        found = self.lines(follower)
        self.assertEqual(301, len(found))
        self.assertEqual('came /s/last', found[-1])

    def test_no_watch(self):
        """The server keeps no watch."""
        self.follow()
        self.assertEqual(0, self.server.watch_count())
