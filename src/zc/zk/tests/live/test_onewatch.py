"""One recursive watch for a service: what it costs, and where it cannot be."""
from __future__ import annotations

import unittest
import unittest.mock

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss
from kazoo.exceptions import MarshallingError
from kazoo.exceptions import UnimplementedError
from kazoo.protocol.states import EventType
from kazoo.protocol.states import WatchedEvent
from kazoo.security import OPEN_ACL_UNSAFE

import zc.zk
from zc.zk._live import engine
from zc.zk._live.messages import Event
from zc.zk._session.wire import ADD_WATCH
from zc.zk._session.wire import SET_WATCHES2
from zc.zk.tests.base import wait_for
from zc.zk.tests.live.familycase import SECRET
from zc.zk.tests.live.familycase import Case
from zc.zk.tests.live.familycase import numbered
from zc.zk.tests.live.familycase import shown
from zc.zk.tests.realserver import RealServer


class Persistent(Case):
    """One recursive watch for the service."""

    def test_one_watch(self):
        """The server has one watch for the servers, however many there are,
        and none when nobody follows them any more.
        """
        providers = self.providers()
        # Two for the recursive one, as a server counts; that of the
        # service's own data is a part of it.
        self.assertEqual(2, self.server.watch_count())
        self.follows(providers)
        self.assertEqual(2, self.server.watch_count())
        providers.close()
        wait_for(lambda: not self.server.watch_count())
        self.assertFalse(self.families())

    def test_one_read(self):
        """A change costs one read of the node that changed."""
        providers = self.providers()
        reads = []
        real = self.zk.client._call

        def call(request, result):
            reads.append(request.path)
            return real(request, result)

        self.zk.client._call = call
        self.other.set('/s/a', numbered(7))
        self.becomes(providers, a=7, b=1, c=2)
        self.other.delete('/s/b')
        self.becomes(providers, a=7, c=2)
        self.assertEqual(['/s/a', '/s/b'], reads)

    def test_below(self):
        """What happens below the servers reads nothing."""
        providers = self.providers()
        real = self.zk.client._call
        self.other.create('/s/a/x', b'')
        self.other.set('/s/a/x', b'1')
        with unittest.mock.patch.object(
                self.zk.client, '_call', side_effect=real) as call:
            self.other.delete('/s/a/x')
            self.other.create('/t', b'')
            self.other.set('/s/b', numbered(7))
            self.becomes(providers, a=0, b=7, c=2)
        self.assertEqual(1, call.call_count)

    def test_two_lists(self):
        """Two objects for one service share the watch, and what is read."""
        first, second = self.providers(), self.providers()
        self.assertEqual(2, self.server.watch_count())
        self.follows(first)
        self.follows(second)
        first.close()
        self.follows(second)

    def test_other_watches(self):
        """Live objects and kazoo's watches of the same nodes hear of all,
        whether they were there before or come afterwards.
        """
        events = {}

        def look(when):
            client = self.zk.client
            heard = events[when] = []
            client.ChildrenWatch('/s', lambda names: heard.append(names))
            client.DataWatch('/s', lambda data, stat: heard.append(data))
            return [self.zk.children('/s'), self.zk.properties('/s')]

        before = look('before')
        providers = self.providers()
        for children, properties in before, look('after'):
            self.follows(providers)
            self.other.set('/s', b'{"x": 1}')
            wait_for(lambda it=properties: it.get('x') == 1)
            self.follows(providers)
            self.other.set('/s', b'{"x": 2}')
            wait_for(lambda it=properties: it['x'] == 2)
            self.other.create('/s/z', numbered(9))
            wait_for(lambda it=children: 'z' in it)
            self.other.delete('/s/z')
            wait_for(lambda it=children: 'z' not in it)
        self.follows(providers)
        for heard in events.values():
            wait_for(lambda it=heard: b'{"x": 2}' in it)
            wait_for(lambda it=heard: it[-1] == ['a', 'b', 'c'])
            self.assertTrue(any('z' in names for names in heard
                                if isinstance(names, list)))
        providers.close()
        wait_for(lambda: not self.families())
        self.other.create('/s/z', b'')
        for heard in events.values():
            wait_for(lambda it=heard: it[-1] == ['a', 'b', 'c', 'z'])
        self.other.set('/s', b'{"x": 3}')
        for heard in events.values():
            wait_for(lambda it=heard: b'{"x": 3}' in it)

    def test_not_listed(self):
        """When the names may not be seen any more, new ones do not show,
        although a server may tell of them.
        """
        providers = self.providers()
        self.other.add_auth('digest', 'x:y')
        self.other.set_acls('/s', SECRET)
        self.other.create('/s/d', numbered(3))
        with self.assertLogs('zc.zk', 'WARNING'):
            # Servers with CVE-2024-23944 send this; the embedded one does
            # not.
            self.zk._engine._on_event(WatchedEvent(
                EventType.CREATED, 'CONNECTED', '/s/d'))
            wait_for(lambda: providers.error is not None)
        self.assertEqual({'a': 0, 'b': 1, 'c': 2}, shown(providers))
        self.assertFalse(self.families())
        with unittest.mock.patch.object(engine, 'RETRY_SECONDS', 0.05):
            self.other.set_acls('/s', list(OPEN_ACL_UNSAFE))
            self.zk._engine._retry(0.0)
            self.zk._engine._mailbox.put(Event('CHANGED', '/s'))
            self.becomes(providers, a=0, b=1, c=2, d=3)
        self.other.delete('/s/d')
        self.becomes(providers, a=0, b=1, c=2)
        self.follows(providers)

    def test_unknown(self):
        """A server before 3.6 does not know the request: each node gets a
        watch then.
        """
        self.server.refuse_requests(ADD_WATCH)
        providers = self.providers()
        self.assertEqual({'a': 0, 'b': 1, 'c': 2}, shown(providers))
        self.follows(providers)
        self.assertFalse(self.families()['/s'].recursive)

    def test_refused(self):
        """So does a server that has no such watches."""
        self.server.refuse_requests(ADD_WATCH, MarshallingError.code)
        providers = self.providers()
        self.follows(providers)
        self.assertFalse(self.families()['/s'].recursive)

    def test_refused_later(self):
        """So does one that refuses to set them again."""
        for error in UnimplementedError.code, MarshallingError.code:
            self.zk = self.make()
            providers = self.providers()
            self.assertTrue(self.families()['/s'].recursive)
            self.server.refuse_requests(SET_WATCHES2, error)
            self.server.refuse_requests(ADD_WATCH, error)
            self.server.drop_connections(self.zk.client.client_id[0])
            self.other.set('/s/b', numbered(5))
            self.becomes(providers, a=0, b=5, c=2)
            self.follows(providers)
            self.assertFalse(self.families()['/s'].recursive)
            self.other.set('/s/b', numbered(1))
            providers.close()
            self.server.refuse_requests(SET_WATCHES2, None)
            self.server.refuse_requests(ADD_WATCH, None)

    def test_refused_to_another(self):
        """When the watch of another service is refused, those that there
        are are followed on.
        """
        self.other.create('/t', b'')
        providers = self.providers()
        self.server.refuse_requests(ADD_WATCH)
        self.server.refuse_requests(SET_WATCHES2)
        second = self.zk.providers('/t')
        self.addCleanup(second.close)
        self.follows(providers)
        self.other.create('/t/x', b'')
        wait_for(lambda: 'x' in second)

    def test_lost_at_first(self):
        """A connection that is lost at the first read leaves nothing."""
        self.server.drop_request(ADD_WATCH)
        with self.assertRaises(ConnectionLoss):
            self.providers()
        self.assertFalse(self.families())
        self.follows(self.providers())


class Optimized(unittest.TestCase):
    """A real server whose watches take less memory, and know less."""

    level = 2

    def test_follow(self):
        """It refuses persistent watches; each node gets one then."""
        with RealServer(properties={
                'zookeeper.watchManagerName':
                'org.apache.zookeeper.server.watch.WatchManagerOptimized',
        }) as server, zc.zk.ZooKeeper(server.connection_string) as zk:
            zk.create('/s', b'')
            zk.create('/s/a', numbered(0))
            with zk.providers('/s', hold=0) as providers:
                self.assertFalse(
                    zk._engine._cache._families['/s'].recursive)
                other = KazooClient(server.connection_string)
                other.start()
                self.addCleanup(other.close)
                self.addCleanup(other.stop)
                other.set('/s/a', numbered(5))
                other.create('/s/b', numbered(6))
                wait_for(lambda: shown(providers) == {'a': 5, 'b': 6})
                other.delete('/s/a')
                wait_for(lambda: shown(providers) == {'b': 6})
