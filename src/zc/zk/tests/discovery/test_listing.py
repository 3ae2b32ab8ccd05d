import unittest

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError

from zc.zk._discovery.listing import ListingTracker


class FakeView:
    """Nodes that a tracker may read."""

    def __init__(self, nodes, gone=()):
        self.nodes = nodes
        self.gone = gone

    def lookup(self, paths):
        return [self.nodes.get(path) for path in paths]

    def data(self, path):
        return self.nodes[path], None

    def children(self, path):
        return self.nodes.get(path + '/*')

    def left(self, path):
        return path in self.gone

    def read_again(self, path):
        raise KeyError(path)


class Listings(unittest.TestCase):

    def setUp(self):
        self.tracker = ListingTracker('/s')
        self.nodes = {'/s': b'{"a": 1}', '/s/*': ('a', 'b'),
                      '/s/a': b'1', '/s/b': b'2'}

    def compute(self, **options):
        return self.tracker.compute(FakeView(self.nodes, **options))

    def test_nodes(self):
        """It has the data of each node, or the error."""
        error = self.nodes['/s/b'] = NoAuthError()
        listing = self.compute()
        self.assertEqual({'a': b'1', 'b': error}, listing.nodes)
        self.assertIsNone(listing.overrides)

    def test_between(self):
        """A node that went after its name was read is left out."""
        del self.nodes['/s/b']
        self.assertEqual({'a': b'1'}, self.compute().nodes)

    def test_overrides(self):
        """It has the overrides, where there are any."""
        self.nodes['/s'] = b'{"overrides": [1]}'
        self.assertEqual('[1]', self.compute().overrides)
        for data in b'\xff', b'text', NoAuthError():
            self.nodes['/s'] = data
            self.assertIsNone(self.compute().overrides)

    def test_errors(self):
        """A service that is not there, or may not be listed, is an error.
        """
        self.nodes['/s/*'] = NoAuthError()
        with self.assertRaisesRegex(NoAuthError, '^/s$'):
            self.compute()
        with self.assertRaises(NoNodeError):
            self.nodes.clear()
            self.compute()

    def test_left(self):
        """Names that left with a word are told once."""
        self.tracker.snapshot = self.compute()
        del self.nodes['/s/a'], self.nodes['/s/b']
        self.compute(gone=['/s/a'])
        self.assertEqual({'a'}, set(self.tracker.take_left()))
        self.assertEqual(set(), set(self.tracker.take_left()))
