"""The data of a registration, without a node."""
from __future__ import annotations

import threading
import unittest

from zc.zk._registration.content import Content
from zc.zk.errors import TooLarge


def fits(data: bytes) -> None:
    """Find all data small enough."""


class ContentTests(unittest.TestCase):

    def setUp(self) -> None:
        self.content = Content('/s/a', b'{"a":1}')

    def test_new(self) -> None:
        """What is new counts, whatever the node has."""
        self.content.learn(b'{"a":2}', 5)
        self.content.change({'b': 3}, fits)
        self.content.learn(b'{"a":4}', 6)
        self.assertEqual({'a': 1, 'b': 3}, self.content.properties)

    def test_written(self) -> None:
        """The newest data that others wrote count then."""
        self.content.unwritten = False
        self.content.learn(b'{"a":2}', 5)
        self.content.learn(b'{"a":3}', 4)
        self.assertEqual(b'{"a":2}', self.content.data)

    def test_both(self) -> None:
        """Changes go on top of what others wrote."""
        self.content.unwritten = False
        self.content.change({'b': 1}, fits)
        self.content.change({'c': 2}, fits)
        self.content.learn(b'{"a":2,"b":2}', 5)
        self.assertEqual({'a': 2, 'b': 1, 'c': 2}, self.content.properties)
        self.assertTrue(self.content.unwritten)

    def test_not_properties(self) -> None:
        """Changes go on top of nothing that has no properties."""
        self.content.unwritten = False
        self.content.change({'b': 1}, fits)
        with self.assertLogs('zc.zk', 'DEBUG'):
            self.content.learn(b'\xff', 5)
        self.assertEqual({'a': 1, 'b': 1}, self.content.properties)

    def test_refused(self) -> None:
        """After an error, nothing has changed."""
        def refuse(data: bytes) -> None:
            raise TooLarge('/s/a', len(data), 1)

        self.content.unwritten = False
        with self.assertRaises(TooLarge):
            self.content.change({'b': 1}, refuse)
        self.assertEqual(b'{"a":1}', self.content.data)
        self.assertFalse(self.content.unwritten)

    def test_at_the_same_time(self) -> None:
        """What others write during a change is kept."""
        self.content.unwritten = False
        other = threading.Thread(
            target=self.content.learn, args=(b'{"a":2,"c":3}', 5))

        def meanwhile(data: bytes) -> None:
            other.start()
            # It waits for the change to be made.  If it did not, it would
            # be done in no time, and lost.
            other.join(0.1)

        self.content.change({'b': 1}, meanwhile)
        other.join()
        self.assertEqual({'a': 2, 'b': 1, 'c': 3}, self.content.properties)
