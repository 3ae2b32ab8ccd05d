"""Services that are followed by one watch, or by one for each node."""
from __future__ import annotations

from kazoo.client import KazooClient
from kazoo.security import OPEN_ACL_UNSAFE
from kazoo.security import make_acl

import zc.zk
from zc.zk._session.wire import ADD_WATCH
from zc.zk.tests.base import DEADLINE
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for
from zc.zk.tests.live.familycase import SECRET
from zc.zk.tests.live.familycase import Case
from zc.zk.tests.live.familycase import numbered
from zc.zk.tests.live.familycase import shown


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
