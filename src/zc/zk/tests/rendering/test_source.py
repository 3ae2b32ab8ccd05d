"""What templates ask of the tree."""
from queue import SimpleQueue

from kazoo.exceptions import NoNodeError

from zc.zk._rendering.source import TreeSource
from zc.zk.errors import PathError
from zc.zk.tests.base import ZooKeeperCase
from zc.zk.tests.base import wait_for


TREE = '''
/s : web
  n = 1
  x => /other y
  /providers
/other
  y = [1]
/l
  s -> /s
'''


class Asks(ZooKeeperCase):

    tree = TREE

    def setUp(self):
        super().setUp()
        self.client = self.zk()
        self.changed = SimpleQueue()
        self.warnings = []
        self.source = TreeSource(
            self.client, self.changed, self.warnings.append)
        self.addCleanup(self.source.close)

    def changes(self, change):
        while not self.changed.empty():
            self.changed.get()
        change()
        wait_for(lambda: not self.changed.empty())

    def test_providers(self):
        """Servers with properties and weights, also through links."""
        self.client.register('/s/providers', '10.0.0.7:80', v=1, weight=0)
        for path in '/s/providers', '/l/s/providers', '/l/../s/providers/':
            found, = self.source.providers(path)
            self.assertEqual(
                ('10.0.0.7:80', 1, True, 'draining'),
                (found.endpoint, found.properties['v'], found.draining,
                 found.state))
        self.changes(lambda: self.client.register('/s/providers', 'b:80'))
        wait_for(lambda: len(self.source.providers('/s/providers')) == 2)
        self.changes(lambda: self.client.registrations[
            '/s/providers/10.0.0.7:80'].update(v=2))
        wait_for(lambda: self.source.providers(
            '/s/providers')[0].properties['v'] == 2)
        self.changes(lambda: self.client.unregister('/s/providers', 'b:80'))

    def test_servers(self):
        """Those that are no addresses, or no good ones, are named."""
        for name in (
                'b:080', 'b:80', '1.2.3.4:80', 'x', 'a b:80', '0.0.0.0:80'):
            self.client.create(f'/s/providers/{name}', b'')
        self.assertEqual(
            ['1.2.3.4:80', 'b:80'],
            [each.endpoint for each in self.source.servers('/s/providers')])
        no_address = 'it is no HOST:PORT that clients can connect to'
        self.assertEqual([
            f'0.0.0.0:80 in /s/providers is left out: {no_address}',
            f'a b:80 in /s/providers is left out: {no_address}',
            'b:80 in /s/providers is left out: it is registered twice',
            f'x in /s/providers is left out: {no_address}',
        ], self.warnings)
        self.assertEqual(['1.2.3.4:80'], [
            each.endpoint
            for each in self.source.servers('/s/providers', ip=True)])
        self.assertIn('b:80 in /s/providers is left out: an IP address is '
                      'needed here', self.warnings)

    def test_empty(self):
        """Services with and without servers are noted for a rendering."""
        self.source.servers('/s/providers')
        self.client.create('/s/providers/x', b'')
        self.source.providers('/l')
        self.assertEqual(({'/s/providers', '/l'}, set()),
                         (self.source.empty, self.source.full))
        self.source.begin()
        wait_for(lambda: self.source.providers('/s/providers'))
        self.source.end()
        self.source.begin()
        self.source.providers('/s/providers')
        self.assertEqual((set(), {'/s/providers'}),
                         (self.source.empty, self.source.full))
        # One that is no address is no server for a configuration.
        self.source.servers('/s/providers')
        self.assertEqual(({'/s/providers'}, set()),
                         (self.source.empty, self.source.full))

    def test_properties(self):
        """Properties with those that are linked to, as values of one's own.
        """
        found = self.source.properties('/l/s')
        self.assertEqual({'type': 'web', 'n': 1, 'x': [1]}, found)
        found['x'].append(2)
        self.changes(lambda: self.client.properties('/other').update(y=[3]))
        wait_for(lambda: self.source.properties('/l/s')['x'] == [3])

    def test_children(self):
        """Names are sorted, and followed."""
        self.assertEqual(['providers'], self.source.children('/s'))
        self.changes(lambda: self.client.create('/s/a', b''))
        wait_for(lambda: self.source.children('/s') == ['a', 'providers'])

    def test_missing(self):
        """A node that is missing is named, also when it has gone, and is
        found when it has come.
        """
        for ask in (self.source.providers, self.source.properties,
                    self.source.children):
            with self.assertRaises(NoNodeError):
                ask('/none')
            ask('/other')
            self.changes(lambda: self.client.delete('/other'))
            with self.assertRaisesRegex(NoNodeError, '/other'):
                ask('/other')
            self.changes(lambda: self.client.create('/other', b''))
            wait_for(lambda ask=ask: self.client.settle(20) and (
                ask('/other') is not None))
            with self.assertRaises(PathError):
                ask('none')

    def test_end(self):
        """What a rendering did not use is followed no more."""
        self.source.begin()
        self.source.properties('/s')
        self.source.properties('/other')
        self.source.end()
        self.source.begin()
        self.source.properties('/s')
        self.source.end()
        self.assertEqual([('properties', '/s')], list(self.source._live))
        self.source.close()
        self.assertEqual({}, self.source._live)
