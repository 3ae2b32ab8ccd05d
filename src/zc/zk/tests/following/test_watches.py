"""The watch of a followed branch."""
from __future__ import annotations

import threading
import unittest
import unittest.mock

from kazoo.exceptions import MarshallingError
from kazoo.exceptions import UnimplementedError
from kazoo.protocol.states import EventType
from kazoo.protocol.states import WatchedEvent
from kazoo.security import OPEN_ACL_UNSAFE

import zc.zk
from zc.zk._following import BranchFollower
from zc.zk._following import follower as module
from zc.zk._session.wire import ADD_WATCH
from zc.zk.tests.base import wait_for
from zc.zk.tests.following.followercase import SECRET
from zc.zk.tests.following.followercase import FollowerCase
from zc.zk.tests.realserver import RealServer


class Watches(FollowerCase):

    def test_one_watch(self):
        """The server keeps one watch for the branch, and none after the
        end.
        """
        follower = self.follow()
        self.assertEqual(2, self.server.watch_count())  # as it counts
        follower.close()
        follower.close()
        self.assertEqual(0, self.server.watch_count())

    def test_two(self):
        """Two follow the same branch, and one goes on."""
        first, second = self.follow(), self.follow()
        first.close()
        self.other.create('/s/c', b'')
        self.assertEqual(['came /s/c'], self.lines(second))

    def test_beside_live_objects(self):
        """Live objects of the same nodes hear as before."""
        providers = self.zk.providers('/s', hold=0)
        children = self.zk.children('/s')
        self.addCleanup(providers.close)
        with self.follow() as follower:
            self.other.create('/s/c', b'')
            self.assertEqual(['came /s/c'], self.lines(follower))
            wait_for(lambda: 'c' in children and 'c' in providers)
        self.other.create('/s/d', b'')
        wait_for(lambda: 'd' in children and 'd' in providers)

    def test_reads(self):
        """A change costs one read of the node."""
        follower = self.follow()
        reads = []
        real = self.zk.client._call

        def call(request, result):
            reads.append(type(request).__name__)
            return real(request, result)

        self.zk.client._call = call
        self.other.set('/s/a', b'x')
        wait_for(lambda: len(self.heard) == 1)
        self.assertEqual(['GetData'], reads)
        del self.zk.client._call
        self.assertEqual(['changed /s/a'], self.lines(follower))

    def test_refused(self):
        """A server without such watches is looked at now and then."""
        for error in UnimplementedError.code, MarshallingError.code:
            self.server.refuse_requests(ADD_WATCH, error)
            follower = self.follow()
            self.other.set('/s/a', b'x')
            wait_for(lambda: self.heard)
            self.assertEqual(['changed /s/a'], self.lines(follower))
            self.assertEqual(0, self.server.watch_count())
            follower.close()
            self.server.refuse_requests(ADD_WATCH, None)

    def test_kazoo(self):
        """So is it with a kazoo client that was passed in."""
        zk = zc.zk.ZooKeeper(self.other)
        self.addCleanup(zk.close)
        self.zk = zk
        follower = self.follow()
        zk.set('/s/a', b'x')
        self.assertEqual(['changed /s/a'], self.lines(follower))

    def test_not_listed(self):
        """A name that may not be listed does not show, although a server
        may tell of it; it does when it may be listed.
        """
        self.other.add_auth('digest', 'x:y')
        self.other.set_acls('/s/a/b', SECRET)
        follower = self.follow()
        self.other.create('/s/a/b/c', b'')
        # Servers with CVE-2024-23944 send this; the embedded one does not.
        event = WatchedEvent(EventType.CREATED, 'CONNECTED', '/s/a/b/c')
        follower._on_event(event)
        self.assertEqual([], self.lines(follower))
        self.other.set_acls('/s/a/b', list(OPEN_ACL_UNSAFE))
        self.other.create('/s/a/b/d', b'')
        self.assertEqual(
            ['came /s/a/b', 'came /s/a/b/c', 'came /s/a/b/d'],
            self.lines(follower))

    def test_overflow(self):
        """When very many may have changed, all are read."""
        with unittest.mock.patch.object(module, 'MOST_DIRTY', 5):
            follower = self.follow()
        entered, leave = threading.Event(), threading.Event()
        self.addCleanup(leave.set)

        def wait(happenings):
            self.heard.extend(happenings)
            entered.set()
            leave.wait(30)

        follower._heard = wait
        self.other.create('/s/c', b'')
        self.assertTrue(entered.wait(30))
        for number in range(20):
            self.other.create(f'/s/n{number:02}', b'')
        leave.set()
        self.assertEqual(
            ['came /s/c', *(f'came /s/n{number:02}' for number in range(20))],
            self.lines(follower))
        self.assertLessEqual(len(follower._dirty._paths), 5)

    def test_lost_at_first(self):
        """A connection that is lost at the first read is no end."""
        self.server.drop_request(ADD_WATCH)
        follower = self.follow()
        self.other.set('/s/a', b'x')
        self.assertEqual(['changed /s/a'], self.lines(follower))


class Real(unittest.TestCase):
    """On Apache ZooKeeper."""

    level = 2

    def test_real(self):
        """What comes, goes and changes is told, through a restart too."""
        server = RealServer()
        self.addCleanup(server.close)
        server.start()
        zk = zc.zk.ZooKeeper(server.connection_string, wait=True)
        self.addCleanup(zk.close)
        zk.import_tree('/s\n  n = 1\n  /a\n')
        heard = []
        with BranchFollower(zk, '/s', heard.extend) as follower:
            self.assertTrue(follower.wait(30))
            zk.import_tree('/s\n  n = 2\n  /a\n  /b\n', trim=False)
            zk.delete_recursive('/s/a')
            wait_for(lambda: follower.settle(20))
            self.assertEqual(
                {('changed', '/s'), ('came', '/s/b'), ('went', '/s/a')},
                {(each.what, each.path) for each in heard})
            heard.clear()
            server.kill()
            wait_for(lambda: not follower.current)
            server.start()
            wait_for(lambda: follower.current)
            self.assertEqual([], heard)
            zk.create('/s/c', b'')
            wait_for(lambda: heard)
            self.assertEqual(['/s/c'], [each.path for each in heard])
