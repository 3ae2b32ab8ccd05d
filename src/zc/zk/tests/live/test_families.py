"""Services that are followed by one watch, or by one for each node."""
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
from kazoo.security import make_acl
from kazoo.security import make_digest_acl

import zc.zk
from zc.zk._live import engine
from zc.zk._live.messages import Event
from zc.zk._session.wire import ADD_WATCH
from zc.zk._session.wire import SET_WATCHES2
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for
from zc.zk.tests.realserver import RealServer
from zc.zk.tests.servercase import ServerCase


SECRET = [make_digest_acl('x', 'y', all=True)]


def shown(providers):
    """Return what there is to see of each provider."""
    return {each.name: each.properties.get('n') for each in providers}


def numbered(number):
    return b'{"n": %d}' % number


class Case(ServerCase):
    """A service with three servers."""

    persistent = True

    def setUp(self):
        super().setUp()
        self.other.create('/s', b'')
        for number, name in enumerate('abc'):
            self.other.create(f'/s/{name}', numbered(number))

    def make(self):
        zk = zc.zk.ZooKeeper(
            self.server.connection_string, 4.0,
            persistent_watches=self.persistent)
        self.addCleanup(zk.close)
        return zk

    def providers(self, **options):
        providers = self.zk.providers('/s', hold=0, **options)
        self.addCleanup(providers.close)
        return providers

    def becomes(self, providers, **numbers):
        wait_for(lambda: shown(providers) == numbers, str(numbers))

    def families(self):
        return self.zk._engine._cache._families

    def follows(self, providers):
        """See that each kind of change is followed."""
        before = shown(providers)
        self.other.set('/s/a', numbered(7))
        self.becomes(providers, **{**before, 'a': 7})
        self.other.create('/s/d', numbered(3))
        self.becomes(providers, **{**before, 'a': 7, 'd': 3})
        self.other.delete('/s/d')
        self.other.set('/s/a', numbered(before['a']))
        self.becomes(providers, **before)


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


class Both(Case):
    """What holds for both ways of watching."""

    def test_changes(self):
        """Each kind of change is followed."""
        self.follows(self.providers())

    def test_burst(self):
        """So are many at once."""
        providers = self.providers()
        for number in range(50):
            self.other.create_async(f'/s/n{number:02}', numbered(number))
            self.other.set_async('/s/a', numbered(number))
        self.becomes(providers, a=49, b=1, c=2, **{
            f'n{number:02}': number for number in range(50)})
        for number in range(40):
            self.other.delete_async(f'/s/n{number:02}')
        self.becomes(providers, a=49, b=1, c=2, **{
            f'n{number:02}': number for number in range(40, 50)})

    def test_outage(self):
        """What changed while there was no connection shows."""
        providers = self.providers()
        calls = []
        providers(lambda providers, added, removed, changed: calls.append(
            [sorted(each.name for each in names)
             for names in (added, removed, changed)]))
        self.server.drop_connections(self.zk.client.client_id[0])
        # The race is on: some of these come before the reconnection.
        for number in range(20):
            self.other.set('/s/a', numbered(number))
            self.other.create(f'/s/n{number}', numbered(number))
        self.other.delete('/s/b')
        expected = {'a': 19, 'c': 2, **{
            f'n{number}': number for number in range(20)}}
        self.becomes(providers, **expected)
        wait_for(lambda: providers.current)
        self.follows(providers)

    def test_unchanged_after_an_outage(self):
        """What did not change calls nobody, and is the same object."""
        providers = self.providers()
        calls = []
        providers(lambda providers, added, removed, changed: calls.append(
            [len(added), len(removed), len(changed)]))
        before = list(providers)
        self.server.drop_connections(self.zk.client.client_id[0])
        wait_for(lambda: not self.zk.client.connected)
        wait_for(lambda: providers.current)
        self.assertEqual(before, list(providers))
        self.other.set('/s/b', numbered(5))
        wait_for(lambda: len(calls) == 2)
        self.assertEqual([[3, 0, 0], [0, 0, 1]], calls)

    def test_expired(self):
        """A new session follows all."""
        providers = self.providers()
        session = self.zk.client.client_id[0]
        self.server.expire(session)
        self.other.set('/s/b', numbered(5))
        self.other.delete('/s/c')
        self.becomes(providers, a=0, b=5)
        self.follows(providers)
        self.assertNotEqual(session, self.zk.client.client_id[0])

    def test_made_anew(self):
        """A service that is deleted and made anew is followed on."""
        providers = self.providers()
        for _ in range(3):
            self.other.delete('/s', recursive=True)
            self.other.create('/s', b'')
            self.other.create('/s/a', numbered(9))
            self.becomes(providers, a=9)
            self.follows(providers)

    def test_gone(self):
        """So is one that comes back after some time."""
        providers = self.providers()
        self.other.delete('/s', recursive=True)
        wait_for(lambda: providers.deleted)
        self.becomes(providers)
        self.other.create('/s', b'')
        wait_for(lambda: not providers.deleted)
        self.other.create('/s/a', numbered(9))
        self.becomes(providers, a=9)
        self.follows(providers)

    def test_made_anew_in_an_outage(self):
        """So is one that was made anew while there was no connection."""
        providers = self.providers()
        self.server.refuse()
        wait_for(lambda: not self.zk.client.connected)
        database = self.server._database
        for name in 'abc':
            database.delete(f'/s/{name}')
        database.delete('/s')
        database.create('/s')
        database.create('/s/a', numbered(9))
        self.server.refuse(False)
        self.becomes(providers, a=9)
        wait_for(lambda: self.other.connected)
        self.follows(providers)

    def test_lost_reads(self):
        """A read that is lost is made again."""
        providers = self.providers()
        for path in '/s/a', '/s/d':
            for fault in self.server.drop_request, self.server.drop_reply:
                fault(4, path)
                self.other.set('/s/a', numbered(5))
                self.other.create('/s/d', numbered(3))
                self.becomes(providers, a=5, b=1, c=2, d=3)
                self.other.set('/s/a', numbered(0))
                self.other.delete('/s/d')
                self.becomes(providers, a=0, b=1, c=2)

    def test_races(self):
        """A node that changes, goes or comes while it is read ends as it
        is.
        """
        providers = self.providers()
        for race, expected in (
                (lambda database: database.set('/s/a', numbered(8)), 8),
                (lambda database: database.delete('/s/a'), None),
                (lambda database: (database.delete('/s/a'),
                                   database.create('/s/a', numbered(6))),
                 6)):
            # All reads of before are over: an event comes before the reply
            # to a later request.
            self.zk.get('/s')
            self.assertTrue(self.zk.settle(DEADLINE))
            self.server.before(4, '/s/a', race)
            self.other.set('/s/a', numbered(5))
            if expected is None:
                self.becomes(providers, b=1, c=2)
                self.other.create('/s/a', numbered(0))
                self.becomes(providers, a=0, b=1, c=2)
            else:
                self.becomes(providers, a=expected, b=1, c=2)
        self.follows(providers)

    def test_race_at_the_first_listing(self):
        """What changes while a service is read for the first time shows."""
        def change(database):
            database.set('/s/a', numbered(5))
            database.delete('/s/b')
            database.create('/s/e', numbered(4))

        self.server.before(
            8, '/s', lambda database: database.create('/s/d', numbered(3)))
        self.server.before(22, '/s/a', change)
        providers = self.providers()
        self.becomes(providers, a=5, c=2, d=3, e=4)

    def test_own_writes(self):
        """A write of this process shows when it returns."""
        providers = self.providers()
        self.zk.set('/s/a', numbered(5))
        self.assertEqual(5, shown(providers)['a'])
        self.zk.create('/s/d', numbered(3))
        self.assertEqual(3, shown(providers)['d'])
        self.zk.delete('/s/d')
        self.assertNotIn('d', shown(providers))
        self.zk.set('/s/a', numbered(6))
        self.assertEqual(6, shown(providers)['a'])

    def test_unreadable(self):
        """A server whose node may not be read shows with an error, until it
        may be read or is gone.
        """
        self.other.add_auth('digest', 'x:y')
        for name in 'de':
            self.other.create(f'/s/{name}', numbered(3), acl=SECRET)
        providers = self.providers()
        self.assertIn('NoAuthError', providers['d'].error)
        self.other.set_acls('/s/d', list(OPEN_ACL_UNSAFE))
        self.other.delete('/s/e')
        self.zk._engine._retry_at = 0.0
        self.other.set('/s/a', numbered(5))
        self.becomes(providers, a=5, b=1, c=2, d=3)
        self.other.set('/s/d', numbered(4))
        self.becomes(providers, a=5, b=1, c=2, d=4)

    def test_closed(self):
        """When nobody follows any more, no watch is left."""
        self.providers().close()
        wait_for(lambda: not self.server.watch_count())
        self.assertFalse(self.zk._engine._cache._nodes)


class BothByNode(Both):
    """The same with a watch for each node."""

    persistent = False

    def test_watches(self):
        """Each node has one; the server knows nothing else."""
        self.server.refuse_requests(ADD_WATCH)
        self.follows(self.providers())
        self.assertEqual(
            ['/s'], self.families().watches()[1])


class HandedIn(Case):
    """A kazoo client of the program's own."""

    def test_client(self):
        """It gets a watch for each node: kazoo knows no others."""
        client = KazooClient(self.server.connection_string)
        client.start()
        self.addCleanup(client.close)
        self.addCleanup(client.stop)
        self.zk = zc.zk.ZooKeeper(client)
        self.addCleanup(self.zk.close)
        self.follows(self.providers())
        self.assertFalse(self.families()['/s'].recursive)


class Real(ZooKeeperCase):
    """The same on a real server, where there is one."""

    tree = '/s\n  /a\n    n = 0\n  /b\n    n = 1\n'

    def setUp(self):
        super().setUp()
        self.client = self.zk()
        self.other = self.zk().client
        self.providers = self.client.providers('/s', hold=0)
        self.addCleanup(self.providers.close)

    def becomes(self, **numbers):
        wait_for(lambda: shown(self.providers) == numbers, str(numbers))

    def test_follow(self):
        """Changes are followed by a recursive watch, through a cut
        connection, and when the service is made anew.
        """
        family = self.client._engine._cache._families['/s']
        self.assertTrue(family.recursive)
        for _ in range(3):
            self.other.set('/s/a', numbered(5))
            self.other.create('/s/c', numbered(2))
            self.becomes(a=5, b=1, c=2)
            self.client.client._connection._socket.shutdown(2)
            self.other.set('/s/a', numbered(0))
            self.other.delete('/s/c')
            self.becomes(a=0, b=1)
            wait_for(lambda: self.providers.current)
        self.other.delete('/s', recursive=True)
        self.other.create('/s', b'')
        self.other.create('/s/a', numbered(3))
        self.becomes(a=3)
        self.other.set('/s/a', numbered(9))
        self.becomes(a=9)

    def test_other_watches(self):
        """Watches of the same nodes and this one leave each other alone."""
        children = self.client.children('/s')
        properties = self.client.properties('/s')
        for number in range(3):
            self.other.set('/s', b'{"x": %d}' % number)
            wait_for(lambda number=number: properties.get('x') == number)
            self.other.create('/s/c', numbered(number))
            self.becomes(a=0, b=1, c=number)
            wait_for(lambda: 'c' in children)
            self.other.set('/s/c', numbered(8))
            self.becomes(a=0, b=1, c=8)
            self.other.delete('/s/c')
            self.becomes(a=0, b=1)
            wait_for(lambda: 'c' not in children)

    def test_hidden(self):
        """Names that may not be listed any more do not show."""
        self.other.set_acls('/s', [
            make_acl('world', 'anyone', create=True, delete=True,
                     write=True, admin=True)])
        self.other.create('/s/c', numbered(2))
        self.other.set('/s/a', numbered(5))
        self.becomes(a=shown(self.providers)['a'], b=1)
        self.other.set_acls('/s', list(OPEN_ACL_UNSAFE))


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
