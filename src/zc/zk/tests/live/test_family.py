"""What is known of a node's children."""
import unittest

from kazoo.exceptions import NoAuthError
from kazoo.exceptions import NoNodeError
from kazoo.protocol.states import EventType

from zc.zk._live.family import Family


class Stat:

    def __init__(self, mzxid):
        self.mzxid = mzxid


class Families(unittest.TestCase):

    def setUp(self):
        self.family = Family('/s', True)
        self.assertEqual(list('ab'), self.family.wanted('ab'))
        self.take('ab', a=(b'1', 1), b=(None, 2))

    def take(self, names, **found):
        self.family.take(names, {
            name: (each[0], Stat(each[1])) if isinstance(each, tuple)
            else each for name, each in found.items()})

    def changes(self):
        return self.family.version, dict(self.family.changes)

    def test_first(self):
        """At first all is read; null data are empty."""
        self.assertEqual((1, {'a': b'1', 'b': b''}), self.changes())
        self.assertEqual({'a': b'1', 'b': b''}, self.family.data)
        self.assertEqual([], self.family.wanted(None))

    def test_events(self):
        """Later what an event told of is."""
        self.family.note_child(EventType.CHANGED, 'a')
        self.family.note_child(EventType.CREATED, 'c')
        self.assertEqual(['a', 'c'], self.family.wanted(None))
        self.take(None, a=(b'3', 3), c=(b'4', 4))
        self.assertEqual((2, {'a': b'3', 'c': b'4'}), self.changes())
        self.assertEqual([], self.family.wanted(None))

    def test_same(self):
        """What was written and is the same is no change."""
        self.take(None, a=(b'1', 3))
        self.assertEqual(1, self.family.version)
        self.assertTrue(self.family.knows('a', 3))
        self.assertFalse(self.family.knows('a', 4))
        self.assertFalse(self.family.knows('c', 4))

    def test_listed_again(self):
        """Of names that are listed again, new ones are read; those that are
        missing have gone.
        """
        self.assertEqual(['c'], self.family.wanted('bc'))
        self.take('bc', c=(b'3', 3))
        self.assertEqual((2, {'a': None, 'c': b'3'}), self.changes())

    def test_outage(self):
        """After an outage, all is read."""
        self.family.note_outage()
        self.assertEqual(list('bc'), self.family.wanted('bc'))

    def test_left(self):
        """A node that was written to right before it went has left."""
        for events, left in (
                ([EventType.CHANGED, EventType.DELETED], {'a'}),
                ([EventType.DELETED], set()),
                ([EventType.CREATED, EventType.CHANGED, EventType.DELETED],
                 {'a'})):
            self.take(None, a=(b'1', 1))
            for event in events:
                self.family.note_child(event, 'a')
            self.take(None, a=NoNodeError())
            self.assertEqual({'a': None}, self.family.changes)
            self.assertEqual(left, self.family.left)

    def test_made_anew(self):
        """So has one that was made anew right before it went."""
        for type_ in (
            EventType.DELETED, EventType.CREATED, EventType.DELETED
        ):
            self.family.note_child(type_, 'a')
        self.family.note_child(EventType.DELETED, 'b')
        self.take(None, a=NoNodeError(), b=NoNodeError())
        self.assertEqual({'a'}, self.family.left)
        self.assertEqual({'b'}, self.family.silent)

    def test_late(self):
        """The word may be heard after the child was found gone."""
        for type_, word in (
            (EventType.CREATED, True), (EventType.CHANGED, True),
            (EventType.DELETED, False),
        ):
            self.setUp()
            self.family.note_child(EventType.DELETED, 'a')
            self.take(None, a=NoNodeError())
            self.family.note_late(type_, 'a')
            self.family.note_late(type_, 'b')
            self.assertEqual({'a'} if word else set(), self.family.left)
            self.assertEqual(set() if word else {'a'}, self.family.silent)

    def test_came_and_went(self):
        """A node that came and went between two reads is no change."""
        self.take(None, c=NoNodeError())
        self.assertEqual(1, self.family.version)

    def test_error(self):
        """What cannot be read is an error, is read again, and is no change
        while the error is the same.
        """
        error = NoAuthError()
        self.take(None, a=error)
        self.assertEqual((2, {'a': error}), self.changes())
        self.take(None, a=NoAuthError())
        self.assertEqual(2, self.family.version)
        self.family.note_failed()
        self.assertEqual(['a'], self.family.wanted(None))
        self.take(None, a=(b'1', 1))
        self.assertEqual((3, {'a': b'1'}), self.changes())
        self.family.note_failed()
        self.assertEqual([], self.family.wanted(None))

    def test_learn(self):
        """Data that this process wrote are taken in, if they are newer."""
        self.assertFalse(self.family.learn('a', b'0', 1))
        self.assertFalse(self.family.learn('c', b'0', 9))
        self.assertEqual(1, self.family.version)
        self.assertTrue(self.family.learn('a', b'9', 9))
        self.assertEqual((2, {'a': b'9'}), self.changes())
        self.assertTrue(self.family.learn('a', b'9', 10))
        self.assertEqual(2, self.family.version)
