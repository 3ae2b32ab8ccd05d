"""What happened, told from what was known and what was found."""
import unittest

from kazoo.protocol.states import ZnodeStat

from zc.zk._following.happenings import CAME
from zc.zk._following.happenings import CHANGED
from zc.zk._following.happenings import WENT
from zc.zk._following.happenings import NodeState
from zc.zk._following.happenings import differences
from zc.zk._following.happenings import state_of


def node(czxid, mzxid=None, data=b'', owner=0):
    return NodeState(data, 0, czxid, mzxid or czxid, 1, 1, owner)


class Differences(unittest.TestCase):

    def found(self, known, **found):
        return [(what, path, old and old.mzxid, new and new.mzxid)
                for what, path, old, new in differences(known, {
                    '/' + path.replace('_', '/'): each
                    for path, each in found.items()})]

    def test_each(self):
        """A node comes, goes, is written to, or is as it was."""
        known = {'/a': node(1), '/b': node(2), '/c': node(3)}
        self.assertEqual([
            (WENT, '/a', 1, None),
            (CHANGED, '/b', 2, 8),
            (CAME, '/d', None, 9),
        ], self.found(known, a=None, b=node(2, 8), c=node(3), d=node(9)))

    def test_unknown(self):
        """What came and went in between is not told."""
        self.assertEqual([], self.found({}, a=None))

    def test_anew(self):
        """A node that was made anew went and came."""
        self.assertEqual([
            (WENT, '/a', 1, None), (CAME, '/a', None, 5),
        ], self.found({'/a': node(1)}, a=node(5)))

    def test_order(self):
        """Children go before their parents; what is written together comes
        after its parent, and else in the order of writing.
        """
        known = {path: node(1) for path in ('/a', '/a/b', '/a/b/c', '/z')}
        self.assertEqual(['/a/b/c', '/a/b', '/a', '/z', '/y', '/y/x'], [
            path for _, path, _, _ in self.found(
                known, a=None, a_b=None, a_b_c=None, y_x=node(7), y=node(7),
                z=node(1, 6))])


class State(unittest.TestCase):

    def test_stat(self):
        """What is kept; a Java client's null is empty data."""
        stat = ZnodeStat(1, 2, 3000, 4000, 5, 6, 7, 0xabc, 9, 10, 11)
        found = state_of(None, stat)
        self.assertEqual(
            NodeState(b'', 5, 1, 2, 3000, 4000, 0xabc), found)
        self.assertTrue(found.ephemeral)
        self.assertFalse(node(1).ephemeral)

    def test_properties(self):
        """Data are read as everywhere; what is no text has none."""
        self.assertEqual({'a': 1}, node(1, data=b'{"a":1}').properties())
        self.assertEqual(
            {'string_value': 'x'}, node(1, data=b'x').properties())
        self.assertIsNone(node(1, data=b'\xff').properties())
