"""Tests of ring: events that a page catches up by."""
from __future__ import annotations

import unittest

from zc.zk._web.ring import Ring
from zc.zk._web.ring import moment


class Rings(unittest.TestCase):

    def setUp(self):
        self.ring = Ring(100, 3)

    def add(self, *paths):
        for path in paths:
            self.ring.add(0.0, 'came', path, '')

    def test_since(self):
        """The events after one are given, oldest first."""
        self.add('/a', '/b')
        self.assertEqual([], self.ring.since(101))
        self.assertEqual(['/b'], [e.path for e in self.ring.since(100)])
        self.assertEqual(['/a', '/b'], [e.path for e in self.ring.since(99)])

    def test_too_old(self):
        """What is not kept any more, or never was, cannot be caught up."""
        self.assertEqual([], self.ring.since(99))
        self.assertIsNone(self.ring.since(98))
        self.add('/a', '/b', '/c', '/d')
        self.assertIsNone(self.ring.since(99))
        self.assertEqual(3, len(self.ring.since(100)))
        self.assertIsNone(self.ring.since(104))

    def test_before(self):
        """Events come newest first, in pages, at a path and below it."""
        self.add('/a/x', '/ab', '/a')
        found, rest = self.ring.before(None, '/a', 1)
        self.assertEqual((['/a'], 102), ([e.path for e in found], rest))
        found, rest = self.ring.before(rest, '/a', 1)
        self.assertEqual((['/a/x'], None), ([e.path for e in found], rest))

    def test_json(self):
        """A document has the time, and where the page shows the node."""
        event = self.ring.add(1.5, 'changed', '/a b/?', 'x, y')
        self.assertEqual(
            {'id': 100, 'time': '1970-01-01T00:00:01.500Z',
             'what': 'changed', 'path': '/a b/?', 'text': 'x, y',
             'view': 'tree/a%20b/%3F'}, event.as_json())

    def test_moment(self):
        """Times are ISO 8601, in UTC."""
        self.assertEqual('1970-01-01T00:00:00.000Z', moment(0))
