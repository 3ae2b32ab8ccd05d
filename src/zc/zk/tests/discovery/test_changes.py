import unittest

from zc.zk._discovery.changes import PendingChanges


class ChangesTest(unittest.TestCase):

    def test_first(self):
        """At first all that there are came."""
        a = object()
        self.assertEqual(
            ({a}, set(), set()), PendingChanges('a').take({'a': a}))

    def test_later(self):
        """Later those count that are others than the last time, whatever
        happened meanwhile.
        """
        a, b, c, d, e = (object() for _ in range(5))
        changes = PendingChanges('')
        changes.note('a', a)
        changes.note('a', None)
        changes.note('b', b)
        changes.note('c', None)
        changes.note('d', None)
        changes.note('e', e)
        self.assertEqual(
            ({d}, {b}, {c}),
            changes.take({'a': c, 'd': d, 'e': e}))
        self.assertEqual((set(), set(), set()), changes.take({}))
