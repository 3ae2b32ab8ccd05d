import unittest

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import EventType

from zc.zk._discovery.listing import ListingTracker
from zc.zk._discovery.listing import News
from zc.zk._live.family import Family


class FakeView:
    """Nodes that a tracker may read."""

    def __init__(self, nodes, family):
        self.nodes = nodes
        self.found = family

    def lookup(self, paths):
        return [self.nodes.get(path) for path in paths]

    def data(self, path):
        return self.nodes[path], None

    def family(self, path):
        return self.found

    def read_again(self, path):
        raise KeyError(path)


class Stat:
    mzxid = 1


class Listings(unittest.TestCase):

    def setUp(self):
        self.tracker = ListingTracker('/s')
        self.nodes = {'/s': b'{"a": 1}'}
        self.family = self.made()

    def made(self):
        family = Family('/s', True)
        family.take('ab', {'a': (b'1', Stat), 'b': (b'2', Stat)})
        return family

    def compute(self):
        self.tracker.snapshot = self.tracker.compute(
            FakeView(self.nodes, self.family))
        return self.tracker.snapshot

    def news(self):
        """Return the news after a computation, and forget them."""
        self.compute()
        found = list(self.tracker.news)
        self.tracker.news.clear()
        return found

    def change(self, **data):
        for name in data:
            self.family.note_child(EventType.CHANGED, name)
        self.family.take(None, {
            name: NoNodeError() if each is None else (each, Stat)
            for name, each in data.items()})

    def test_whole(self):
        """At first, all nodes are news."""
        self.assertEqual(
            [News({'a': b'1', 'b': b'2'}, True, (), None)], self.news())
        self.assertEqual([], self.news())

    def test_changes(self):
        """Later only what changed is; the names of nodes that left with a
        word are told.
        """
        self.news()
        self.change(a=b'3', c=b'4')
        self.assertEqual([News({'a': b'3', 'c': b'4'}, False, frozenset(),
                               None)], self.news())
        self.change(a=None)
        self.assertEqual(
            [News({'a': None}, False, {'a'}, None)], self.news())

    def test_missed(self):
        """After changes that were missed, all nodes are news."""
        self.news()
        self.change(a=b'3')
        self.change(b=b'4')
        whole = [News({'a': b'3', 'b': b'4'}, True, frozenset(), None)]
        self.assertEqual(whole, self.news())
        self.tracker.error = NoNodeError()
        self.assertEqual([whole[0]._replace(left=())], self.news())
        self.tracker.error = None
        self.family = self.made()
        self.assertEqual(
            [News({'a': b'1', 'b': b'2'}, True, (), None)], self.news())

    def test_overrides(self):
        """It has the overrides, where there are any."""
        self.nodes['/s'] = b'{"overrides": [1]}'
        self.assertEqual('[1]', self.compute().overrides)
        for data in b'\xff', b'text', NoAuthError():
            self.nodes['/s'] = data
            self.assertIsNone(self.compute().overrides)

    def test_overrides_change(self):
        """A change of the overrides alone is news, too."""
        self.news()
        self.nodes['/s'] = b'{"overrides": [1]}'
        self.assertEqual(['[1]'], [each.overrides for each in self.news()])
        self.assertEqual([], self.news())

    def test_errors(self):
        """A service that is not there, or may not be listed, is an error.
        """
        self.family = NoAuthError()
        with self.assertRaisesRegex(NoAuthError, '^/s$'):
            self.compute()
        with self.assertRaises(NoNodeError):
            self.nodes.clear()
            self.compute()

    def test_between(self):
        """A service that came or went between two reads is read again."""
        self.family = None
        with self.assertRaises(KeyError):
            self.compute()
