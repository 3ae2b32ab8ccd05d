import itertools
import unittest

from zc.zk._http.pools import Pools


class PoolsTests(unittest.TestCase):

    def setUp(self):
        self.pools = Pools(itertools.count(1).__next__)
        self.there = {'a', 'b', 'c'}

    def give(self, kept):
        return self.pools.give(kept, self.there)

    def test_kept(self):
        """What is made for a provider is used again."""
        values = []
        for name in 'aba':
            kept = self.pools.take(name)
            values.append(kept.value)
            self.assertFalse(self.give(kept))
        self.assertEqual([1, 2, 1], values)
        self.assertEqual(2, len(self.pools))

    def test_gone(self):
        """What nobody uses is closed with its provider's end."""
        for name in 'ab':
            self.give(self.pools.take(name))
        self.assertEqual([1], self.pools.sweep({'b'}))
        self.assertEqual([], self.pools.sweep({'b'}))
        self.assertEqual(1, len(self.pools))

    def test_gone_while_used(self):
        """What is used then is closed by its last user."""
        one, other = self.pools.take('a'), self.pools.take('a')
        self.assertIs(one, other)
        self.assertEqual([], self.pools.sweep(()))
        self.assertFalse(self.give(one))
        self.assertTrue(self.give(other))
        self.assertEqual(0, len(self.pools))

    def test_back(self):
        """A provider that is back gets a new one."""
        old = self.pools.take('a')
        self.pools.sweep(())
        new = self.pools.take('a')
        self.assertEqual((1, 2), (old.value, new.value))
        self.assertTrue(self.give(old))
        self.assertFalse(self.give(new))

    def test_gone_before(self):
        """One that was chosen just before it was gone is closed, too."""
        self.there = set()
        self.pools.sweep(self.there)
        self.assertTrue(self.give(self.pools.take('a')))
        self.assertEqual(0, len(self.pools))

    def test_clear(self):
        """At the end all are closed, and none a second time."""
        gone = self.pools.take('a')
        self.pools.sweep(())
        used = self.pools.take('b')
        self.give(self.pools.take('c'))
        self.assertEqual({1, 2, 3}, set(self.pools.clear()))
        self.assertFalse(self.give(gone))
        self.assertFalse(self.give(used))
        self.assertEqual(0, len(self.pools))
