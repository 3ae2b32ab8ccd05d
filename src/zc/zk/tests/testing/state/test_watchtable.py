"""Tests of _watchtable: who is told what."""
from __future__ import annotations

import unittest

from ....testing.protocol.codes import EventType
from ....testing.protocol.connection import WatchEvent
from ....testing.state.watchtable import Mode
from ....testing.state.watchtable import Watches
from ....testing.state.watchtable import WatchTable


CREATED, DELETED, DATA, CHILDREN = EventType


class WatchTableTest(unittest.TestCase):

    def setUp(self):
        self.table = WatchTable()

    def test_once(self):
        """A watch tells once, and is no more."""
        self.table.add('/a', 1)
        self.assertEqual([1], self.table.trigger('/a', DATA))
        self.assertEqual([], self.table.trigger('/a', DATA))
        self.assertEqual(0, len(self.table))

    def test_twice_the_same(self):
        """Two watches of one session and path are one."""
        self.table.add('/a', 1)
        self.table.add('/a', 1)
        self.table.add('/a', 2)
        self.assertEqual(2, len(self.table))
        self.assertEqual([1, 2], self.table.trigger('/a', DATA))

    def test_persistent(self):
        """A persistent watch stays."""
        self.table.add('/a', 1, Mode.PERSISTENT)
        for _ in range(2):
            self.assertEqual([1], self.table.trigger('/a', DATA))
        self.assertEqual([], self.table.trigger('/a/b', DATA))

    def test_recursive(self):
        """A recursive one sees all below, but no lists of children."""
        self.table.add('/a', 1, Mode.RECURSIVE)
        self.table.add('/', 2, Mode.RECURSIVE)
        self.table.add('/a/b', 1, Mode.RECURSIVE)
        self.assertEqual([1, 2], self.table.trigger('/a/b', DATA))
        self.assertEqual([2], self.table.trigger('/ab', DATA))
        self.assertEqual([], self.table.trigger('/a', CHILDREN))

    def test_newest_mode(self):
        """The newest watch of a session on a path holds."""
        self.table.add('/a', 1, Mode.RECURSIVE)
        self.table.add('/a', 1)
        self.assertEqual([], self.table.trigger('/a/b', DATA))
        self.assertEqual([1], self.table.trigger('/a', DATA))
        self.assertEqual([], self.table.trigger('/a', DATA))

    def test_remove(self):
        """A watch can be taken back, once."""
        self.table.add('/a', 1, Mode.RECURSIVE)
        self.table.add('/a', 2)
        self.assertTrue(self.table.remove('/a', 1))
        self.assertFalse(self.table.remove('/a', 1))
        self.assertFalse(self.table.remove('/b', 2))
        self.assertTrue(self.table.has('/a'))
        self.assertEqual([2], self.table.trigger('/a', DATA))
        self.assertFalse(self.table.has('/a'))

    def test_remove_session(self):
        """All watches of a session can be taken back."""
        for path in ('/a', '/b'):
            self.table.add(path, 1, Mode.RECURSIVE)
            self.table.add(path, 2)
        self.table.remove_session(1)
        self.table.remove_session(3)
        self.assertEqual(2, len(self.table))
        self.assertEqual([], self.table.trigger('/a/b', DATA))


class WatchesTest(unittest.TestCase):

    def setUp(self):
        self.watches = Watches()

    def changed(self, path, type):
        return list(self.watches.changed(path, type))

    def test_created(self):
        """Of a new node those are told who watch it or its parent."""
        self.watches.data.add('/a/b', 1)
        self.watches.children.add('/a', 2)
        self.watches.children.add('/a/b', 3)
        self.assertEqual(
            [(1, WatchEvent(CREATED, '/a/b')),
             (2, WatchEvent(CHILDREN, '/a'))],
            self.changed('/a/b', CREATED))
        self.assertEqual(1, len(self.watches))

    def test_deleted(self):
        """Of a deletion each session is told once."""
        self.watches.data.add('/a', 1)
        self.watches.children.add('/a', 1)
        self.watches.children.add('/a', 2)
        self.watches.children.add('/', 1)
        self.assertEqual(
            [(1, WatchEvent(DELETED, '/a')), (2, WatchEvent(DELETED, '/a')),
             (1, WatchEvent(CHILDREN, '/'))],
            self.changed('/a', DELETED))
        self.assertEqual(0, len(self.watches))

    def test_data(self):
        """New data concern no one who watches children."""
        self.watches.data.add('/a', 1)
        self.watches.children.add('/a', 2)
        self.watches.children.add('/', 2)
        self.assertEqual(
            [(1, WatchEvent(DATA, '/a'))], self.changed('/a', DATA))

    def test_add_both(self):
        """addWatch watches data and children."""
        self.watches.add_both('/a', 1, Mode.PERSISTENT)
        self.assertEqual(2, len(self.watches))
        self.assertEqual(
            [(1, WatchEvent(CHILDREN, '/a'))], self.changed('/a/b', CREATED))
        self.assertEqual(
            [(1, WatchEvent(DELETED, '/a'))], self.changed('/a', DELETED))
        self.watches.remove_session(1)
        self.assertEqual([], self.changed('/a', CREATED))
