"""What goes together in one request."""
from __future__ import annotations

import itertools
import unittest

from zc.zk._session.batching import batched


class BatchingTests(unittest.TestCase):

    def batches(self, words: str, limit: int, **most: int) -> list[str]:
        return [' '.join(batch)
                for batch in batched(words.split(), len, limit, **most)]

    def test_nothing(self) -> None:
        """Nothing makes no batch, not an empty one."""
        self.assertEqual([], self.batches('', 3))

    def test_size(self) -> None:
        """A batch is filled up to the limit, and the order stays."""
        self.assertEqual(
            ['aa b', 'ccc', 'd'], self.batches('aa b ccc d', 3))

    def test_alone(self) -> None:
        """An item over the limit goes alone, also as the first or last."""
        self.assertEqual(
            ['aaaa', 'b c', 'dddd'], self.batches('aaaa b c dddd', 3))

    def test_most(self) -> None:
        """A batch holds at most so many items."""
        self.assertEqual(
            ['a b', 'c d', 'e'], self.batches('a b c d e', 9, most=2))

    def test_as_they_come(self) -> None:
        """A batch is given as soon as it is full."""
        self.assertEqual(['x', 'x'], next(batched(
            itertools.repeat('x'), len, 2)))
